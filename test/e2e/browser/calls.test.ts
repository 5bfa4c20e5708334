/** Calls in a real browser: placed, watched and ended by hand, with Twilio's signed callbacks in between. */
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import type {Browser} from 'playwright-core';
import {launchChromium} from '../../support/chromium.ts';
import {openTab, startTalkativeGateway} from './tab.ts';

let browser: Browser;
before(async () => {
  browser = await launchChromium();
});
after(() => browser.close());

test('[W1] [H1] a call placed in the form is seen ringing, in progress and completed', async () => {
  // Slow enough for every status to be drawn.
  await using gateway = await startTalkativeGateway({simulator: {speed: 3}});
  await using tab = await openTab(browser, gateway);
  await tab.live();
  await tab.shows('#calls-empty', 'No calls.');
  const callSid = await tab.dial('+1 (555) 010-0001');
  await tab.shows('#dial-note', 'Call to +15550100001 placed.');
  assert.equal(await tab.page.inputValue('#to'), '');
  await tab.says(callSid, 'ringing');
  await tab.says(callSid, 'in progress');
  await tab.shows('#calls-count', '1 in progress');
  assert.equal(await tab.page.title(), '(1) Hookswitch');
  assert.equal(await tab.row(callSid).locator('.kind').textContent(), 'outbound');
  assert.match((await tab.row(callSid).locator('.parties').textContent()) ?? '', /\+15550100001/);
  gateway.simulator.hangUp(callSid);
  await tab.says(callSid, 'completed');
  assert.deepEqual(await tab.seen(callSid), ['initiating', 'ringing', 'in progress', 'completed']);
  const {duration, events} = (await gateway.api(`/api/calls/${callSid}`)).body;
  const shown = `${Math.floor(duration / 60)}:${String(duration % 60).padStart(2, '0')}`;
  assert.equal(await tab.row(callSid).locator('.time').textContent(), shown);
  assert.equal(await tab.row(callSid).locator('button').isVisible(), false);
  // It came from the callbacks, and was not made up by the page.
  assert.equal(events.filter(({source}: {source: string}) => source === 'callback').length >= 4, true);
  const answers = gateway.simulator
    .deliveries()
    .filter((it) => it.callSid === callSid && it.kind === 'status');
  assert.deepEqual(
    answers.map(({attempts}) => attempts.at(-1)?.status),
    [204, 204, 204, 204],
  );
});

const failures: readonly [to: string, words: string][] = [
  ['+15550100101', 'failed busy'],
  ['+15550100901', 'failed no answer'],
  ['+15550100301', 'failed could not be reached'],
];

test('[W1] a call that fails says why', async () => {
  await using gateway = await startTalkativeGateway();
  await using tab = await openTab(browser, gateway);
  await tab.live();
  for (const [to, words] of failures) {
    const callSid = await tab.dial(to);
    await tab.says(callSid, words);
    await tab.shows('#dial-note', 'placed');
  }
});

test('[W7] hang up with the mouse: a call that rings is canceled, one that talks is completed', async () => {
  await using gateway = await startTalkativeGateway();
  await using tab = await openTab(browser, gateway);
  await tab.live();
  const ringing = await tab.dial('+15550100799');
  await tab.says(ringing, 'ringing');
  const talking = await tab.dial('+15550100001');
  await tab.says(talking, 'in progress');
  await tab.row(ringing).getByText('Hang up').click();
  await tab.says(ringing, 'failed canceled');
  assert.equal(gateway.simulator.call(talking)?.status, 'in-progress');
  await tab.row(talking).getByText('Hang up').click();
  await tab.says(talking, 'completed');
  assert.deepEqual(
    [ringing, talking].map((sid) => gateway.simulator.call(sid)?.status),
    ['canceled', 'completed'],
  );
  // What ended last is on top.
  assert.deepEqual(await tab.page.locator('#rows tr .word').allTextContents(), ['completed', 'failed']);
});

test('[J5] an inbound call shows up, and ends when the caller hangs up', async () => {
  await using gateway = await startTalkativeGateway();
  await using tab = await openTab(browser, gateway);
  await tab.live();
  const callSid = await gateway.simulator.placeInboundCall({from: '+15550100001'});
  await tab.row(callSid).waitFor();
  assert.equal(await tab.row(callSid).locator('.kind').textContent(), 'inbound');
  assert.equal(await tab.row(callSid).locator('bdi').first().textContent(), '+15550100001');
  gateway.simulator.hangUp(callSid);
  await tab.says(callSid, 'completed');
});

test('[H1] two parties connected: the second leg is shown below the call it belongs to', async () => {
  await using gateway = await startTalkativeGateway();
  await using tab = await openTab(browser, gateway);
  await tab.live();
  const parent = await tab.dial('+15550100001', '+15550100002');
  const leg = await tab.placed(1);
  await tab.says(leg, 'in progress');
  const other = await tab.dial('+15550100003');
  await tab.says(other, 'in progress');
  assert.equal(await tab.row(leg).locator('.kind').textContent(), 'leg');
  assert.equal(await tab.row(leg).locator('bdi').last().textContent(), '+15550100002');
  assert.deepEqual(await tab.order(), [other, parent, leg]);
  await tab.row(parent).getByText('Hang up').click();
  await tab.says(parent, 'completed');
  await tab.says(leg, 'completed');
});

test('[W5] [H6] what Twilio refuses is said at the form, in words, and nothing is lost', async () => {
  await using gateway = await startTalkativeGateway();
  const noise = [/^Failed to load resource: .* status of (400|422|502) /];
  await using tab = await openTab(browser, gateway, {noise});
  await tab.live();
  await tab.page.fill('#to', '+15005550001');
  await tab.page.click('#call');
  await tab.shows('#to-error', /is not valid/);
  assert.equal(await tab.page.inputValue('#to'), '+15005550001');
  assert.equal(await tab.page.getAttribute('#to', 'aria-invalid'), 'true');
  await tab.page.fill('#to', 'nonsense');
  await tab.page.click('#call');
  await tab.shows('#to-error', /E\.164|number/);
  assert.doesNotMatch((await tab.page.textContent('#to-error')) ?? '', /^to:/i);
  assert.deepEqual(gateway.simulator.calls(), []);
  await gateway.simulator.stop();
  await tab.page.fill('#to', '+15550100001');
  await tab.page.click('#call');
  await tab.shows('#dial-error', /Twilio/);
  assert.equal(await tab.page.textContent('#to-error'), '');
});
