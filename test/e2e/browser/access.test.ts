/** The access key in the browser: where it goes, where it does not, and what happens without it. */
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import type {Browser} from 'playwright-core';
import {launchChromium} from '../../support/chromium.ts';
import {ACCESS_KEY} from '../../support/gateway.ts';
import {until} from '../../support/until.ts';
import {openTab, startTalkativeGateway} from './tab.ts';

let browser: Browser;
before(async () => {
  browser = await launchChromium();
});
after(() => browser.close());

test('[A1] the key leaves the address at once, and goes into no address and no cookie', async () => {
  await using gateway = await startTalkativeGateway();
  await using tab = await openTab(browser, gateway, {key: null});
  const requests: string[] = [];
  tab.page.on('request', (request) => requests.push(request.url()));
  await tab.open();
  await tab.live();
  assert.equal(tab.page.url(), `${gateway.url}/`);
  const callSid = await tab.dial('+15550100001');
  await tab.says(callSid, 'in progress');
  for (const url of [...requests, ...tab.sockets])
    assert.ok(!decodeURIComponent(url).includes(ACCESS_KEY), url);
  assert.equal(tab.sockets.length, 1);
  assert.deepEqual(await tab.context().cookies(), []);
  assert.equal(await tab.page.evaluate('localStorage.length'), 0);
  assert.doesNotMatch(
    String(await tab.page.evaluate('document.documentElement.outerHTML')),
    /test-access-key/,
  );
});

test('[A3] a wrong key: said in words, and asked for again; the right one opens the page', async () => {
  await using gateway = await startTalkativeGateway();
  await using tab = await openTab(browser, gateway, {key: 'not-the-key-of-this-gateway'});
  await tab.shows('#key-error', 'This key was not accepted.');
  assert.equal(await tab.page.isVisible('#console'), false);
  assert.equal(await tab.page.isVisible('#connection'), false);
  assert.equal(tab.page.url(), `${gateway.url}/`);
  await tab.page.locator('#key:focus').waitFor();
  await tab.page.keyboard.press('Enter');
  await tab.shows('#key-error', 'Enter the key.');
  await tab.page.fill('#key', 'no key at all: blanks, ümlauts');
  await tab.page.keyboard.press('Enter');
  await tab.shows('#key-error', 'This key was not accepted.');
  await tab.page.fill('#key', ` ${ACCESS_KEY} `);
  await tab.page.keyboard.press('Enter');
  await tab.live();
  assert.equal(await tab.page.isVisible('#login'), false);
});

test('[A1] without a key the page asks for it and connects to nothing', async () => {
  await using gateway = await startTalkativeGateway();
  await using tab = await openTab(browser, gateway, {key: null});
  await tab.page.locator('#key:focus').waitFor();
  assert.equal(await tab.page.textContent('#key-error'), '');
  assert.deepEqual(tab.sockets, []);
  // A link with the key, opened in the same tab, is as good.
  await tab.open();
  await tab.live();
});

test('[A1] signing out ends the connection and forgets key, calls and what was typed', async () => {
  await using gateway = await startTalkativeGateway();
  await using tab = await openTab(browser, gateway);
  await tab.live();
  const callSid = await tab.dial('+15550100001');
  await tab.says(callSid, 'in progress');
  await tab.page.fill('#to', '+15550100777');
  await tab.page.click('#sign-out');
  await tab.page.locator('#key:focus').waitFor();
  await tab.page.locator('#rows tr').first().waitFor({state: 'detached'});
  assert.equal(await tab.page.inputValue('#to'), '');
  assert.equal(await tab.page.title(), 'Hookswitch');
  assert.equal(await tab.page.evaluate('sessionStorage.length'), 0);
  await until(async () => (await gateway.api('/api/sessions')).body.sessions.length === 0, {
    what: 'the session to end',
  });
  await tab.page.reload();
  await tab.page.locator('#key:focus').waitFor();
  assert.equal(tab.sockets.length, 1);
  // The keys of the page have nothing to act on.
  await tab.page.locator('h1').click();
  await tab.page.keyboard.press('?');
  assert.equal(await tab.page.isVisible('#keys'), false);
  // Whoever signs out hangs up nobody.
  assert.equal(gateway.simulator.call(callSid)?.status, 'in-progress');
});

test('[A3] a key that is not accepted any more: the open page says so at its next request', async () => {
  await using gateway = await startTalkativeGateway();
  const noise = [/^Failed to load resource: .* status of 401 /];
  await using tab = await openTab(browser, gateway, {noise});
  await tab.live();
  await tab.page.route('**/api/calls', (route) =>
    route.continue({headers: {...route.request().headers(), authorization: 'Bearer of-yesterday'}}),
  );
  await tab.page.fill('#to', '+15550100001');
  await tab.page.click('#call');
  await tab.shows('#key-error', 'This key is not accepted any more.');
  assert.equal(await tab.page.isVisible('#console'), false);
  assert.deepEqual(gateway.simulator.calls(), []);
});

test('[A1] were markup ever to get into the page, its policy would let no script in it run', async () => {
  await using gateway = await startTalkativeGateway();
  const response = await fetch(`${gateway.url}/`);
  const policy = response.headers.get('content-security-policy') ?? '';
  assert.match(policy, /default-src 'self';/);
  assert.match(policy, /frame-ancestors 'none'/);
  assert.doesNotMatch(policy, /unsafe/);
  await using tab = await openTab(browser, gateway, {noise: [/Content Security Policy/, /^policy: /]});
  await tab.live();
  await tab.page.evaluate(
    `document.body.insertAdjacentHTML('beforeend', '<img src="x:" onerror="globalThis.__ran = 1">')`,
  );
  await until(() => tab.excused.some((text) => text.startsWith('error: policy: script-src')), {
    what: 'a refusal',
  });
  assert.equal(await tab.page.evaluate('globalThis.__ran'), undefined);
});
