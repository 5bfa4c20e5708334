/** What strangers choose, a caller's number and name above all, is text on the page and never markup. */
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import type {Browser} from 'playwright-core';
import {launchChromium} from '../../support/chromium.ts';
import {postWebhook, someCallSid, statusFields} from '../../support/signed-webhook.ts';
import {openTab, startTalkativeGateway, type Tab} from './tab.ts';

let browser: Browser;
before(async () => {
  browser = await launchChromium();
});
after(() => browser.close());

const hostile: readonly string[] = [
  '<img src=x onerror="globalThis.__ran=1">',
  '"><svg onload=globalThis.__ran=1>',
  '<script>globalThis.__ran=1</script>',
  "'-globalThis.__ran=1-'",
  '</td></tr></table><form action=//evil>',
  'javascript:globalThis.__ran=1',
  '{{globalThis.__ran=1}}',
];

/** Number of elements in the page, by name. */
async function elements(tab: Tab): Promise<Record<string, number>> {
  return tab.page.evaluate<Record<string, number>>(
    `Object.fromEntries(['img', 'svg', 'script', 'form', 'iframe', 'a', 'table'].map((name) =>
      [name, document.querySelectorAll(name).length]))`,
  );
}

test('[H5] [W1] hostile callers are shown as text: nothing runs, nothing is created', async () => {
  await using gateway = await startTalkativeGateway();
  await using tab = await openTab(browser, gateway);
  await tab.live();
  const before = await elements(tab);
  for (const [index, text] of hostile.entries()) {
    const CallSid = someCallSid(index);
    const fields = {CallSid, CallStatus: 'ringing', Direction: 'inbound', From: text, To: text};
    const names = {CallerName: text, FromCity: text, SequenceNumber: '0'};
    const response = await postWebhook(gateway, statusFields(gateway, {...fields, ...names}));
    assert.equal(response.status, 204, text);
    await tab.says(CallSid, 'ringing');
    assert.deepEqual(await tab.row(CallSid).locator('bdi').allTextContents(), [text, text]);
    assert.equal(
      await tab.row(CallSid).locator('button').getAttribute('aria-label'),
      `Hang up ${text} to ${text}`,
    );
    // Read out, as every change is.
    await tab.page.locator('#announcer').getByText(text).waitFor({state: 'attached'});
  }
  assert.deepEqual(await elements(tab), before);
  assert.equal(await tab.page.evaluate('globalThis.__ran'), undefined);
  assert.equal(await tab.page.locator('bdi *').count(), 0);
});

test('[W5] what the form sends and the server answers about it is text as well', async () => {
  await using gateway = await startTalkativeGateway();
  const noise = [/^Failed to load resource: .* status of 4\d\d /];
  await using tab = await openTab(browser, gateway, {noise});
  await tab.live();
  const before = await elements(tab);
  for (const text of hostile) {
    await tab.page.fill('#to', text);
    await tab.page.click('#call');
    await tab.page.locator('#dial .error:not(:empty)').first().waitFor();
  }
  assert.deepEqual(await elements(tab), before);
  assert.equal(await tab.page.evaluate('globalThis.__ran'), undefined);
});

test('[H5] text that runs the other way or without an end stays in its cell', async () => {
  await using gateway = await startTalkativeGateway();
  await using tab = await openTab(browser, gateway);
  await tab.live();
  const reversed = someCallSid(1);
  const endless = someCallSid(2);
  const ringing = {CallStatus: 'ringing', Direction: 'inbound'};
  await postWebhook(
    gateway,
    statusFields(gateway, {...ringing, CallSid: reversed, From: '\u202e1000010555', To: '+15005550006'}),
  );
  await postWebhook(gateway, statusFields(gateway, {...ringing, CallSid: endless, From: 'W'.repeat(256)}));
  await tab.says(reversed, 'ringing');
  await tab.says(endless, 'ringing');
  // `bdi` keeps the direction of one from turning the other around.
  const boxes = await Promise.all(
    (await tab.row(reversed).locator('bdi').all()).map((part) => part.boundingBox()),
  );
  assert.ok((boxes[0]?.x ?? 0) < (boxes[1]?.x ?? 0));
  assert.equal(await tab.row(endless).locator('bdi').first().textContent(), `${'W'.repeat(80)}…`);
  const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
  assert.equal(await tab.page.evaluate(overflow), 0);
});
