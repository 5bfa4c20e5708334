/** The form that places calls: what it refuses and where it says so, and that one submission is one call. */
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import type {Browser, Page, Route} from 'playwright-core';
import {launchChromium} from '../../support/chromium.ts';
import {startGateway} from '../../support/gateway.ts';
import {until} from '../../support/until.ts';
import {ConsolePage, textOf} from './console-page.ts';

let browser: Browser;
before(async () => {
  browser = await launchChromium();
});
after(() => browser.close());

test('the time of a call ticks while it talks, and is its duration in the end', async () => {
  await using gateway = await startGateway({simulator: {speed: 2}});
  await using view = await ConsolePage.live(browser, gateway);
  await view.says('#calls-empty', /^No calls\./);
  // As it is pasted from somewhere.
  await view.page.fill('#to', ' +1 (555) 010-0001 ');
  await view.page.click('#call');
  const sid = await until(async () => (await view.order())[0], {what: 'a row'});
  await view.shows(sid, 'ringing');
  const row = await view.shows(sid, 'in-progress');
  assert.match(await textOf(row), /^in progress outbound \+15005550006 → to \+15550100001 0:0\d Hang up$/);
  await view.says('#calls-count', /^1 in progress$/);
  await until(async () => (await view.seconds(sid)) >= 1, {what: 'the time to tick'});
  assert.ok(gateway.simulator.hangUp(sid));
  await view.shows(sid, 'completed');
  const {duration} = await gateway.callIn(sid, 'completed');
  assert.equal(await view.seconds(sid), duration);
  await view.says('#calls-count', /^0 in progress$/);
  view.assertFlawless();
});

test('a refusal is told next to the field it is about, which gets the focus', async () => {
  await using gateway = await startGateway({env: {ALLOWED_DESTINATIONS: '+1555'}});
  await using view = await ConsolePage.live(browser, gateway);
  await view.page.click('#call');
  await view.says('#to-error', /^Enter a number/);
  await view.page.fill('#to', '12345');
  await view.page.click('#call');
  await view.says('#to-error', /E\.164/);
  assert.equal(await view.focus(), 'to');
  assert.equal(await view.page.getAttribute('#to', 'aria-invalid'), 'true');
  await view.page.fill('#to', '+15550100001');
  await view.page.fill('#connect-to', '+442079460000');
  await view.page.keyboard.press('Enter');
  await view.says('#connect-to-error', /ALLOWED_DESTINATIONS/);
  assert.equal(await view.focus(), 'connect-to');
  assert.equal(await view.page.getAttribute('#to', 'aria-invalid'), null);
  gateway.simulator.setFaults({serverError: {probability: 1, status: 503}});
  await view.page.fill('#connect-to', '');
  await view.page.click('#call');
  await view.says('#dial-error', /Twilio/);
  assert.equal(await view.page.locator('#connect-to-error').isVisible(), false);
  assert.deepEqual(gateway.simulator.calls(), []);
  // The browser itself reports refused requests as errors; ours are the ones above.
  assert.ok(view.faults.every((fault) => fault.includes('Failed to load resource')));
});

test('[H1] the answer to a submission gets lost: it is sent again under its key, and one call is placed', async () => {
  await using gateway = await startGateway({simulator: {speed: 2}});
  const keys: (string | undefined)[] = [];
  const answer = async (route: Route) => {
    keys.push(route.request().headers()['idempotency-key']);
    if (keys.length > 1) return route.continue();
    await route.fetch();
    return route.abort('connectionreset');
  };
  await using view = await ConsolePage.live(browser, gateway, {
    prepare: async (page: Page) => {
      await page.route('**/api/calls', answer);
    },
  });
  await view.page.fill('#to', '+15550100001');
  await view.page.dblclick('#call');
  await view.says('#dial-note', /placed/);
  assert.equal(keys.length, 2);
  assert.match(String(keys[0]), /^[0-9a-f]{32}$/);
  assert.equal(keys[1], keys[0]);
  assert.equal(gateway.simulator.calls().length, 1);
  await view.page.fill('#to', '+15550100001');
  await view.page.click('#call');
  await until(() => gateway.simulator.calls().length === 2, {
    what: 'a second submission to be a second call',
  });
  assert.notEqual(keys[2], keys[0]);
});

test('pressed again while the first is under way, the button sends nothing', async () => {
  await using gateway = await startGateway({simulator: {speed: 2}});
  const {promise: pressedTwice, resolve: goOn} = Promise.withResolvers<void>();
  let requests = 0;
  await using view = await ConsolePage.live(browser, gateway, {
    prepare: async (page: Page) => {
      await page.route('**/api/calls', async (route) => {
        requests += 1;
        await pressedTwice;
        await route.continue();
      });
    },
  });
  await view.page.fill('#to', '+15550100001');
  await view.page.dblclick('#call');
  await view.page.press('#to', 'Enter');
  assert.equal(await view.page.getAttribute('#call', 'aria-disabled'), 'true');
  goOn();
  await view.says('#dial-note', /placed/);
  assert.equal(requests, 1);
});

test('[H1] whether a call was placed is not known: it says so, and pressing again does not dial again', async () => {
  await using gateway = await startGateway({simulator: {speed: 2}});
  await using view = await ConsolePage.live(browser, gateway);
  gateway.simulator.setFaults({createResponseLost: {probability: 1, times: 1}});
  await view.page.fill('#to', '+15550100001');
  await view.page.click('#call');
  await view.says('#dial-error', /may be a call/);
  const sid = await until(async () => (await view.order())[0], {what: 'the call that there was'});
  await view.page.click('#call');
  await view.says('#dial-note', /placed/);
  assert.deepEqual(
    gateway.simulator.calls().map((call) => call.sid),
    [sid],
  );
});
