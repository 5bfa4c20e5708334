/** The frame of the console: URLs, shortcuts, palette, theme, connection, and rules for every screen. */
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import type {Browser} from 'playwright-core';
import {until} from '../../support/until.ts';
import {openCalls} from './support/calls-page.ts';
import {launch, openTab, startTalkativeGateway, type Tab} from './support/tab.ts';

const SCREENS = [
  {path: '/', title: 'Live calls', keys: ['g', 'c']},
  {path: '/history', title: 'History', keys: ['g', 'h']},
  {path: '/webhooks', title: 'Webhooks', keys: ['g', 'w']},
  {path: '/connections', title: 'Connections', keys: ['g', 's']},
  {path: '/health', title: 'Health', keys: ['g', 'd']},
] as const;

/** Messages of Chromium when a gateway stops. */
const GONE = [/WebSocket connection to .* failed/, /ERR_CONNECTION_(?:REFUSED|RESET)/, /status of 503/];

let browser: Browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

test('every screen has no accessibility violation in light and dark, one h1, a title, and no policy violation', async () => {
  await using gateway = await startTalkativeGateway();
  const callSid = await gateway.place({to: '+15550100001'});
  for (const colorScheme of ['light', 'dark'] as const) {
    await using tab = await openTab(browser, gateway, {context: {colorScheme}});
    await tab.live();
    // By URL in the light theme, by link in the dark theme.
    const open = async (path: string) => {
      await (colorScheme === 'light' ? tab.open(path) : tab.go(path));
      await tab.live();
    };
    for (const {path, title} of SCREENS) {
      await open(path);
      await tab.screen(title);
      await holds(tab, `${colorScheme}${path.replaceAll('/', '-')}`);
      assert.equal(await tab.page.title(), `${title} · Hookswitch`);
    }
    await open(`/calls/${callSid}`);
    await tab.screen(/^Call to/);
    await holds(tab, `${colorScheme}-call`);
  }
});

test('at 320 px, no screen scrolls sideways, and the navigation is at the bottom', async () => {
  await using gateway = await startTalkativeGateway();
  const callSid = await gateway.place({to: '+15550100001'});
  await using tab = await openTab(browser, gateway, {context: {viewport: {width: 320, height: 640}}});
  await tab.live();
  for (const {path, title} of [...SCREENS, {path: `/calls/${callSid}`, title: /^Call to/}]) {
    await tab.go(path);
    await tab.screen(title);
    await holds(tab, `narrow${path.replaceAll('/', '-')}`);
  }
  const nav = await tab.page.getByRole('navigation', {name: 'Screens'}).boundingBox();
  assert.ok(nav !== null && nav.y + nav.height > 630, JSON.stringify(nav));
  await tab.page.getByRole('link', {name: 'History'}).click();
  await tab.screen('History');
});

test('a new gateway opens the health page once; a gateway with calls opens the live calls', async () => {
  await using gateway = await startTalkativeGateway();
  await using tab = await openTab(browser, gateway);
  await tab.screen('Health');
  await tab.press('g', 'c');
  await tab.screen('Live calls');
  await gateway.place({to: '+15550100001'});
  await using another = await openTab(browser, gateway);
  await another.screen('Live calls');
});

test('g and a letter open a screen and focus its heading; never from a field or with Ctrl', async () => {
  await using gateway = await startTalkativeGateway();
  await using tab = await openTab(browser, gateway, {path: '/health'});
  await tab.screen('Health');
  for (const {path, title, keys} of [...SCREENS, SCREENS[0]]) {
    await tab.press(...keys);
    const heading = await tab.screen(title);
    await tab.at(path);
    await heading.and(tab.page.locator(':focus')).waitFor();
  }
  await tab.page.evaluate(`document.querySelector('main').append(document.createElement('input'))`);
  await tab.page.locator('main > input').focus();
  await tab.press('g', 'h', '?');
  assert.equal(await tab.page.locator('main > input').inputValue(), 'gh?');
  await tab.at('/');
  await tab.press('Escape', 'g', 'Control+h');
  assert.equal(tab.address(), '/');
  await tab.press('g', 'h');
  await tab.screen('History');
});

