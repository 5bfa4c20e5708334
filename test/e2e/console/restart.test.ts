/** Reloads, restarts, kills and slow tabs: the console recovers, says so, and misses nothing. */
import assert from 'node:assert/strict';
import {rm} from 'node:fs/promises';
import {after, before, test} from 'node:test';
import type {CallDetail, CallPage, CallStatusMessage} from '@hookswitch/protocol';
import type {Browser} from 'playwright-core';
import {openBench} from '../../support/gateway/process-gateway.ts';
import {until} from '../../support/until.ts';
import {type CallsPage, GONE, openCalls} from './support/calls-page.ts';
import {launch, startTalkativeGateway, type Tab} from './support/tab.ts';

const KEY = 'process-access-key-0123456789';

let browser: Browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

/** Every `call.status` that the tab received, over all its connections. */
function statuses({sockets}: Tab): CallStatusMessage[] {
  return sockets
    .flatMap(({received}) => received)
    .filter((message): message is CallStatusMessage => message.type === 'call.status');
}

test('[W11] a reload during a call resumes: nothing is missed, nothing is repeated', async () => {
  await using gateway = await startTalkativeGateway();
  await using calls = await openCalls(browser, gateway);
  const {tab, page} = calls;
  await tab.live();
  const callSid = await calls.dial('+15550100001');
  await calls.says(callSid, 'In progress');
  await page.reload();
  await tab.live();
  await calls.says(callSid, 'In progress');
  const ready = tab.sockets.at(-1)?.received.find((message) => message.type === 'session.ready');
  assert.ok(ready?.type === 'session.ready' && ready.recovered, 'the session was resumed');
  gateway.simulator.hangUp(callSid);
  await calls.says(callSid, 'Completed');
  const seen = statuses(tab)
    .filter((message) => message.callSid === callSid)
    .map(({offset}) => offset);
  const {body}: {body: CallDetail} = await gateway.api(`/api/calls/${callSid}`);
  const applied = body.events
    .filter((event) => event.kind === 'status' && event.verdict === 'applied')
    .map(({offset}) => offset);
  assert.deepEqual(seen, applied);
});

test('[J7] [W11] the gateway is killed while the page is open: the page is marked as not live, then as caught up', async () => {
  await using bench = await openBench();
  const variables = {VOICE_TWIML: '<Response><Pause length="3600"/></Response>'};
  const first = await bench.start(variables).listening();
  await using calls = await openCalls(browser, bench, {key: KEY, noise: GONE});
  const {tab, page} = calls;
  await tab.live();
  const ends = await calls.dial('+15550100001');
  const stays = await calls.dial('+15550100002');
  await calls.says(ends, 'In progress');
  await calls.says(stays, 'In progress');
  first.signal('SIGKILL');
  await first.exited();
  await tab.shows(/Not live: the calls are shown as of/);
  assert.equal(await page.locator('[data-stale]').count(), 1);
  assert.ok(await page.getByRole('button', {name: 'Call', exact: true}).isDisabled());
  assert.ok(await calls.row(stays).getByRole('button', {name: 'Hang up'}).isDisabled());
  const time = calls.row(stays).locator('time').last();
  const frozen = await time.textContent();
  await tab.shot('killed');
  assert.equal(await time.textContent(), frozen, 'a stale time does not tick');
  await bench.start(variables).listening();
  // Before or after the page reconnects: in both cases the page receives the end.
  bench.simulator.hangUp(ends);
  await tab.live();
  await tab.shows(/Caught up/);
  await calls.says(ends, 'Completed');
  assert.equal(await page.locator('[data-stale]').count(), 0);
  await calls.says(stays, 'In progress');
  await tab.shot('restarted');
  await matches(calls, async () => (await bench.api('/api/calls?status=active')).json() as Promise<CallPage>);
  const offsets = statuses(tab).map(({offset}) => offset);
  assert.deepEqual(
    offsets,
    offsets.toSorted((a, b) => a - b),
    'in order',
  );
  assert.equal(new Set(offsets).size, offsets.length, 'each once');
  await calls.row(stays).getByRole('button', {name: 'Hang up'}).click();
  await page.getByRole('alertdialog').getByRole('button', {name: 'Hang up'}).click();
  await calls.says(stays, 'Completed');
});

test('[W11] if the journal cannot resume, the page reloads, and calls with an unknown outcome are not shown as live', async () => {
  await using gateway = await startTalkativeGateway();
  const noise = [...GONE, /status of 404/];
  await using calls = await openCalls(browser, gateway, {noise});
  const {tab, page} = calls;
  await tab.live();
  const callSid = await calls.dial('+15550100001');
  await calls.says(callSid, 'In progress');
  await gateway.server.stop();
  await tab.shows(/Not live/);
  for (const suffix of ['', '-wal', '-shm', '.mark']) await rm(gateway.databaseFile + suffix, {force: true});
  await gateway.restart();
  await tab.live();
  await tab.shows(/Reloaded: the gateway could not resume/);
  await calls.says(callSid, 'Outcome unknown');
  assert.equal(await calls.row(callSid).getAttribute('data-life'), 'vanished');
  assert.equal(await page.locator('[data-stale]').count(), 0);
});

test('[W12] [W13] a tab that lags by hundreds of changes catches up, and receives each once', async () => {
  await using gateway = await startTalkativeGateway({simulator: {speed: 50}});
  await using calls = await openCalls(browser, gateway);
  const {tab, page} = calls;
  await tab.live();
  const first = await calls.dial('+15550100002');
  await calls.says(first, 'In progress');
  // Blocks the page for a while, like a busy or background tab.
  const busy = page.evaluate(
    `{ const until = performance.now() + 3000; while (performance.now() < until); }`,
  );
  const sids = await Promise.all(
    Array.from({length: 80}, (_, index) =>
      gateway.place({to: index % 2 === 0 ? '+15550100101' : '+15550100001'}),
    ),
  );
  for (const [index, sid] of sids.entries())
    await gateway.callIn(sid, index % 2 === 0 ? 'busy' : 'in-progress');
  await busy;
  await matches(calls, async () => (await gateway.api('/api/calls?status=active&limit=200')).body);
  const offsets = statuses(tab).map(({offset}) => offset);
  assert.equal(new Set(offsets).size, offsets.length, 'each once');
  const ofCalls = new Set(statuses(tab).map(({callSid}) => callSid));
  assert.deepEqual(
    sids.filter((sid) => !ofCalls.has(sid)),
    [],
    'of every call',
  );
  for (const [index, sid] of sids.entries()) {
    if (index % 20 === 0) await calls.says(sid, 'Busy');
  }
});

/** Resolves when the rows in progress equal the gateway's. */
async function matches({page}: CallsPage, ask: () => Promise<CallPage>): Promise<void> {
  await until(
    async () => {
      const shown = await page.evaluate<string[]>(
        `[...document.querySelectorAll('tr[data-life="in-progress"]')].map(({dataset}) => dataset.sid).sort()`,
      );
      const {calls} = await ask();
      return (
        shown.join() ===
        calls
          .map(({callSid}) => callSid)
          .toSorted()
          .join()
      );
    },
    {what: 'the rows to equal the calls in progress', timeoutMs: 20_000},
  );
}
