/** Everything by keyboard, and nothing by accident. */
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import type {Browser} from 'playwright-core';
import {launchChromium} from '../../support/chromium.ts';
import {openTab, startTalkativeGateway, type Tab} from './tab.ts';

let browser: Browser;
before(async () => {
  browser = await launchChromium();
});
after(() => browser.close());

/** Resolves when the row is the selected one. */
function selected(tab: Tab, callSid: string): Promise<void> {
  return tab.page.locator(`tr[data-sid="${callSid}"][aria-current="true"]:focus`).waitFor();
}

/** Places a call without touching anything but keys; ends outside of the field. */
async function dial(tab: Tab, number: string): Promise<string> {
  const {keyboard} = tab.page;
  const index = tab.gateway.simulator.calls().length;
  await keyboard.press('/');
  await tab.page.locator('#to:focus').waitFor();
  await keyboard.type(number);
  await keyboard.press('Enter');
  const callSid = await tab.placed(index);
  await tab.says(callSid, 'in progress');
  await keyboard.press('Escape');
  return callSid;
}

test('[W7] calls are placed, selected and ended without a mouse', async () => {
  await using gateway = await startTalkativeGateway();
  await using tab = await openTab(browser, gateway);
  await tab.live();
  const {keyboard} = tab.page;
  const oldest = await dial(tab, '+15550100001');
  const middle = await dial(tab, '+15550100002');
  const newest = await dial(tab, '+15550100003');
  // Escape went to the first row or the one after the last selected; the top is k away.
  for (const _ of [1, 2, 3]) await keyboard.press('k');
  await selected(tab, newest);
  await keyboard.press('j');
  await selected(tab, middle);
  await keyboard.press('ArrowDown');
  await selected(tab, oldest);
  await keyboard.press('j');
  await selected(tab, oldest);
  await keyboard.press('ArrowUp');
  await selected(tab, middle);
  await keyboard.press('x');
  await tab.says(middle, 'completed');
  const left = [newest, oldest].map((sid) => gateway.simulator.call(sid)?.status);
  assert.deepEqual(left, ['in-progress', 'in-progress']);
  // It has moved below the others, and is still the one that was chosen.
  await selected(tab, middle);
  assert.deepEqual(await tab.order(), [newest, oldest, middle]);
  await keyboard.press('x');
  await tab.page.locator('#announcer').getByText('This call has ended.').waitFor({state: 'attached'});
  await keyboard.press('k');
  await selected(tab, oldest);
  await keyboard.press('x');
  await tab.says(oldest, 'completed');
  assert.equal(gateway.simulator.call(newest)?.status, 'in-progress');
});

test('? shows the keys, which rest as long as they are shown', async () => {
  await using gateway = await startTalkativeGateway();
  await using tab = await openTab(browser, gateway);
  await tab.live();
  const {keyboard} = tab.page;
  const callSid = await dial(tab, '+15550100001');
  await selected(tab, callSid);
  await keyboard.press('?');
  await tab.shows('#keys', 'hang up the selected call');
  // To its button: in the box before it keys rest anyway.
  await keyboard.press('Tab');
  await tab.page.locator('#keys button:focus').waitFor();
  await keyboard.press('x');
  await keyboard.press('/');
  await keyboard.press('Escape');
  await tab.page.locator('#keys').waitFor({state: 'hidden'});
  assert.equal(await tab.page.locator('#to:focus').count(), 0);
  assert.equal(await tab.row(callSid).locator('button').textContent(), 'Hang up');
  assert.deepEqual(tab.sent, []);
  await selected(tab, callSid);
  await keyboard.press('x');
  await tab.says(callSid, 'completed');
});

test('while somebody types, keys are letters; with Ctrl they are the browser’s', async () => {
  await using gateway = await startTalkativeGateway();
  await using tab = await openTab(browser, gateway);
  await tab.live();
  const {keyboard} = tab.page;
  const callSid = await dial(tab, '+15550100001');
  await selected(tab, callSid);
  for (const field of ['#to', '#connect-to']) {
    await tab.page.focus(field);
    await keyboard.type('jkxd/?');
    assert.equal(await tab.page.inputValue(field), 'jkxd/?');
  }
  assert.equal(await tab.page.locator('#keys').isVisible(), false);
  await keyboard.press('Escape');
  await selected(tab, callSid);
  await keyboard.press('Control+x');
  assert.equal(await tab.row(callSid).locator('button').textContent(), 'Hang up');
  assert.deepEqual(tab.sent, []);
  await keyboard.press('x');
  await tab.says(callSid, 'completed');
});

test('with Tab alone: form, row and button are reached in order, and Enter hangs up', async () => {
  await using gateway = await startTalkativeGateway();
  await using tab = await openTab(browser, gateway);
  await tab.live();
  const {keyboard} = tab.page;
  const callSid = await gateway.place({to: '+15550100001'});
  await tab.says(callSid, 'in progress');
  const stops = ['#show-keys', '#sign-out', '#to', '#connect-to', '#call', '#rows tr', '#rows button'];
  for (const stop of stops) {
    await keyboard.press('Tab');
    await tab.page.locator(`${stop}:focus-visible`).waitFor();
  }
  await keyboard.press('Enter');
  await tab.says(callSid, 'completed');
  // The button went away under the focus, which stays with its row.
  await selected(tab, callSid);
});
