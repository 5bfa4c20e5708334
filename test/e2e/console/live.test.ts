/** The live calls in a real browser: placing, watching and ending them, in a table that does not jump. */
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import type {Browser} from 'playwright-core';
import {JWT_SECRET, signToken} from '../../support/auth/tokens.ts';
import {ManualClock} from '../../support/manual-clock.ts';
import {postWebhook, someCallSid, statusFields} from '../../support/twilio/signed-webhook.ts';
import {until} from '../../support/until.ts';
import {type CallsPage, openCalls} from './support/calls-page.ts';
import {launch, startTalkativeGateway} from './support/tab.ts';

/** What Chromium writes of answers that are meant to be errors. */
const REFUSED = [/^Failed to load resource: .* status of [45]\d\d/];

let browser: Browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

test('[H1] [W1] a call from the form is watched to its end, and nothing of it is kept but its number, in the tab', async () => {
  await using gateway = await startTalkativeGateway();
  await using calls = await openCalls(browser, gateway);
  const {tab, page} = calls;
  await tab.live();
  await tab.shows('No calls in progress');
  const callSid = await calls.dial('+1 (555) 010-0001');
  assert.equal(gateway.simulator.call(callSid)?.to, '+15550100001');
  await tab.shows('Call to +1555•••••01 placed.');
  await calls.says(callSid, 'In progress');
  await page
    .getByRole('heading', {level: 1, name: 'Live calls'})
    .locator('xpath=following-sibling::*')
    .getByText('1 in progress')
    .waitFor();
  await calls.row(callSid).getByRole('button', {name: 'Hang up'}).click();
  await page.getByRole('alertdialog').getByText('are talking').waitFor();
  await page.getByRole('alertdialog').getByRole('button', {name: 'Hang up'}).click();
  await calls.says(callSid, 'Completed');
  assert.equal(await calls.row(callSid).getAttribute('data-life'), 'ended');
  assert.equal(await calls.row(callSid).getByRole('button', {name: 'Hang up'}).count(), 0);
  const said = await calls.said(callSid);
  assert.deepEqual(said.slice(-2), ['In progress', 'Completed']);
  assert.deepEqual(
    said,
    ['Dialing', 'Ringing', 'In progress', 'Completed'].filter((word) => said.includes(word)),
    'each once, in order',
  );
  assert.equal(await page.evaluate(`sessionStorage.getItem('hookswitch.last-number')`), '+15550100001');
  assert.equal(await page.evaluate('localStorage.length'), 0);
  assert.deepEqual(await tab.page.context().cookies(), []);
  await page.reload();
  await tab.live();
  assert.equal(await calls.number.inputValue(), '+15550100001');
});

test('[H6] what is wrong is said at its field; a refusal of Twilio’s in words; a second press is no second call', async () => {
  await using gateway = await startTalkativeGateway();
  await using calls = await openCalls(browser, gateway, {noise: REFUSED});
  const {tab, page} = calls;
  await tab.live();
  const to = calls.number;
  const press = () => page.getByRole('button', {name: 'Call', exact: true}).click();
  await press();
  await tab.shows('Enter a number, such as +15550100001.');
  assert.equal(await to.getAttribute('aria-invalid'), 'true');
  await page.locator('input[aria-invalid="true"]:focus').waitFor();
  await to.fill('five five five');
  await press();
  await tab.shows(/Must be a number in E\.164/);
  await page.getByRole('button', {name: 'More options'}).click();
  await to.fill('+15550100001');
  await page.getByLabel('Connect to').fill('nobody');
  await page.getByRole('textbox', {name: 'Metadata'}).fill('no equals sign');
  await press();
  await tab.shows('Line 1 has no =, such as ticket = T-4711.');
  await page.getByRole('textbox', {name: 'Metadata'}).fill('ticket = T-4711');
  await press();
  await tab.shows(/Must be a number in E\.164/);
  assert.equal(await page.getByLabel('Connect to').getAttribute('aria-invalid'), 'true');
  await page.getByLabel('Connect to').fill('');
  await page.getByLabel('From').fill('+15005550001');
  await press();
  await page
    .getByRole('alert')
    .getByText(/21212/)
    .or(page.getByText(/not a valid|is not valid|invalid/i).first())
    .first()
    .waitFor();
  assert.deepEqual(gateway.simulator.calls(), []);
  await page.getByLabel('From').fill('');
  await page.getByRole('button', {name: 'Call', exact: true}).dblclick();
  await calls.rows.first().waitFor();
  await tab.shows('Call to +1555•••••01 placed.');
  assert.equal(gateway.simulator.calls().length, 1);
  await calls.rows.first().getByText('operator · ticket: T-4711').waitFor();
});

