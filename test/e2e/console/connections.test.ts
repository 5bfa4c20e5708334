/** Connections in a real browser: sessions, lag, sent messages, and thousands of rows. */
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import type {Scope} from '@hookswitch/protocol';
import type {Browser, Locator} from 'playwright-core';
import {JWT_SECRET, signToken} from '../../support/auth/tokens.ts';
import {startGateway, type TestGateway} from '../../support/gateway/gateway.ts';
import {postWebhook, someCallSid, statusFields} from '../../support/twilio/signed-webhook.ts';
import {until} from '../../support/until.ts';
import {RawWebSocket} from '../../support/websocket/raw-websocket.ts';
import {launch, openTab, startTalkativeGateway, type Tab} from './support/tab.ts';

/** Messages of Chromium when a gateway stops. */
const GONE = [/WebSocket connection to .* failed/, /ERR_CONNECTION_(?:REFUSED|RESET)/, /status of 503/];

const WITH_TOKENS = {AUTH_JWT_SECRET: JWT_SECRET};

let browser: Browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

/** A session of its own user, with a library that answers pings. */
function connectAs(gateway: TestGateway, user: string, scope: readonly Scope[] = ['calls:read:all']) {
  return gateway.session({token: signToken(user, {scope})});
}

function rowOf(tab: Tab, user: string): Locator {
  return tab.page.locator('tr[data-session]').filter({hasText: user});
}

/** The users of the rendered rows, in order. */
function users(tab: Tab): Promise<string[]> {
  return tab.page.locator('tr[data-session] td[data-column="user"]').allInnerTexts();
}

test('[H4] sessions are listed, the own one is marked; counts by phase and closes by code are shown', async () => {
  await using gateway = await startTalkativeGateway({env: WITH_TOKENS});
  const origin = gateway.url;
  const alice = await gateway.session({
    token: signToken('alice', {scope: ['calls:read:all']}),
    headers: {origin},
  });
  alice.send({type: 'call.subscribe', calls: [someCallSid(1), someCallSid(2)]});
  const bob = await connectAs(gateway, 'bob');
  bob.ws.close(4999);
  await bob.closed();
  await using tab = await openTab(browser, gateway, {path: '/connections'});
  await tab.live();
  await rowOf(tab, 'operator').getByText('This page').waitFor();
  const row = rowOf(tab, 'alice');
  assert.equal(await row.getByText('This page').count(), 0);
  await row.getByText('2 calls').waitFor();
  for (const text of ['Streaming', '127.0.0.1', origin, 'hookswitch.v1'])
    await row.getByText(text, {exact: true}).waitFor();
  await tab.page.getByRole('button', {name: /^Streaming 2$/}).waitFor();
  await tab.page.getByText('3 opened and 1 ended since the gateway started').click();
  await tab.shows("The client's own code.");
  assert.deepEqual(await tab.violations(), []);
  await tab.shot('connections');
  // New and closed sessions appear without any action.
  const carol = await connectAs(gateway, 'carol');
  await tab.page.mouse.move(0, 0);
  await rowOf(tab, 'carol').waitFor();
  await carol.close();
  await rowOf(tab, 'carol').waitFor({state: 'detached'});
});

test('[H4] the gateway filters and sorts; filter and order are in the URL', async () => {
  await using gateway = await startTalkativeGateway({env: WITH_TOKENS});
  for (const user of ['ada', 'adam', 'eve']) await connectAs(gateway, user);
  await using tab = await openTab(browser, gateway, {path: '/connections'});
  await rowOf(tab, 'eve').waitFor();
  await tab.press('/');
  await tab.page.keyboard.type('ada');
  await rowOf(tab, 'eve').waitFor({state: 'detached'});
  // Intermediate results are shown while typing: `a` matches the operator, too.
  await until(async () => (await users(tab)).join() === 'adam,ada', {what: 'exactly the two rows'});
  await tab.at('/connections?q=ada');
  await tab.shows('4 sessions · 2 shown');
  await tab.page.getByRole('button', {name: /^Not reading/}).click();
  await tab.shows('No session matches the filter');
  await tab.at('/connections?q=ada&phase=blocked');
  assert.deepEqual(await tab.violations(), []);
  await tab.page.getByRole('button', {name: 'Clear filter'}).first().click();
  await rowOf(tab, 'eve').waitFor();
  await tab.page.getByRole('button', {name: 'Lag'}).click();
  await tab.at('/connections?sort=lag');
  await tab.page.locator('th[aria-sort="descending"]').filter({hasText: 'Lag'}).waitFor();
  assert.equal(await tab.page.getByLabel('Order').inputValue(), 'lag');
  await tab.page.goto(`${gateway.url}/connections?q=EVE&sort=unsent`);
  await rowOf(tab, 'eve').waitFor();
  await until(async () => (await users(tab)).join() === 'eve', {what: 'exactly the one row'});
});