test('the help sheet lists the active shortcuts, and can turn single keys off', async () => {
  await using gateway = await startTalkativeGateway();
  await using tab = await openTab(browser, gateway, {path: '/history'});
  await tab.screen('History');
  await tab.press('?');
  const sheet = tab.page.getByRole('dialog', {name: 'Keyboard shortcuts'});
  await sheet.getByText('Switch between light and dark').waitFor();
  assert.deepEqual(await tab.violations(), []);
  await tab.shot('keys');
  await sheet.getByLabel('Single-key shortcuts').click();
  await tab.press('Escape');
  await sheet.waitFor({state: 'detached'});
  await tab.press('g', 'w');
  await tab.press('t');
  assert.equal(tab.address(), '/history');
  assert.equal(await theme(tab), '');
  // Keys with Ctrl still work, so that the setting can be found again.
  await tab.press('Control+k');
  await tab.page.getByRole('option', {name: /Show keyboard shortcuts/}).click();
  await sheet.getByLabel('Single-key shortcuts').click();
  await tab.press('Escape');
  await sheet.waitFor({state: 'detached'});
  await tab.press('g', 'w');
  await tab.screen('Webhooks');
});

test('the palette finds calls by number and sid, screens and commands, and dials', async () => {
  await using gateway = await startTalkativeGateway();
  const callSid = await gateway.place({to: '+15550100001'});
  // One of the sids does not exist.
  await using tab = await openTab(browser, gateway, {path: '/history', noise: [/status of 404/]});
  await tab.live();
  const option = (name: RegExp) => tab.page.getByRole('option', {name});
  const find = async (text: string) => {
    await tab.press('Control+k');
    await tab.page.getByPlaceholder('Number, call sid or command…').and(tab.page.locator(':focus')).waitFor();
    await tab.page.keyboard.type(text);
  };
  await find('555 0100001');
  await option(/\+1555•••••01/).waitFor();
  await tab.shot('palette');
  assert.deepEqual(await tab.violations(), []);
  await tab.press('Enter');
  await tab.at(`/calls/${callSid}`);
  await find('webho');
  await option(/^Webhooks/).waitFor();
  await tab.press('Enter');
  await tab.screen('Webhooks');
  await find(`CA${'0'.repeat(32)}`);
  await option(/Open call/).click();
  await tab.at(`/calls/CA${'0'.repeat(32)}`);
  await find('+15550100002');
  await option(/Dial \+15550100002/).waitFor();
  await tab.press('Escape');
  await tab.page.getByRole('dialog').waitFor({state: 'detached'});
  await find('<img src=x onerror=alert(1)>');
  await option(/Search the history for “<img src=x onerror=alert\(1\)>”/).waitFor();
  await tab.press('Escape');
});

test('the palette on the live calls lists each command of the page once', async () => {
  await using gateway = await startTalkativeGateway();
  await using calls = await openCalls(browser, gateway);
  const {tab} = calls;
  await tab.live();
  await tab.page.getByRole('list', {name: 'Scenarios'}).getByRole('button').first().waitFor();
  await tab.press('Control+k');
  const options = tab.page.getByRole('option');
  await options.getByText('Filter the calls').waitFor();
  await options.getByText('Pause new calls').waitFor();
  assert.equal(await options.getByText('Dial a number').count(), 1);
  await tab.page.keyboard.type('simulate busy');
  await tab.page.getByRole('option', {name: 'Simulate: Busy'}).waitFor();
  await tab.press('Enter');
  await tab.page.locator('tr[data-sid] [data-status="failed"]').getByText('Busy').waitFor();
});

test('t switches the theme, and the choice survives a reload; the default is the system theme', async () => {
  await using gateway = await startTalkativeGateway();
  await using tab = await openTab(browser, gateway, {path: '/history', context: {colorScheme: 'dark'}});
  await tab.screen('History');
  const dark = await background(tab);
  await tab.press('t');
  await until(async () => (await theme(tab)) === 'light', {what: 'the light theme'});
  assert.notEqual(await background(tab), dark);
  await tab.page.reload();
  await tab.screen('History');
  assert.equal(await theme(tab), 'light');
  await tab.press('t');
  await until(async () => (await background(tab)) === dark, {what: 'the dark theme'});
});