test('the table does not jump: pointed at, new calls wait behind a pill, and a call that ends stays where it is', async () => {
  await using gateway = await startTalkativeGateway();
  const first = await gateway.place({to: '+15550100001'});
  const second = await gateway.place({to: '+15550100002'});
  await gateway.callIn(first, 'in-progress');
  await gateway.callIn(second, 'in-progress');
  await using calls = await openCalls(browser, gateway);
  const {tab, page} = calls;
  await tab.live();
  await calls.shows([second, first]);
  await calls.says(first, 'In progress');
  const at = [await calls.top(second), await calls.top(first)];
  await calls.row(first).hover();
  const third = await gateway.place({to: '+15550100003'});
  const pill = page.getByRole('button', {name: '1 new'});
  await pill.waitFor();
  const fourth = await gateway.place({to: '+15550100004'});
  await page.getByRole('button', {name: '2 new'}).waitFor();
  gateway.simulator.hangUp(second);
  await calls.says(second, 'Completed');
  assert.deepEqual(await calls.sids(), [second, first]);
  assert.deepEqual([await calls.top(second), await calls.top(first)], at);
  await page.getByRole('button', {name: '2 new'}).click();
  await calls.shows([fourth, third, second, first]);
  // Pointed at again, and let go: what is new comes in by itself.
  await calls.row(first).hover();
  const fifth = await gateway.place({to: '+15550100005'});
  await pill.waitFor();
  await page.mouse.move(5, 5);
  await calls.shows([fifth, fourth, third, second, first]);
});

test('the table does not jump: with the focus in it, scrolled, or paused', async () => {
  await using gateway = await startTalkativeGateway();
  const sids: string[] = [];
  for (let index = 0; index < 30; index += 1) sids.unshift(await gateway.place({to: '+15550100001'}));
  await using calls = await openCalls(browser, gateway, {context: {viewport: {width: 1000, height: 600}}});
  const {tab, page} = calls;
  await tab.live();
  await calls.shows(sids);
  await tab.press('j', 'j', 'j');
  const selected = page.locator('tr[aria-current="true"]');
  assert.equal(await selected.getAttribute('data-sid'), sids[2]);
  const top = await calls.top(sids[2] ?? '');
  await gateway.place({to: '+15550100009'});
  await page.getByRole('button', {name: '1 new'}).waitFor();
  assert.equal(await calls.top(sids[2] ?? ''), top);
  await tab.press('Escape');
  await calls.rows.nth(30).waitFor();

  await page.mouse.wheel(0, 500);
  await until(() => page.evaluate<boolean>('scrollY > 300'), {what: 'the page to scroll'});
  const seen = await calls.top(sids[15] ?? '');
  await gateway.place({to: '+15550100009'});
  await page.getByRole('button', {name: '1 new'}).waitFor();
  assert.equal(await calls.top(sids[15] ?? ''), seen);
  await page.evaluate('scrollTo(0, 0)');
  await calls.rows.nth(31).waitFor();

  await tab.press('p');
  await page.getByRole('button', {name: 'Paused'}).waitFor();
  await gateway.place({to: '+15550100009'});
  await page.getByRole('button', {name: '1 new'}).waitFor();
  assert.equal(await calls.rows.count(), 32);
  await tab.press('n');
  await calls.rows.nth(32).waitFor();
  await tab.press('p');
  await page.getByRole('button', {name: 'Pause new calls'}).waitFor();
});

