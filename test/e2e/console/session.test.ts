/** The access key in the browser: where it is stored, where it is not, and what happens without it. */
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import type {Browser} from 'playwright-core';
import {ACCESS_KEY} from '../../support/gateway/gateway.ts';
import {launch, openTab, startTalkativeGateway} from './support/tab.ts';

/** Messages of Chromium about a 401, or when a gateway stops. */
const REFUSED = [/status of 401/, /ERR_CONNECTION_REFUSED/];

let browser: Browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

test('[A1] the key leaves the URL at once, survives a reload, and is in no URL and no cookie', async () => {
  await using gateway = await startTalkativeGateway();
  await using tab = await openTab(browser, gateway, {path: '/history'});
  await tab.live();
  assert.equal(tab.page.url(), `${gateway.url}/history`);
  await tab.page.reload();
  await tab.live();
  assert.ok(tab.sockets.length >= 2);
  for (const url of tab.requests) assert.ok(!decodeURIComponent(url).includes(ACCESS_KEY), url);
  assert.deepEqual(await tab.page.context().cookies(), []);
  assert.equal(await tab.page.evaluate('localStorage.length'), 0);
  assert.ok(!(await tab.page.content()).includes(ACCESS_KEY));
  // The tab's history, which another page could navigate, does not contain the key.
  await tab.page.goBack();
  assert.ok(!tab.page.url().includes('key='));
});

test('[A3] a wrong key is refused with a message; the right key opens the console', async () => {
  await using gateway = await startTalkativeGateway();
  await using tab = await openTab(browser, gateway, {key: 'not-the-key-of-this-gateway', noise: REFUSED});
  await tab.shows('This key was not accepted.');
  assert.equal(tab.page.url(), `${gateway.url}/`);
  assert.deepEqual(tab.sockets, []);
  const field = tab.page.getByLabel('Access key');
  await tab.page.getByRole('button', {name: 'Open the console'}).click();
  await tab.shows('Enter the key.');
  await field.fill('no key at all: blanks, ümlauts');
  await field.press('Enter');
  await tab.shows('This key was not accepted.');
  assert.deepEqual(await tab.violations(), []);
  await field.fill(` ${ACCESS_KEY} `);
  await field.press('Enter');
  await tab.live();
});

test('[A1] without a key, the page asks for it and does not connect; a link with the key in the same tab signs in', async () => {
  await using gateway = await startTalkativeGateway();
  await using tab = await openTab(browser, gateway, {key: null});
  await tab.page.getByLabel('Access key').and(tab.page.locator(':focus')).waitFor();
  assert.deepEqual(tab.sockets, []);
  assert.equal(await tab.page.title(), 'Sign in · Hookswitch');
  assert.deepEqual(await tab.violations(), []);
  await tab.open();
  await tab.live();
  assert.ok(!tab.page.url().includes('key='));
});

test('[A1] signing out closes the connection and deletes the key', async () => {
  await using gateway = await startTalkativeGateway();
  await using tab = await openTab(browser, gateway);
  await tab.live();
  await tab.page.getByRole('button', {name: /^Sign out/}).click();
  await tab.page.getByLabel('Access key').waitFor();
  assert.equal(await tab.page.evaluate(`JSON.stringify(sessionStorage).includes('${ACCESS_KEY}')`), false);
  await tab.page.reload();
  await tab.page.getByLabel('Access key').waitFor();
});

test('an outage keeps the key: the sign-in is retried, and succeeds afterwards', async () => {
  await using gateway = await startTalkativeGateway();
  await using tab = await openTab(browser, gateway, {
    noise: [...REFUSED, /status of 503/],
    prepare: async (page) => {
      await page.route('**/api/info', (route) => route.fulfill({status: 503, body: 'a proxy'}));
    },
  });
  await tab.shows('The gateway answered 503.');
  assert.deepEqual(await tab.violations(), []);
  await tab.page.unroute('**/api/info');
  await tab.page.getByRole('button', {name: 'Retry now'}).click();
  await tab.live();
});