test('[W13] a session that does not read is first by lag, with its own shape, word and color', async () => {
  await using gateway = await startTalkativeGateway({env: WITH_TOKENS});
  const lazy = await RawWebSocket.open(gateway.wsUrl, signToken('sleepy', {scope: ['calls:read:all']}));
  await connectAs(gateway, 'awake');
  await using tab = await openTab(browser, gateway, {path: '/connections?sort=lag'});
  await tab.live();
  await blockUp(gateway, lazy);
  await tab.page.mouse.move(0, 0);
  const row = tab.page.locator('tr[data-session]').first();
  await row.getByText('sleepy').waitFor();
  const mark = row.locator('[data-phase="blocked"]');
  assert.equal(await mark.innerText(), 'Not reading');
  assert.equal(await mark.locator('svg rect').count(), 1);
  const color = (phase: string) =>
    tab.page.evaluate<string>(`getComputedStyle(document.querySelector('tr [data-phase="${phase}"]')).color`);
  assert.notEqual(await color('blocked'), await color('streaming'));
  await row.getByText(/^\d+ behind$/).waitFor();
  await row.getByText(/KiB|MiB/).waitFor();
  await tab.shows('1 behind');
  assert.deepEqual(await tab.violations(), []);
  await tab.shot('connections-lagging');
  lazy.vanish();
  await rowOf(tab, 'sleepy').waitFor({state: 'detached'});
  await tab.shows('1006');
});

test('[H4] the messages of a session: newest first, paged, with links and JSON; new ones move nothing', async () => {
  await using gateway = await startTalkativeGateway({env: WITH_TOKENS});
  const alice = await connectAs(gateway, 'alice');
  const {sessionId} = await alice.ready();
  for (let call = 1; call <= 60; call += 1) await ring(gateway, call);
  await until(() => alice.of('call.status').length === 60);
  await using tab = await openTab(browser, gateway, {path: '/connections'});
  await rowOf(tab, 'alice').getByRole('button', {name: 'Show messages sent to alice'}).click();
  await tab.at(`/connections?session=${sessionId}`);
  const dialog = tab.page.getByRole('dialog', {name: 'Messages sent to this session'});
  const messages = dialog.locator('li[data-offset]');
  await messages.first().waitFor();
  assert.equal(await messages.count(), 50);
  assert.deepEqual(await tab.violations(), []);
  await dialog.getByRole('button', {name: 'Older'}).click();
  await dialog.getByText('These are all messages since offset 0').waitFor();
  const offsets = await messages.evaluateAll((all) =>
    all.map((each) => Number(each.getAttribute('data-offset'))),
  );
  assert.deepEqual(
    offsets,
    Array.from({length: 60}, (_, index) => 60 - index),
  );
  await dialog.getByRole('button', {name: 'JSON of message 59'}).click();
  assert.deepEqual(
    JSON.parse(await dialog.getByRole('region', {name: 'message 59'}).innerText()),
    alice.of('call.status')[58],
  );
  await tab.shot('connections-sent');
  await ring(gateway, 61);
  await dialog.getByRole('button', {name: 'Show 1 newer'}).waitFor();
  assert.equal(await messages.first().getAttribute('data-offset'), '60');
  await dialog.getByRole('button', {name: 'Show 1 newer'}).click();
  assert.equal(await messages.first().getAttribute('data-offset'), '61');
  // A link opens the dialog, even after the session has ended.
  await alice.close();
  await tab.page.reload();
  await dialog.getByText('Closed', {exact: true}).waitFor();
  await messages.first().getByRole('link').click();
  await tab.at(`/calls/${someCallSid(61)}`);
});