test('the time ticks, and nothing else in the table is touched', async () => {
  await using gateway = await startTalkativeGateway();
  const callSid = await gateway.place({to: '+15550100001'});
  await gateway.callIn(callSid, 'in-progress');
  await using calls = await openCalls(browser, gateway);
  const {tab, page} = calls;
  await tab.live();
  const row = await calls.says(callSid, 'In progress');
  await row.getByText('operator').waitFor();
  const time = row.locator('time').last();
  await page.evaluate('globalThis.__changes = 0');
  const before = await time.textContent();
  await until(async () => (await time.textContent()) !== before, {what: 'a tick'});
  const next = await time.textContent();
  await until(async () => (await time.textContent()) !== next, {what: 'another tick'});
  assert.equal(await page.evaluate('globalThis.__changes'), 0);
});

test('the filter: text, numbers however they are written, statuses; in the address, and it never reorders', async () => {
  // In real time: one call must go on ringing to the end.
  await using gateway = await startTalkativeGateway({simulator: {speed: 1}});
  const ringing = await gateway.place({to: '+15550100201', metadata: {ticket: 'T-1'}});
  const talking = await gateway.place({to: '+15550100002', metadata: {ticket: 'T-2'}});
  await gateway.callIn(talking, 'in-progress');
  const other = await gateway.place({to: '+15550100003'});
  await gateway.callIn(other, 'in-progress');
  await using calls = await openCalls(browser, gateway);
  const {tab, page} = calls;
  await tab.live();
  await calls.shows([other, talking, ringing]);
  await tab.press('/');
  await page.keyboard.type('T-2');
  await calls.shows([talking]);
  await tab.at('/?q=T-2');
  await page.getByText('1 of 3 shown').waitFor();
  await page.reload();
  await tab.live();
  await calls.shows([talking]);
  assert.equal(await page.getByRole('searchbox').inputValue(), 'T-2');
  await page.getByRole('searchbox').fill('(555) 010-0003');
  await calls.shows([other]);
  await page.getByRole('searchbox').fill('nobody has this');
  await tab.shows('No call matches the filter');
  await tab.shows('There are 3 that it hides.');
  await page.getByRole('button', {name: 'Clear filter'}).first().click();
  await calls.shows([other, talking, ringing]);
  await tab.at('/');
  await page.getByRole('button', {name: /^In progress/}).click();
  await calls.shows([other, talking]);
  await tab.at('/?status=in-progress');
  // Still the hand is on nothing: a call that is answered comes to its place, not to the top.
  const answer = {CallSid: ringing, CallStatus: 'in-progress', SequenceNumber: '5'};
  assert.equal((await postWebhook(gateway, statusFields(gateway, answer))).status, 204);
  await page.mouse.move(5, 5);
  await calls.shows([other, talking, ringing]);
});

test('[W7] hanging up: x asks, Escape does not, progress until the end is seen, and what went wrong in words', async () => {
  await using gateway = await startTalkativeGateway();
  const callSid = await gateway.place({to: '+15550100001'});
  await gateway.callIn(callSid, 'in-progress');
  await using calls = await openCalls(browser, gateway, {noise: REFUSED});
  const {tab, page} = calls;
  await tab.live();
  const row = await calls.says(callSid, 'In progress');
  gateway.simulator.setFaults({
    serverError: {status: 500, operations: ['update', 'fetch'], times: 4},
  } as never);
  await tab.press('j', 'x');
  await page.getByRole('alertdialog').waitFor();
  await tab.press('Escape');
  await page.getByRole('alertdialog').waitFor({state: 'detached'});
  assert.equal(gateway.simulator.call(callSid)?.status, 'in-progress');
  await page.locator(`tr[data-sid="${callSid}"]:focus`).waitFor();
  await tab.press('x', 'Enter');
  await row.getByRole('alert').waitFor();
  assert.match((await row.getByRole('alert').textContent()) ?? '', /Twilio/);
  assert.equal(await row.getAttribute('data-life'), 'in-progress');
  gateway.simulator.setFaults({drop: 1});
  await tab.press('x', 'Enter');
  // Twilio took it, and nobody has said yet that the call is over.
  await row.getByRole('button', {name: 'Hanging up…'}).waitFor();
  await until(() => gateway.simulator.call(callSid)?.status === 'completed', {what: 'the call to end'});
  assert.equal(await row.getAttribute('data-life'), 'in-progress');
  const said = statusFields(gateway, {
    CallSid: callSid,
    CallStatus: 'completed',
    CallDuration: '3',
    SequenceNumber: '9',
  });
  assert.equal((await postWebhook(gateway, said)).status, 204);
  await calls.says(callSid, 'Completed');
  assert.equal(await row.getByRole('alert').count(), 0);
});

