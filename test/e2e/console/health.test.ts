/** Health in a real browser: the doctor's checks and actions, charts, and the first visit. */
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {type HealthCheckId, healthCheckIds} from '@hookswitch/protocol';
import type {Browser, Locator} from 'playwright-core';
import type {CancelTimer} from '../../../src/clock.ts';
import {JWT_SECRET, signToken} from '../../support/auth/tokens.ts';
import {startGateway} from '../../support/gateway/gateway.ts';
import {HealthFront} from '../../support/health/health-front.ts';
import {postWebhook, someCallSid, statusFields} from '../../support/twilio/signed-webhook.ts';
import {until} from '../../support/until.ts';
import {ShiftedClock} from './support/ended-calls.ts';
import {launch, openTab, startTalkativeGateway, type Tab} from './support/tab.ts';

/** Messages of Chromium when a gateway stops. */
const GONE = [/WebSocket connection to .* failed/, /ERR_CONNECTION_(?:REFUSED|RESET)/, /status of 503/];
/** The gateway's sampling interval. */
const SAMPLE_MS = 5000;
const TOO_SOON = [/status of 429/];

let browser: Browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

function card(tab: Tab, id: HealthCheckId): Locator {
  return tab.page.locator(`[data-check="${id}"]`);
}

/** Resolves when a check has this status. */
async function found(tab: Tab, id: HealthCheckId, status: 'ok' | 'warning' | 'failed'): Promise<Locator> {
  await card(tab, id).locator(`[data-check-status="${status}"]`).waitFor();
  return card(tab, id);
}

test('[H8] a first visit runs all checks; each card has a result, evidence and one button; then a first call is placed', async () => {
  await using gateway = await startTalkativeGateway();
  await using tab = await openTab(browser, gateway);
  await tab.screen('Health');
  for (const id of healthCheckIds) {
    await card(tab, id).locator('[data-check-status="ok"], [data-check-status="warning"]').waitFor();
    assert.equal(await card(tab, id).getByRole('button').count(), 1, id);
    assert.ok((await card(tab, id).locator('dt').count()) > 0, id);
    await card(tab, id)
      .getByText(/took \d+/)
      .waitFor();
  }
  await tab.shows(/6 of 7 OK · 1 warning · last checked/);
  const start = tab.page.getByRole('region', {name: 'Getting started'});
  await start.getByText(/The setup is complete/).waitFor();
  assert.deepEqual(await tab.violations(), []);
  await tab.shot('health');
  await start.getByRole('button', {name: 'Place a first call'}).click();
  await until(() => tab.address().startsWith('/calls/CA'), {what: 'the call to be shown'});
  await tab.press('g', 'd');
  await tab.screen('Health');
  await start.waitFor({state: 'detached'});
  // The results are still shown.
  await found(tab, 'credentials', 'ok');
});

test('[H8] an unreachable PUBLIC_URL fails with its remedy, and is the next step', async () => {
  await using gateway = await startGateway({env: {PUBLIC_URL: 'http://127.0.0.1:9'}});
  await using tab = await openTab(browser, gateway, {path: '/health', noise: GONE});
  const failed = await found(tab, 'public-url', 'failed');
  await failed.getByText('127.0.0.1:9 refuses connections').first().waitFor();
  await found(tab, 'public-websocket', 'failed');
  const mark = failed.locator('[data-check-status]');
  assert.equal(await mark.innerText(), 'Failed');
  assert.equal(await mark.locator('svg').count(), 1);
  const start = tab.page.getByRole('region', {name: 'Getting started'});
  await start.getByText(/^Next: /).waitFor();
  await start.getByRole('button', {name: 'Show the check'}).click();
  const [next] = await tab.page.locator('[data-check]:has([data-check-status="failed"]) h3').all();
  await next?.and(tab.page.locator(':focus')).waitFor();
  assert.deepEqual(await tab.violations(), []);
  await tab.shot('health-failed');
  assert.equal(await start.getByRole('button', {name: 'Place a first call'}).count(), 0);
});

