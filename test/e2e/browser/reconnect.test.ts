/** A gateway that restarts below a browser that is away: what Twilio told meanwhile is on the page afterwards. */
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import type {ProviderStatus} from '@hookswitch/protocol';
import type {Browser} from 'playwright-core';
import {launchChromium} from '../../support/chromium.ts';
import type {TestGateway} from '../../support/gateway.ts';
import {postWebhook, someCallSid, statusFields} from '../../support/signed-webhook.ts';
import {until} from '../../support/until.ts';
import {openTab, startTalkativeGateway, type Tab} from './tab.ts';

/** Of attempts to connect while there is nothing to connect to, or something that is just going away. */
const refused =
  /^WebSocket connection to 'ws:.*' failed: .*(net::ERR_(INTERNET_DISCONNECTED|CONNECTION_(REFUSED|RESET|CLOSED))|response code: 503)$/;

let browser: Browser;
before(async () => {
  browser = await launchChromium();
});
after(() => browser.close());

async function tell(gateway: TestGateway, CallSid: string, CallStatus: ProviderStatus, sequence: number) {
  const fields = {CallSid, CallStatus, SequenceNumber: String(sequence)};
  const ended: Record<string, string> = CallStatus === 'completed' ? {CallDuration: '65'} : {};
  const response = await postWebhook(gateway, statusFields(gateway, {...fields, ...ended}));
  assert.equal(response.status, 204);
}

/** The page shows the calls that the API has, each in the status that it has there. */
async function sameTruth(tab: Tab): Promise<void> {
  const {calls} = (await tab.gateway.api('/api/calls?limit=100')).body;
  const pairs = (list: {callSid: string; status: string}[]) =>
    list
      .map(({callSid, status}) => `${callSid} ${status}`)
      .sort((a, b) => a.localeCompare(b))
      .join();
  await until(
    async () => {
      const rows = await tab.page.evaluate<{callSid: string; status: string}[]>(
        `[...document.querySelectorAll('#rows tr')].map(({dataset: {sid, status}}) => ({callSid: sid, status}))`,
      );
      return pairs(rows) === pairs(calls);
    },
    {what: `the page to show ${pairs(calls)}`},
  );
}

test('[W11] [W12] the gateway restarts while the browser is away: the page says so, and catches up', async () => {
  await using gateway = await startTalkativeGateway();
  await using tab = await openTab(browser, gateway, {noise: [refused]});
  await tab.live();
  const [ends, rings, comes, goes] = [1, 2, 3, 4].map(someCallSid) as [string, string, string, string];
  await tell(gateway, ends, 'in-progress', 2);
  await tell(gateway, rings, 'ringing', 1);
  await tab.says(ends, 'in progress');
  await tab.says(rings, 'ringing');
  await tab.context().setOffline(true);
  await gateway.restart();
  await tab.offline();
  await tab.shows('#connection-word', 'reconnecting');
  await tab.shows('#connection-detail', /Calls are shown as of /);
  await tell(gateway, ends, 'completed', 3);
  await tell(gateway, rings, 'in-progress', 2);
  await tell(gateway, comes, 'ringing', 1);
  await tell(gateway, goes, 'in-progress', 2);
  await tell(gateway, goes, 'completed', 3);
  // It knows nothing of that yet, and claims nothing.
  assert.equal(await tab.page.locator('#rows tr').count(), 2);
  await tab.row(ends).getByText('in progress').waitFor();
  assert.equal(await tab.row(ends).locator('button').getAttribute('aria-disabled'), 'true');
  // The browser says that it is online again, and the page does not wait for its next attempt.
  await tab.context().setOffline(false);
  await tab.live();
  await tab.shows('#connection-detail', /nothing since .* was missed/);
  await tab.says(ends, 'completed');
  await tab.says(rings, 'in progress');
  await tab.says(comes, 'ringing');
  await tab.says(goes, 'completed');
  assert.equal(await tab.row(ends).locator('.time').textContent(), '1:05');
  await sameTruth(tab);
  assert.ok(tab.sockets.slice(1).every((url) => /[?&]epoch=[^&]+&offset=\d+$/.test(url)));
});

test('[W3] [W11] a reload in the middle, and another while the gateway restarts', async () => {
  await using gateway = await startTalkativeGateway();
  await using tab = await openTab(browser, gateway, {noise: [refused]});
  await tab.live();
  const talking = await tab.dial('+15550100001');
  await tab.says(talking, 'in progress');
  await tab.page.reload();
  await tab.live();
  await tab.says(talking, 'in progress');
  await gateway.restart();
  await tab.page.reload();
  await tab.live();
  await tab.row(talking).getByText('Hang up').click();
  await tab.says(talking, 'completed');
  await sameTruth(tab);
});