test('[A1] logging out leaves nothing of the calls behind, on whichever screen', async () => {
  await using gateway = await startTalkativeGateway();
  await using calls = await openCalls(browser, gateway);
  const {tab, page} = calls;
  await tab.live();
  const callSid = await calls.dial('+15550100001');
  await calls.says(callSid, 'In progress');
  await until(async () => /5550100001/.test(await stored()), {what: 'the number to be kept'});
  await page.getByRole('link', {name: 'History'}).click();
  await tab.screen('History');
  await page.getByRole('button', {name: /^Sign out/}).click();
  await page.getByRole('textbox', {name: 'Access key'}).waitFor();
  assert.equal(await stored(), '{}');
  await page.reload();
  await page.getByRole('textbox', {name: 'Access key'}).waitFor();
  assert.equal(await stored(), '{"hookswitch.visited":"1"}', 'but what this test puts there itself');
  // Whoever logs out hangs up nobody.
  assert.equal(gateway.simulator.call(callSid)?.status, 'in-progress');

  function stored(): Promise<string> {
    return page.evaluate<string>('JSON.stringify(sessionStorage)');
  }
});

test('numbers are masked until somebody asks', async () => {
  await using gateway = await startTalkativeGateway();
  const callSid = await gateway.place({to: '+15550100023'});
  await using calls = await openCalls(browser, gateway);
  const {tab} = calls;
  await tab.live();
  const row = calls.row(callSid);
  await row.getByText('+1555•••••23').waitFor();
  assert.ok(!(await tab.page.content()).includes('+15550100023'));
  await tab.press('j', 'r');
  await row.getByText('+15550100023').waitFor();
  await tab.press('r');
  await row.getByText('+1555•••••23').waitFor();
});

test('[J6] a call that nothing has confirmed for too long says since when, by the gateway’s clock', async () => {
  const clock = new ManualClock(Date.UTC(2026, 0, 1, 12));
  await using gateway = await startTalkativeGateway({clock});
  const callSid = someCallSid(1);
  await postWebhook(
    gateway,
    statusFields(gateway, {CallSid: callSid, CallStatus: 'in-progress', SequenceNumber: '2'}),
  );
  await gateway.simulator.stop();
  await using calls = await openCalls(browser, gateway, {noise: REFUSED});
  await calls.tab.live();
  await calls.says(callSid, 'In progress');
  await calls.row(callSid).getByText('0:0').waitFor();
  clock.advance(121_000);
  await calls.row(callSid).getByText('unconfirmed since').waitFor({timeout: 15_000});
});

test('[A2] what the key may not do is not offered, and why is said', async () => {
  await using gateway = await startTalkativeGateway({env: {AUTH_JWT_SECRET: JWT_SECRET}});
  const callSid = await gateway.place({to: '+15550100001'});
  {
    const key = signToken('ada', {scope: ['calls:read:all']});
    await using calls = await openCalls(browser, gateway, {key});
    await calls.tab.live();
    await calls.row(callSid).waitFor();
    await calls.tab.shows(/see calls, not place them/);
    assert.equal(await calls.number.count(), 0);
    assert.equal(await calls.row(callSid).getByRole('button', {name: 'Hang up'}).count(), 0);
    assert.equal(await calls.page.getByRole('list', {name: 'Scenarios'}).count(), 0);
    assert.deepEqual(await calls.tab.violations(), []);
  }
  {
    const key = signToken('eve', {scope: ['sessions:read']});
    await using calls = await openCalls(browser, gateway, {key, noise: REFUSED});
    await calls.tab.shows('Your key may not see calls');
    assert.equal(await calls.rows.count(), 0);
  }
});

