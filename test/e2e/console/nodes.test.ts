/** A cluster as one of its nodes shows it: sessions with their nodes, and nodes that leave. */
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import type {Browser} from 'playwright-core';
import {startCluster} from '../../support/gateway/cluster-gateways.ts';
import {launch, openTab} from './support/tab.ts';

let browser: Browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

test('[H4] the sessions of all nodes are listed with their node; a node that stops disappears', async (t) => {
  const {nodes} = await startCluster(t, 2);
  const [first, second] = nodes;
  assert.ok(first !== undefined && second !== undefined);
  const {sessionId} = await (await second.session()).ready();
  await using tab = await openTab(browser, first, {path: '/connections'});
  await tab.live();
  const {page} = tab;
  const table = page.getByRole('table', {name: 'Nodes'});
  await table.locator('tr[data-node="node-1"]').getByText('Serves this page').waitFor();
  await table.locator('tr[data-node="node-2"]').getByText('in sync').waitFor();
  const elsewhere = page.locator(`tr[data-session="${sessionId}"]`);
  await elsewhere.getByText('node-2').waitFor();
  await page.locator('tr[data-session]').filter({hasText: 'This page'}).getByText('node-1').waitFor();
  assert.deepEqual(await tab.violations(), []);
  await tab.shot('nodes');
  await elsewhere.getByRole('button', {name: /^Show messages/}).click();
  await page.getByRole('dialog').getByText('node-2').waitFor();
  await page.keyboard.press('Escape');
  await page.mouse.move(0, 0);
  await second.server.stop();
  await table.locator('tr[data-node="node-2"]').waitFor({state: 'detached'});
  // The row has the focus, so it stays and is marked.
  await elsewhere.getByText('Closed').waitFor();
});