test('by keyboard: select a row, open its messages, return to the row, pause', async () => {
  await using gateway = await startTalkativeGateway({env: WITH_TOKENS});
  await ring(gateway, 1);
  for (const user of ['first', 'second', 'third']) await connectAs(gateway, user);
  await using tab = await openTab(browser, gateway, {path: '/'});
  await tab.live();
  await tab.press('g', 's');
  await rowOf(tab, 'third').waitFor();
  // The page's own session is the newest, so it is first.
  await tab.press('j', 'j', 'j');
  await rowOf(tab, 'second').and(tab.page.locator(':focus')).waitFor();
  await tab.press('Enter');
  const dialog = tab.page.getByRole('dialog');
  await dialog.getByText('No messages').waitFor();
  await dialog.getByText('second').waitFor();
  assert.deepEqual(await tab.violations(), []);
  await tab.press('Escape');
  await dialog.waitFor({state: 'detached'});
  await tab.at('/connections');
  await rowOf(tab, 'second').and(tab.page.locator(':focus')).waitFor();
  await tab.press('ArrowDown');
  await rowOf(tab, 'first').and(tab.page.locator(':focus')).waitFor();
  await tab.press('p');
  await tab.shows(/paused, as of/);
  const asked = () => tab.requests.filter((url) => url.includes('/api/sessions')).length;
  const before = asked();
  await tab.press('p');
  await until(() => asked() > before, {what: 'the list to be loaded again'});
});

test('with 2,500 sessions, the page renders a few dozen rows, scrolls to the end, and a refresh moves nothing', async () => {
  await using gateway = await startGateway({env: {...WITH_TOKENS, MAX_SESSIONS: '5000'}});
  await crowd(gateway, 2500);
  await using tab = await openTab(browser, gateway, {path: '/connections'});
  await rowOf(tab, 'user-2499').waitFor();
  await tab.shows('2,501 sessions');
  const rendered = () => tab.page.locator('tr[data-session]').count();
  assert.ok((await rendered()) < 80, `${await rendered()} rows`);
  assert.equal(await tab.page.getByRole('table').getAttribute('aria-rowcount'), '2502');
  await tab.page.evaluate('scrollTo(0, document.documentElement.scrollHeight / 2)');
  await until(async () => (await users(tab)).some((user) => /user-1[23]\d\d/.test(user)));
  await tab.shot('connections-many');
  // In the middle of the list, new sessions and one that ends move nothing.
  const place = async () => {
    const top = tab.page.locator('tr[data-session]').nth(20);
    return [await top.innerText(), await top.boundingBox()].map((part) =>
      JSON.stringify(part).replace(/\d+ s ago/g, ''),
    );
  };
  const before = await place();
  const leaving = (await users(tab))[22] ?? '';
  await connectAs(gateway, 'newcomer');
  await crowdOf
    .get(gateway)
    ?.find(({user}) => user === leaving)
    ?.socket.close();
  await rowOf(tab, leaving).getByText('Closed', {exact: true}).waitFor();
  await tab.page.getByRole('button', {name: '1 new'}).waitFor();
  assert.deepEqual(await place(), before);
  await tab.page.evaluate('scrollTo(0, document.documentElement.scrollHeight)');
  await rowOf(tab, 'user-0000').waitFor();
  assert.ok((await rendered()) < 80, `${await rendered()} rows`);
  const size = await tab.page.evaluate<number>('document.querySelectorAll("*").length');
  assert.ok(size < 3000, `${size} elements`);
  await tab.press('n');
  await rowOf(tab, 'newcomer').waitFor();
  assert.equal(await tab.page.evaluate('scrollY'), 0);
});

test('without a scope, the page names it and sends no request that would be refused', async () => {
  await using gateway = await startTalkativeGateway({env: WITH_TOKENS});
  await ring(gateway, 1);
  {
    await using tab = await openTab(browser, gateway, {
      path: '/connections',
      key: signToken('alice', {scope: ['calls:read']}),
    });
    await tab.shows('Your key does not allow viewing sessions');
    await tab.shows('sessions:read');
    assert.ok(!tab.requests.some((url) => url.includes('/api/sessions')));
    assert.deepEqual(await tab.violations(), []);
  }
  await using tab = await openTab(browser, gateway, {
    path: '/connections',
    key: signToken('alice', {scope: ['sessions:read', 'calls:read']}),
  });
  await rowOf(tab, 'alice').waitFor();
  await tab.shows('calls:read:all');
  assert.equal(await tab.page.getByRole('button', {name: /^Show messages/}).count(), 0);
  await tab.press('j', 'Enter');
  assert.equal(await tab.page.getByRole('dialog').count(), 0);
});

