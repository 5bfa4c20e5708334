/** Rows of calls with touch and mouse, and the counts above them. */
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import type {Browser} from 'playwright-core';
import {openCalls} from './support/calls-page.ts';
import {endCall} from './support/ended-calls.ts';
import {launch, openTab, startTalkativeGateway} from './support/tab.ts';

const PHONE = {viewport: {width: 320, height: 640}, hasTouch: true, isMobile: true} as const;

let browser: Browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

test('a tap on a row opens its call, in progress or ended', async () => {
  await using gateway = await startTalkativeGateway();
  const ended = await endCall(gateway, {number: 1});
  const callSid = await gateway.place({to: '+15550100001'});
  await using calls = await openCalls(browser, gateway, {context: PHONE});
  await calls.tab.live();
  await calls.row(callSid).locator('[data-status]').tap();
  await calls.tab.at(`/calls/${callSid}`);
  await using tab = await openTab(browser, gateway, {context: PHONE, path: '/history'});
  await tab.page.locator(`tr[data-sid="${ended}"] [data-status]`).tap();
  await tab.at(`/calls/${ended}`);
});

test('a row of the live calls has a link that opens the call in another tab', async () => {
  await using gateway = await startTalkativeGateway();
  const callSid = await gateway.place({to: '+15550100001'});
  await using calls = await openCalls(browser, gateway);
  await calls.tab.live();
  const link = calls.row(callSid).getByRole('link', {name: /Open the call/});
  assert.equal(await link.getAttribute('href'), `/calls/${callSid}`);
  const opened = calls.page.context().waitForEvent('page');
  await link.click({modifiers: ['ControlOrMeta']});
  assert.equal(new URL((await opened).url()).pathname, `/calls/${callSid}`);
  assert.equal(calls.tab.address(), '/');
  await link.click();
  await calls.tab.at(`/calls/${callSid}`);
});

test('the navigation counts calls like the heading, without legs', async () => {
  await using gateway = await startTalkativeGateway();
  await using calls = await openCalls(browser, gateway);
  await calls.tab.live();
  await calls.page.getByRole('button', {name: 'Two legs'}).click();
  await calls.page.getByText('1 in progress · 1 leg').waitFor();
  await calls.page.getByRole('link', {name: 'Live calls 1 in progress'}).waitFor();
});

test('the fields of the dial form are in one row', async () => {
  await using gateway = await startTalkativeGateway();
  await using calls = await openCalls(browser, gateway);
  await calls.page.getByRole('button', {name: 'More options'}).click();
  const tops = [];
  for (const name of ['From', 'Connect to', 'TwiML', 'Metadata'])
    tops.push((await calls.page.getByRole('textbox', {name, exact: true}).boundingBox())?.y);
  assert.equal(new Set(tops).size, 1, tops.join());
});
