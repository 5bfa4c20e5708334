/** One call in a real browser: its state, its timeline, the evidence, and the way back. */
import assert from 'node:assert/strict';
import {rm} from 'node:fs/promises';
import {after, before, test} from 'node:test';
import type {CallDetail} from '@hookswitch/protocol';
import type {Browser} from 'playwright-core';
import {JWT_SECRET, signToken} from '../../support/auth/tokens.ts';
import type {TestGateway} from '../../support/gateway/gateway.ts';
import {postWebhook, someCallSid, statusFields} from '../../support/twilio/signed-webhook.ts';
import {until} from '../../support/until.ts';
import {GONE, openCalls} from './support/calls-page.ts';
import {launch, startTalkativeGateway} from './support/tab.ts';

const NOT_FOUND = [/^Failed to load resource: .* status of 404/];

let browser: Browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

/** A call with a late callback, and one that was received three times. */
async function crookedCall(gateway: TestGateway): Promise<string> {
  const CallSid = someCallSid(7);
  const send = async (CallStatus: string, SequenceNumber: string, more: Record<string, string> = {}) => {
    const fields = statusFields(gateway, {CallSid, CallStatus, SequenceNumber, ...more});
    assert.equal((await postWebhook(gateway, fields)).status, 204);
  };
  await send('initiated', '0');
  await send('in-progress', '2');
  await send('ringing', '1');
  await send('in-progress', '2');
  await send('in-progress', '2');
  return CallSid;
}

test('[H2] a link opens a call with its legs, live until its end', async () => {
  await using gateway = await startTalkativeGateway();
  const callSid = await gateway.place({
    to: '+15550100001',
    connectTo: '+15550100002',
    metadata: {ticket: 'T-4711'},
  });
  await using calls = await openCalls(browser, gateway, {path: `/calls/${callSid}`});
  const {tab, page} = calls;
  await tab.screen('Call to +1555•••••01');
  await tab.live();
  assert.equal(await page.title(), 'Call to +1555•••••01 · Hookswitch');
  const summary = page.getByRole('region', {name: 'Summary'});
  await summary.getByText('In progress').first().waitFor();
  await summary.getByText('T-4711').waitFor();
  await summary.getByRole('link', {name: /\+1555•••••02/}).waitFor();
  await page.getByRole('img', {name: /^Call: dialing .*, talking .* so far$/}).waitFor({state: 'attached'});
  await page.getByRole('img', {name: /^Leg: /}).waitFor({state: 'attached'});
  await tab.press('x', 'Enter');
  await summary.getByText('Completed').first().waitFor();
  await page.getByRole('img', {name: /^Call: .*, completed$/}).waitFor({state: 'attached'});
  await page.getByRole('row', {name: /Hang-up requested by operator/}).waitFor();
  assert.equal(await page.getByRole('button', {name: 'Hang up'}).count(), 0);
  const {body}: {body: CallDetail} = await gateway.api(`/api/calls/${callSid}`);
  await until(async () => (await page.locator('tr[data-offset]').count()) === body.events.length, {
    what: 'every event of the journal in the table',
  });
  await summary.getByRole('link', {name: /\+1555•••••02/}).click();
  await tab.at(`/calls/${body.legs[0]?.callSid}`);
  await page.getByRole('link', {name: callSid}).click();
  await tab.screen('Call to +1555•••••01');
});

test('[J4] the timeline: marks are reachable by keyboard, show their verdict on focus and hover, and lead to their event', async () => {
  await using gateway = await startTalkativeGateway();
  const callSid = await crookedCall(gateway);
  await using calls = await openCalls(browser, gateway, {path: `/calls/${callSid}`});
  const {tab, page} = calls;
  await tab.live();
  const marks = page.locator('svg [data-place]');
  await marks.first().waitFor();
  assert.equal(await page.locator('svg [data-place][tabindex="0"]').count(), 1, 'one tab stop');
  await marks.first().focus();
  const tip = page.locator('[data-tip]');
  await tip.getByText('It changed the call').first().waitFor();
  await tab.press('Escape');
  await tip.waitFor({state: 'detached'});
  assert.equal(tab.address(), `/calls/${callSid}`);
  await tab.press('End');
  const late = page.locator('svg [data-hollow]').last();
  await late.hover();
  await tip
    .getByText(/Late\./)
    .first()
    .waitFor();
  await tab.shot('call-late');
  const name = (
    await page
      .locator('svg [data-place]')
      .evaluateAll((all) => all.map((each) => each.getAttribute('aria-label')))
  ).join(' ');
  assert.match(name, /A newer state was known when it arrived/);
  assert.match(name, /Received again 2 times/);
  // The repeat is next to the original, at the same height.
  const solid = page.locator('svg [data-place]:not([data-hollow])').last();
  const again = page.getByRole('button', {name: /^In progress, .* Duplicate\. Received again 2 times/});
  assert.equal(await again.getAttribute('data-hollow'), 'true');
  const [left, right] = [await solid.boundingBox(), await again.boundingBox()];
  assert.ok(left !== null && right !== null && left.y === right.y && right.x > left.x);
  await again.hover();
  await tip.getByText('Duplicate.').waitFor();
  await marks.first().focus();
  await tab.press('Enter');
  await page.locator('tr[data-offset][aria-current="true"]:focus').waitFor();
  await page.getByRole('region', {name: 'Raw fields'}).getByText('initiated', {exact: true}).waitFor();
  await page.getByRole('row', {name: /Ringing .*Late/}).waitFor();
  await page.getByText('×3').last().waitFor();
  // Rows by keyboard.
  await tab.press('j', 'Enter');
  await page.getByRole('region', {name: 'Parsed'}).nth(1).waitFor();
  await tab.press('Enter');
  await page.getByRole('region', {name: 'Parsed'}).nth(1).waitFor({state: 'detached'});
});