test("[H8] a button fixes the number's webhook, after a confirmation that explains the consequence", async () => {
  await using gateway = await startTalkativeGateway({simulator: {voiceUrl: 'https://old.example/voice'}});
  await using tab = await openTab(browser, gateway, {path: '/health'});
  const number = await found(tab, 'number', 'warning');
  await number.getByText('Incoming calls go elsewhere').waitFor();
  await number.getByRole('button', {name: 'Point the number here…'}).click();
  const question = tab.page.getByRole('alertdialog', {name: 'Point the number here?'});
  await question.getByText('Calls to it no longer go to https://old.example/voice.').waitFor();
  assert.deepEqual(await tab.violations(), []);
  await tab.press('Escape');
  await question.waitFor({state: 'detached'});
  await found(tab, 'number', 'warning');
  await number
    .getByRole('button', {name: 'Point the number here…'})
    .and(tab.page.locator(':focus'))
    .waitFor();
  await tab.press('Enter');
  await question.waitFor();
  await tab.press('Enter');
  await question.waitFor({state: 'detached'});
  await found(tab, 'number', 'ok');
  await number.getByText('The number is yours, and its calls come here.').waitFor();
  await number.getByRole('button', {name: /^Check again/}).waitFor();
  // It works: an inbound call appears.
  await gateway.simulator.placeInboundCall({from: '+15550100021'});
  await tab.page.getByRole('navigation').getByText('1 in progress').waitFor();
});

test('[H8] Twilio refuses the credentials: its error is shown, and the check can be run again', async () => {
  await using gateway = await startGateway({env: {TWILIO_AUTH_TOKEN: 'canary-wrong-token-0123456789'}});
  await using tab = await openTab(browser, gateway, {path: '/health', noise: TOO_SOON});
  const failed = await found(tab, 'credentials', 'failed');
  await failed.getByText('20003').waitFor();
  await tab.page
    .getByRole('region', {name: 'Getting started'})
    .getByText(/^Next: Twilio credentials/)
    .waitFor();
  assert.ok(!(await tab.page.content()).includes('canary'));
  // The doctor limits the rate, so the page waits and repeats the request.
  const checkedAt = () => failed.locator('time').getAttribute('datetime');
  const before = await checkedAt();
  await failed.getByRole('button').click();
  await failed.locator('[data-check-status="running"]').waitFor();
  await until(async () => (await checkedAt()) !== before, {what: 'the check to have run again'});
  await found(tab, 'credentials', 'failed');
  assert.equal(await failed.getByRole('alert').count(), 0);
});

test('[H8] while checks run, the page shows the progress and each result at once', async () => {
  const front = await new HealthFront().start();
  front.mode = 'silent';
  // The public origin differs from the page's, so the page's WebSocket is refused.
  await using gateway = await startGateway({env: {PUBLIC_URL: front.url}});
  await using tab = await openTab(browser, gateway, {path: '/health', noise: GONE});
  await found(tab, 'journal', 'ok');
  await tab.shows('Checking: 5 of 7 done');
  await card(tab, 'public-url').locator('[data-check-status="running"]').waitFor();
  assert.deepEqual(await tab.violations(), []);
  await tab.shot('health-running');
  await front[Symbol.asyncDispose]();
  await found(tab, 'public-url', 'failed');
  await tab.shows(/of 7 OK · \d failed/);
});

/** The system's clock, except that the test triggers the samples for the charts. */
class SampledClock extends ShiftedClock {
  readonly #samplers = new Set<() => void>();

  override every(intervalMs: number, fn: () => void): CancelTimer {
    if (intervalMs !== SAMPLE_MS) return super.every(intervalMs, fn);
    this.#samplers.add(fn);
    return () => this.#samplers.delete(fn);
  }