test('reload and back keep the screen; an unknown URL shows “Not found”', async () => {
  await using gateway = await startTalkativeGateway();
  const callSid = await gateway.place({to: '+15550100001'});
  const noise = [/status of 404/];
  await using tab = await openTab(browser, gateway, {path: `/calls/${callSid}`, noise});
  await tab.live();
  assert.equal(tab.address(), `/calls/${callSid}`);
  await tab.press('g', 'h');
  await tab.screen('History');
  await tab.page.reload();
  await tab.screen('History');
  await tab.page.goBack();
  await tab.at(`/calls/${callSid}`);
  await tab.page.evaluate(`history.pushState(null, '', '/nowhere')`);
  await tab.screen('Not found');
  // A request by the browser itself gets the same page, with status 404.
  const answer = await tab.page.goto(`${gateway.url}/nowhere/either`);
  assert.equal(answer?.status(), 404);
  await tab.screen('Not found');
  await tab.page.getByRole('main').getByRole('link', {name: 'Live calls'}).click();
  await tab.at('/');
});

test('by keyboard: the skip link comes first and leads to the content', async () => {
  await using gateway = await startTalkativeGateway();
  await using tab = await openTab(browser, gateway, {path: '/history'});
  await tab.screen('History');
  await tab.press('Tab');
  await tab.page.getByRole('button', {name: 'Skip to content'}).and(tab.page.locator(':focus')).waitFor();
  await tab.press('Enter');
  await tab.page.locator('main:focus').waitFor();
});

test('below a path, page, assets, API and WebSocket are at PUBLIC_URL', async () => {
  await using first = await startTalkativeGateway();
  const {port} = first.environment;
  await first.server.stop();
  await using gateway = await startTalkativeGateway({
    env: {PUBLIC_URL: `http://127.0.0.1:${port}/phone/x&y`, PORT: String(port)},
  });
  await using tab = await openTab(browser, gateway, {
    url: `http://127.0.0.1:${port}/phone/x&y`,
    path: '/history',
  });
  await tab.live();
  assert.equal(tab.address(), '/phone/x&y/history');
  await tab.press('g', 'w');
  await tab.at('/phone/x&y/webhooks');
  assert.deepEqual(
    tab.requests.filter((url) => !new URL(url).pathname.startsWith('/phone/x&y/')),
    [],
  );
  // Without the proxy and its path, the console is the same.
  await using direct = await openTab(browser, gateway, {url: `http://127.0.0.1:${port}`, path: '/history'});
  await direct.live();
  assert.equal(direct.address(), '/phone/x&y/history');
});

test('a lost connection is shown, and then the length of the outage', async () => {
  await using gateway = await startTalkativeGateway();
  await using tab = await openTab(browser, gateway, {path: '/history', noise: GONE});
  await tab.live();
  // The screen is a chunk of its own, which may load after the connection.
  await tab.screen('History');
  await gateway.server.stop();
  await tab.page.locator('[data-connection="bad"]').waitFor();
  await tab.page
    .getByText(/Reconnecting/)
    .first()
    .waitFor();
  await tab.shot('disconnected');
  await gateway.restart();
  const now = tab.page.getByRole('button', {name: 'Reconnect now'});
  await Promise.race([tab.live(), now.click().then(() => tab.live())]);
  await tab.shows(/Caught up after \d+ s/);
});

test('[W] a connection that is refused for good is shown with advice, and is retried only on request', async () => {
  await using gateway = await startTalkativeGateway();
  await using tab = await openTab(browser, gateway, {
    path: '/history',
    prepare: async (page) => {
      await page.routeWebSocket('**/ws*', (socket) => socket.close({code: 4403, reason: 'no'}));
    },
  });
  await tab.screen('History');
  await tab.shows(/The connection has stopped/);
  await tab.page.getByRole('button', {name: 'Try again'}).waitFor();
  assert.deepEqual(await tab.violations(), []);
  await tab.shot('stopped');
});

/** The rules for every screen. */
async function holds(tab: Tab, name: string): Promise<void> {
  await tab.shot(name);
  assert.deepEqual(await tab.violations(), [], name);
  assert.equal(await tab.page.locator('h1').count(), 1, name);
  assert.ok((await tab.overflow()) <= 0, `${name} scrolls sideways`);
}

function theme(tab: Tab): Promise<string> {
  return tab.page.evaluate<string>(`document.documentElement.dataset.theme ?? ''`);
}

function background(tab: Tab): Promise<string> {
  return tab.page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
}