test('at 320 px, rows become blocks with all values, and the messages dialog fits', async () => {
  await using gateway = await startTalkativeGateway({env: WITH_TOKENS});
  await connectAs(gateway, `a-user-with-a-name-that-is-longer-than-the-screen-${'x'.repeat(60)}`);
  const alice = await connectAs(gateway, 'alice');
  await ring(gateway, 1);
  await until(() => alice.of('call.status').length === 1);
  await using tab = await openTab(browser, gateway, {
    path: '/connections',
    context: {viewport: {width: 320, height: 640}},
  });
  const row = rowOf(tab, 'alice');
  for (const text of ['Streaming', 'All calls', '127.0.0.1', 'hookswitch.v1'])
    await row.getByText(text, {exact: true}).waitFor();
  assert.ok((await tab.overflow()) <= 0);
  assert.deepEqual(await tab.violations(), []);
  await tab.shot('connections-narrow');
  await row.getByRole('button', {name: 'Show messages sent to alice'}).click();
  await tab.page.getByRole('dialog').getByText('call.status').waitFor();
  assert.ok((await tab.overflow()) <= 0);
  assert.deepEqual(await tab.violations(), []);
  await tab.shot('connections-sent-narrow');
});

test('during an outage, the rows stay and are marked as stale; afterwards they update again', async () => {
  await using gateway = await startTalkativeGateway({env: WITH_TOKENS});
  await connectAs(gateway, 'alice');
  await using tab = await openTab(browser, gateway, {path: '/connections', noise: GONE});
  await rowOf(tab, 'alice').waitFor();
  await gateway.server.drain();
  await tab.shows(/could not be reached\. Last updated/);
  await rowOf(tab, 'alice').waitFor();
  assert.deepEqual(await tab.violations(), []);
  await gateway.restart();
  await rowOf(tab, 'alice').waitFor({state: 'detached', timeout: 20_000});
  await rowOf(tab, 'operator').getByText('This page').waitFor();
});

test('data from a session is rendered as text', async () => {
  const hostile = '<img src=x onerror=alert(1)>';
  await using gateway = await startTalkativeGateway({env: WITH_TOKENS});
  await connectAs(gateway, hostile);
  await using tab = await openTab(browser, gateway, {path: '/connections'});
  await rowOf(tab, hostile).waitFor();
  assert.equal(await tab.page.locator('main img').count(), 0);
});

/** A call that keeps ringing. */
async function ring(gateway: TestGateway, call: number, party = '+15550100001'): Promise<void> {
  const fields = {
    CallSid: someCallSid(call),
    CallStatus: 'ringing',
    SequenceNumber: '1',
    From: party,
    To: party,
  };
  const {status} = await postWebhook(gateway, statusFields(gateway, fields));
  assert.equal(status, 204);
}

/** Makes the session request more than it reads, until the gateway stops writing; then adds events. */
async function blockUp(gateway: TestGateway, lazy: RawWebSocket): Promise<void> {
  lazy.stopReading();
  // The longest party that is allowed; a snapshot of all calls is 400 KB.
  const long = `sip:${'😀'.repeat(250)}`;
  await Promise.all(Array.from({length: 200}, (_, call) => ring(gateway, call, long)));
  const {sessionId} = await lazy.message('session.ready');
  const look = async () => (await gateway.api(`/api/sessions?q=${sessionId}`)).body.sessions[0];
  for (let asked = 0; asked < 18 && (await look()).phase !== 'blocked'; asked += 1) {
    lazy.sendJson({type: 'call.subscribe', calls: 'all', requestId: `r${asked}`});
  }
  await until(async () => (await look()).phase === 'blocked', {what: 'the session to be blocked'});
  for (let call = 1000; call < 1010; call += 1) await ring(gateway, call);
}

const crowdOf = new WeakMap<TestGateway, {user: string; socket: {close(): Promise<void>}}[]>();

/** Opens sessions of different users; the last user connects last. */
async function crowd(gateway: TestGateway, count: number): Promise<void> {
  const all: {user: string; socket: {close(): Promise<void>}}[] = [];
  for (let first = 0; first < count; first += 100) {
    const batch = Array.from({length: Math.min(100, count - first)}, async (_, index) => {
      const user = `user-${String(first + index).padStart(4, '0')}`;
      all.push({user, socket: await connectAs(gateway, user)});
    });
    await Promise.all(batch);
  }
  crowdOf.set(gateway, all);
}