test('[H2] unknown, foreign and invalid sids get the same response', async () => {
  await using gateway = await startTalkativeGateway({env: {AUTH_JWT_SECRET: JWT_SECRET}});
  const foreign = await gateway.place({to: '+15550100001'});
  const key = signToken('eve', {scope: ['calls:read']});
  const pathOf = (sid: string) => `/calls/${encodeURIComponent(sid)}`;
  const hostile = '<img src=x>';
  await using calls = await openCalls(browser, gateway, {path: pathOf(hostile), key, noise: NOT_FOUND});
  for (const sid of [hostile, foreign, someCallSid(404), 'CA']) {
    await calls.tab.go(pathOf(sid));
    await calls.tab.shows('Call not found');
    await calls.tab.shows(/is unknown to this gateway, is not visible to your key, or ended so long/);
    await calls.page.locator('code').getByText(sid, {exact: true}).waitFor();
    assert.deepEqual(await calls.tab.violations(), []);
  }
});

test('[J8] a call that is deleted from the journal stays on the open page, with a note', async () => {
  await using gateway = await startTalkativeGateway();
  const callSid = await gateway.place({to: '+15550100101'});
  await gateway.callIn(callSid, 'busy');
  const noise = [...NOT_FOUND, ...GONE];
  await using calls = await openCalls(browser, gateway, {path: `/calls/${callSid}`, noise});
  const {tab, page} = calls;
  await tab.live();
  await page.getByRole('region', {name: 'Summary'}).getByText('Busy').first().waitFor();
  await gateway.server.stop();
  for (const suffix of ['', '-wal', '-shm', '.mark']) await rm(gateway.databaseFile + suffix, {force: true});
  await gateway.restart();
  await page.getByText('The gateway no longer keeps this call.').waitFor({timeout: 20_000});
  await page.getByRole('region', {name: 'Summary'}).getByText('Busy').first().waitFor();
  assert.ok((await page.locator('tr[data-offset]').count()) > 0);
});

test('sid, link and JSON can be copied, without the key', async () => {
  await using gateway = await startTalkativeGateway();
  const callSid = await gateway.place({to: '+15550100001'});
  const context = {permissions: ['clipboard-read', 'clipboard-write']};
  await using calls = await openCalls(browser, gateway, {path: `/calls/${callSid}`, context});
  const {tab, page} = calls;
  await tab.live();
  const copied = () => page.evaluate<string>('navigator.clipboard.readText()');
  await page.getByRole('button', {name: 'Copy call sid'}).click();
  await until(async () => (await copied()) === callSid, {what: 'the sid'});
  await page.getByRole('button', {name: 'Copy link to this call'}).click();
  await until(async () => (await copied()) === `${gateway.url}/calls/${callSid}`, {what: 'the link'});
  await page.getByRole('button', {name: 'Copy the call as JSON'}).first().click();
  await until(async () => (await copied()).startsWith('{'), {what: 'JSON'});
  assert.equal(JSON.parse(await copied()).callSid, callSid);
  await page.getByRole('button', {name: 'Show JSON'}).click();
  await page.getByRole('region', {name: 'the call as JSON'}).getByText('"providerStatus"').first().waitFor();
});

test('going back restores the filter, row and scroll position', async () => {
  await using gateway = await startTalkativeGateway();
  for (let index = 0; index < 30; index += 1) await gateway.place({to: '+15550100001', metadata: {n: index}});
  const context = {viewport: {width: 1000, height: 600}};
  await using calls = await openCalls(browser, gateway, {path: '/?q=5550100001', context});
  const {tab, page} = calls;
  await tab.live();
  await calls.rows.nth(29).waitFor();
  await tab.press('k');
  const last = page.locator('tr[aria-current="true"]:focus');
  await last.waitFor();
  const sid = await last.getAttribute('data-sid');
  const scrolled = await page.evaluate<number>('scrollY');
  assert.ok(scrolled > 0);
  await tab.press('Enter');
  await tab.at(`/calls/${sid}`);
  await page.getByRole('button', {name: /^Back/}).click();
  await tab.at('/?q=5550100001');
  await page.locator(`tr[data-sid="${sid}"][aria-current="true"]`).waitFor();
  await until(async () => (await page.evaluate<number>('scrollY')) > 0, {what: 'the scroll position'});
  assert.equal(await page.getByRole('searchbox').inputValue(), '5550100001');
});

test('light, dark and narrow pages have no violations; the timeline scrolls in its own box', async () => {
  await using gateway = await startTalkativeGateway();
  const callSid = await gateway.place({
    to: '+15550100001',
    connectTo: '+15550100002',
    metadata: {ticket: 'T-1'},
  });
  await gateway.callIn(callSid, 'in-progress');
  for (const [name, width, colorScheme] of [
    ['light', 1280, 'light'],
    ['dark', 1280, 'dark'],
    ['narrow', 320, 'dark'],
  ] as const) {
    const context = {colorScheme, viewport: {width, height: 900}};
    await using calls = await openCalls(browser, gateway, {path: `/calls/${callSid}`, context});
    const {tab, page} = calls;
    await tab.live();
    await page.locator('svg [data-place]').nth(3).waitFor();
    await tab.press('j', 'Enter');
    await page.getByRole('region', {name: 'Raw fields'}).waitFor();
    assert.deepEqual(await tab.violations(), [], name);
    assert.ok((await tab.overflow()) <= 0, name);
    await page.locator('svg [data-place]').nth(1).focus();
    await tab.shot(`call-${name}`);
  }
});