test('the simulator: a banner that stays, calls at a press, faults that can be switched', async () => {
  await using gateway = await startTalkativeGateway();
  await using calls = await openCalls(browser, gateway);
  const {tab, page} = calls;
  await tab.live();
  await tab.shows('Twilio is simulated: nothing here reaches a telephone.');
  await page.getByRole('button', {name: 'Two legs'}).click();
  await calls.rows.nth(1).waitFor();
  const [root = '', leg = ''] = await calls.sids();
  await calls.says(root, 'In progress');
  await calls.says(leg, 'In progress');
  assert.equal(gateway.simulator.call(leg)?.parentCallSid, root);
  await page.getByText('1 in progress · 1 leg').waitFor();
  await page.getByText('Faults', {exact: true}).click();
  await page.getByRole('checkbox', {name: /Repeated callbacks/}).check();
  await page.getByText('Faults: 1 on').waitFor();
  await until(async () => (await gateway.api('/api/simulator')).body.faults[0].active, {what: 'the fault'});
  await page.getByRole('checkbox', {name: /5xx/}).check();
  await page.getByText('Faults: 2 on').waitFor();
  await page.keyboard.press('Escape');
  await tab.shot('live-simulator');
  await page.getByRole('button', {name: 'Inbound call', exact: true}).click();
  await calls.rows.nth(2).waitFor();
  await calls
    .row((await calls.sids())[0] ?? '')
    .getByText('Inbound')
    .waitFor({state: 'attached'});
});

test('without a mouse: dialed, found, looked at, hung up', async () => {
  await using gateway = await startTalkativeGateway();
  await using calls = await openCalls(browser, gateway);
  const {tab, page} = calls;
  await tab.live();
  await tab.press('d');
  await page.keyboard.type('+15550100001');
  await tab.press('Enter');
  await calls.rows.first().waitFor();
  const [callSid = ''] = await calls.sids();
  await calls.says(callSid, 'In progress');
  await tab.press('Escape', 'j', 'Enter');
  await tab.at(`/calls/${callSid}`);
  await tab.screen('Call to +1555•••••01');
  await tab.press('Escape');
  await tab.at('/');
  await page.locator(`tr[data-sid="${callSid}"][aria-current="true"]`).waitFor();
  await tab.press('x', 'Enter');
  await calls.says(callSid, 'Completed');
});

test('pictures: light, dark, narrow; no accessibility violation with calls in every state', async () => {
  await using gateway = await startTalkativeGateway();
  await gateway.place({to: '+15550100101', metadata: {ticket: 'T-1'}});
  await gateway.place({to: '+15550100201', metadata: {ticket: 'T-2', agent: 'ada'}});
  await gateway.simulator.placeInboundCall({from: '+15550100021'});
  const legs = await gateway.place({to: '+15550100001', connectTo: '+15550100002'});
  for (const [name, width, colorScheme] of [
    ['light', 1280, 'light'],
    ['dark', 1280, 'dark'],
    ['narrow', 320, 'light'],
  ] as const) {
    const context = {colorScheme, viewport: {width, height: 800}};
    await using calls = await openCalls(browser, gateway, {context});
    await calls.tab.live();
    await calls.says(legs, 'In progress');
    await select(calls);
    await calls.tab.shot(`live-calls-${name}`);
    assert.deepEqual(await calls.tab.violations(), [], name);
    assert.ok((await calls.tab.overflow()) <= 0, name);
  }
});

async function select({tab, page}: CallsPage): Promise<void> {
  await tab.press('j');
  await page.locator('tr[aria-current="true"]').waitFor();
}
