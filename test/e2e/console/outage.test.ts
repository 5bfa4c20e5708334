/** Navigation during an outage: every screen opens, and loads its data by itself afterwards. */
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import type {Browser} from 'playwright-core';
import {until} from '../../support/until.ts';
import {CallsPage, GONE} from './support/calls-page.ts';
import {launch, openTab, startTalkativeGateway} from './support/tab.ts';

const ELSEWHERE = [
  {title: 'History', keys: ['g', 'h'], chunk: 'history'},
  {title: 'Webhooks', keys: ['g', 'w'], chunk: 'webhooks'},
  {title: 'Connections', keys: ['g', 's'], chunk: 'connections'},
  {title: 'Health', keys: ['g', 'd'], chunk: 'health'},
] as const;

let browser: Browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

test('[W11] during an outage, all screens, the help sheet and the palette open; afterwards they load by themselves', async () => {
  await using gateway = await startTalkativeGateway();
  const callSid = await gateway.place({to: '+15550100001'});
  await using tab = await openTab(browser, gateway, {noise: GONE});
  await tab.live();
  await new CallsPage(tab).row(callSid).waitFor();
  for (const {chunk} of ELSEWHERE) {
    const pattern = new RegExp(`/assets/${chunk}-[^/]+\\.js$`);
    await until(() => tab.requests.some((url) => pattern.test(url)), {what: `${chunk} to be loaded ahead`});
  }
  await tab.page.waitForLoadState('networkidle');
  await gateway.server.stop();
  await tab.shows(/Not live/);
  await tab.press('?');
  await tab.page.getByRole('dialog').getByRole('heading', {name: 'Keyboard shortcuts'}).waitFor();
  await tab.press('Escape', 'Control+k');
  await tab.page.getByRole('dialog', {name: 'Find a call or a command'}).waitFor();
  await tab.press('Escape');
  await tab.page.getByRole('dialog').waitFor({state: 'detached'});
  for (const {title, keys} of ELSEWHERE) {
    await tab.press(...keys);
    await tab.screen(title);
    await tab.shows('The gateway could not be reached.');
  }
  await tab.press('g', 'c');
  await tab.screen('Live calls');
  const banner = tab.page.getByRole('region', {name: 'Simulator'});
  await banner.getByText('The gateway could not be reached.').waitFor();
  await gateway.restart();
  await tab.live();
  await banner.getByRole('button', {name: 'Busy'}).waitFor();
  assert.equal(await banner.getByText('could not be reached').count(), 0);
});

test('[W11] a screen that failed during an outage loads its data afterwards', async () => {
  await using gateway = await startTalkativeGateway();
  await gateway.place({to: '+15550100001'});
  for (const {title, keys, chunk} of ELSEWHERE) {
    await using tab = await openTab(browser, gateway, {noise: GONE});
    await tab.live();
    const pattern = new RegExp(`/assets/${chunk}-[^/]+\\.js$`);
    await until(() => tab.requests.some((url) => pattern.test(url)), {what: `${chunk} to be loaded ahead`});
    await tab.page.waitForLoadState('networkidle');
    await gateway.server.stop();
    await tab.shows(/Not live/);
    await tab.press(...keys);
    await tab.screen(title);
    await tab.shows('The gateway could not be reached.');
    await gateway.restart();
    await tab.live();
    await until(async () => (await tab.page.getByText('The gateway could not be reached.').count()) === 0, {
      what: `${title} to load`,
      timeoutMs: 10_000,
    });
  }
});