  sample(): void {
    for (const take of this.#samplers) take();
  }
}

test('[H8] each chart has its value, unit and range, and a description for screen readers', async () => {
  const clock = new SampledClock();
  await using gateway = await startTalkativeGateway({clock});
  const fields = {CallSid: someCallSid(1), CallStatus: 'ringing', SequenceNumber: '1'};
  await postWebhook(gateway, statusFields(gateway, fields));
  await postWebhook(gateway, statusFields(gateway, fields), {signature: 'wrong'});
  await using tab = await openTab(browser, gateway, {path: '/health'});
  const tile = (id: string) => tab.page.locator(`[data-metric="${id}"]`);
  await tab.page.getByRole('link', {name: 'Live calls 1 in progress'}).waitFor();
  clock.sample();
  // The second sample has no webhooks.
  clock.sample();
  await tile('webhooks').getByText('0 to 2').waitFor();
  await tile('refused').getByText('0 to 1').waitFor();
  await tile('webhooks').getByText('in 5 s').waitFor();
  await tile('calls').getByText('always 1').waitFor();
  await tile('memory').getByText('MiB', {exact: true}).waitFor();
  const curve = tab.page.getByRole('img', {
    name: /^Webhooks: 0 in 5 s, between 0 and 2 in the last minute\.$/,
  });
  await curve.waitFor();
  assert.equal(await tab.page.locator('[data-metric] [role="img"]').count(), 10);
  assert.deepEqual(await tab.violations(), []);
  await tab.shot('health-curves');
});

test('without a scope, the page names it; a read-only key gets no action buttons, and the reason', async () => {
  await using gateway = await startTalkativeGateway({env: {AUTH_JWT_SECRET: JWT_SECRET}});
  {
    const key = signToken('alice', {scope: ['calls:read']});
    await using tab = await openTab(browser, gateway, {path: '/health', key});
    await tab.shows('Your key does not allow viewing the gateway’s health');
    await tab.shows('sessions:read');
    assert.ok(!tab.requests.some((url) => url.includes('/api/health')));
    assert.deepEqual(await tab.violations(), []);
  }
  const key = signToken('bob', {scope: ['sessions:read']});
  await using tab = await openTab(browser, gateway, {path: '/health', key});
  const number = await found(tab, 'number', 'warning');
  await number.getByText('calls:control:all').waitFor();
  await number.getByRole('button', {name: /^Check again/}).waitFor();
  assert.equal(await tab.page.getByRole('button', {name: /Point the number|first call/}).count(), 0);
  assert.deepEqual(await tab.violations(), []);
});

test('by keyboard: r runs all checks, Tab moves between cards; everything fits in 320 px', async () => {
  await using gateway = await startTalkativeGateway();
  await using tab = await openTab(browser, gateway, {
    path: '/health',
    noise: TOO_SOON,
    context: {viewport: {width: 320, height: 640}},
  });
  const journal = await found(tab, 'journal', 'ok');
  assert.ok((await tab.overflow()) <= 0);
  await tab.shot('health-narrow');
  const checkedAt = () => journal.locator('time').getAttribute('datetime');
  const before = await checkedAt();
  await tab.press('r');
  await until(async () => (await checkedAt()) !== before, {what: 'the journal to be checked again'});
  await tab.page.getByRole('button', {name: 'Place a first call'}).focus();
  await tab.press('Tab');
  await card(tab, 'credentials').getByRole('button').and(tab.page.locator(':focus')).waitFor();
  await tab.press('Tab');
  await card(tab, 'number').getByRole('button').and(tab.page.locator(':focus')).waitFor();
});

test('during an outage, the results stay and are marked as stale; afterwards they update again', async () => {
  await using gateway = await startTalkativeGateway();
  await using tab = await openTab(browser, gateway, {path: '/health', noise: GONE});
  await found(tab, 'journal', 'ok');
  await gateway.server.drain();
  await tab.page.getByRole('button', {name: 'Check again: Clock'}).click();
  await card(tab, 'clock').getByRole('alert').getByText('could not be reached').waitFor();
  await tab.shows(/Last updated/);
  await found(tab, 'journal', 'ok');
  assert.deepEqual(await tab.violations(), []);
  await gateway.restart();
  await tab.page
    .getByText(/Last updated/)
    .first()
    .waitFor({state: 'detached', timeout: 30_000});
});
