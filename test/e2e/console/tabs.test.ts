/** Several tabs of the console in one browser: the key is entered once, and signing out affects all tabs. */
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import type {Browser} from 'playwright-core';
import {ACCESS_KEY} from '../../support/gateway/gateway.ts';
import {until} from '../../support/until.ts';
import {CallsPage} from './support/calls-page.ts';
import {launch, openBeside, openTab, startTalkativeGateway, type Tab} from './support/tab.ts';

let browser: Browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

const askedForKey = (tab: Tab) => tab.page.getByLabel('Access key').waitFor();
const signOut = (tab: Tab) => tab.page.getByRole('button', {name: /^Sign out/}).click();

test('[A1] a second tab opens without asking for the key; no storage that outlives the browser has it', async () => {
  await using gateway = await startTalkativeGateway();
  await using first = await openTab(browser, gateway);
  await first.live();
  const second = await openBeside(first, {path: '/history'});
  await second.live();
  await second.screen('History');
  assert.equal(second.address(), '/history');
  assert.deepEqual(await first.page.context().cookies(), []);
  assert.equal(await second.page.evaluate('JSON.stringify(localStorage)'), '{}');
  // Each tab now has its own copy of the key.
  await first.page.close();
  await second.page.reload();
  await second.live();
  await second.shot('second-tab');
  assert.deepEqual(second.faults, []);
});

test('[A1] signing out in one tab signs out all; signing in again in one signs in the others', async () => {
  await using gateway = await startTalkativeGateway();
  await using first = await openTab(browser, gateway);
  await first.live();
  const second = await openBeside(first);
  await second.live();
  await signOut(second);
  await askedForKey(second);
  await askedForKey(first);
  for (const tab of [first, second]) {
    assert.equal(await tab.page.evaluate(`JSON.stringify(sessionStorage).includes('${ACCESS_KEY}')`), false);
  }
  await until(async () => (await gateway.api('/api/sessions')).body.sessions.length === 0, {
    what: 'both sessions to end',
  });
  await first.page.reload();
  await askedForKey(first);
  const third = await openBeside(first);
  await askedForKey(third);
  await third.page.getByLabel('Access key').fill(ACCESS_KEY);
  await third.page.keyboard.press('Enter');
  for (const tab of [third, first, second]) await tab.live();
  for (const tab of [second, third]) assert.deepEqual(tab.faults, []);
});

test('[A1] a tab that missed a sign-out asks for the key when it returns', async () => {
  await using gateway = await startTalkativeGateway();
  await using first = await openTab(browser, gateway);
  await first.live();
  const second = await openBeside(first);
  await second.live();
  // This page receives no messages, like a discarded tab.
  await second.page.goto('about:blank');
  await signOut(first);
  await askedForKey(first);
  await second.page.goBack();
  await askedForKey(second);
  await second.page.goto(`${gateway.url}/history`);
  await askedForKey(second);
  assert.deepEqual(second.faults, []);
});

test('[A1] when the last tab is closed, the key is gone', async () => {
  await using gateway = await startTalkativeGateway();
  await using first = await openTab(browser, gateway);
  await first.live();
  const blank = await first.page.context().newPage();
  await first.page.close();
  await blank.goto(gateway.url);
  await blank.getByLabel('Access key').waitFor();
  await blank.getByText(/keeps the key only while a tab of the console is open/).waitFor();
});

test('[A1] a key that is refused in one tab does not sign out other tabs', async () => {
  await using gateway = await startTalkativeGateway();
  await using first = await openTab(browser, gateway);
  await first.live();
  const second = await openBeside(first, {key: 'another-key-that-is-wrong', noise: [/status of 401/]});
  await second.shows('This key was not accepted.');
  await first.page.reload();
  await first.live();
  assert.deepEqual(second.faults, []);
});

test('signing out hides revealed numbers and clears filters with numbers in every tab', async () => {
  await using gateway = await startTalkativeGateway();
  const callSid = await gateway.place({to: '+15550100023'});
  await using first = await openTab(browser, gateway);
  const second = await openBeside(first);
  for (const tab of [first, second]) {
    await tab.live();
    await tab.go('/');
    await new CallsPage(tab).row(callSid).getByText('+1555•••••23').waitFor();
    await tab.press('j', 'r');
    await new CallsPage(tab).row(callSid).getByText('+15550100023').waitFor();
  }
  await second.go('/history?q=%2B15550100023');
  await second.screen('History');
  await signOut(first);
  for (const tab of [first, second]) {
    await askedForKey(tab);
    assert.equal(tab.address(), '/');
    assert.equal(await tab.page.title(), 'Sign in · Hookswitch');
    assert.ok(!(await tab.page.content()).includes('5550100023'));
    assert.equal(await tab.page.evaluate('JSON.stringify([sessionStorage, history.state])'), '[{},null]');
  }
  await first.shot('signed-out');
  await first.page.getByLabel('Access key').fill(ACCESS_KEY);
  await first.page.keyboard.press('Enter');
  for (const tab of [first, second]) {
    await tab.live();
    await tab.go('/');
    await new CallsPage(tab).row(callSid).getByText('+1555•••••23').waitFor();
    assert.ok(!(await tab.page.content()).includes('+15550100023'));
  }
  assert.deepEqual(second.faults, []);
});
