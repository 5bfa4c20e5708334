/** The line to the gateway as the page sees it: keys, drops, restarts, silence, and coming back without a gap. */
import assert from 'node:assert/strict';
import {rm} from 'node:fs/promises';
import {after, before, test} from 'node:test';
import type {Browser, Page} from 'playwright-core';
import {launchChromium} from '../../support/chromium.ts';
import {startGateway, type TestGateway} from '../../support/gateway.ts';
import {until} from '../../support/until.ts';
import {ConsolePage, textOf} from './console-page.ts';
import {Line} from './line.ts';

const TALK = '<Response><Pause length="600"/></Response>';

let browser: Browser;
before(async () => {
  browser = await launchChromium();
});
after(() => browser.close());

/** Every applied status of these calls by the journal's own account, and by what the page was sent. */
async function assertNothingMissed(gateway: TestGateway, view: ConsolePage, sids: readonly string[]) {
  for (const sid of sids) {
    const {body} = await gateway.api(`/api/calls/${sid}`);
    const expected: number[] = body.events
      .filter(
        ({verdict, kind}: {verdict: string; kind: string}) => verdict === 'applied' && kind === 'status',
      )
      .map(({offset}: {offset: number}) => offset);
    assert.ok(expected.length >= 4, `${sid} has ${expected.length} entries`);
    assert.deepEqual(
      view.statuses(sid).map(({offset}) => offset),
      expected,
    );
  }
  const offsets = view.statuses().map(({offset}) => offset);
  assert.deepEqual(
    offsets,
    [...new Set(offsets)].sort((a, b) => a - b),
  );
}

function readies(view: ConsolePage) {
  return view.sockets.flatMap(({received}) => received).filter((message) => message.type === 'session.ready');
}

test('[W11] the gateway restarts: the page says so, comes back by itself, and has missed nothing', async () => {
  await using gateway = await startGateway();
  await using view = await ConsolePage.live(browser, gateway);
  const before = await gateway.place({to: '+15550100001', twiml: TALK});
  await view.shows(before, 'in-progress');
  await gateway.server.drain();
  await view.phase('waiting');
  await view.says('#connection-word', /^reconnecting$/);
  await view.says('#connection-countdown', /^in \d+ s$/);
  await view.says('#connection-detail', /Calls are shown as of /);
  const shown = await view.seconds(before);
  await gateway.restart();
  gateway.simulator.hangUp(before);
  const during = await gateway.place({to: '+15550100501'});
  await view.phase('live');
  await view.says('#connection-detail', /nothing since .* was missed/);
  await view.shows(before, 'completed');
  await view.shows(during, 'completed');
  assert.ok((await view.seconds(before)) >= shown);
  assert.deepEqual(
    readies(view).map(({recovered}) => recovered),
    [false, true],
  );
  await assertNothingMissed(gateway, view, [before, during]);
});

test('[W11] [W12] what happens while the line is cut is replayed once, and the table says how it ended', async () => {
  await using line = await Line.open();
  await using gateway = await startGateway({env: {ALLOWED_ORIGINS: line.url}});
  line.leadTo(gateway.environment.port);
  await using view = await ConsolePage.live(browser, gateway, {url: line.url});
  const sids = [await gateway.place({to: '+15550100001', twiml: TALK})];
  await view.shows(sids[0] ?? '', 'in-progress');
  for (let cut = 0; cut < 3; cut += 1) {
    line.cut();
    await view.phase('waiting');
    // Hanging up now is refused in words, and not done later behind anybody's back.
    await view.row(sids.at(-1) ?? '').click();
    await view.page.keyboard.press('x');
    await view.says(`tr[data-sid="${sids.at(-1)}"] .error`, /^Not connected/);
    gateway.simulator.hangUp(sids.at(-1) ?? '');
    await gateway.callIn(sids.at(-1) ?? '', 'completed');
    const next = await gateway.place({to: '+15550100001', twiml: TALK});
    await gateway.callIn(next, 'in-progress');
    line.restore();
    // By script: the page may be coming back by itself this very moment, and then there is no such button.
    await view.page.evaluate(`document.querySelector('#reconnect').click()`);
    await view.shows(sids.at(-1) ?? '', 'completed');
    await view.shows(next, 'in-progress');
    sids.push(next);
  }
  assert.equal(await view.page.locator('tr').count(), 1 + 4);
  assert.deepEqual(view.sent, []);
  assert.ok(
    readies(view)
      .slice(1)
      .every(({recovered}) => recovered),
  );
  await assertNothingMissed(gateway, view, sids.slice(0, 3));
});

test('[W6] a line that has gone silent is noticed by its missing heartbeats', async () => {
  await using line = await Line.open();
  await using gateway = await startGateway({env: {ALLOWED_ORIGINS: line.url, SESSION_TIMEOUT_MS: '1000'}});
  line.leadTo(gateway.environment.port);
  await using view = await ConsolePage.live(browser, gateway, {url: line.url});
  line.fallSilent();
  const sid = await gateway.place({to: '+15550100101'});
  await until(() => view.sockets.length === 2, {what: 'a second connection', timeoutMs: 15_000});
  await view.shows(sid, 'failed');
  assert.deepEqual(view.sent, []);
});

test('[W11] another journal: what was in progress is shown as ended unseen, not as going on', async () => {
  await using gateway = await startGateway();
  await using view = await ConsolePage.live(browser, gateway);
  const lost = await gateway.place({to: '+15550100001', twiml: TALK});
  await view.shows(lost, 'in-progress');
  const ended = await gateway.place({to: '+15550100101'});
  await view.shows(ended, 'failed');
  await gateway.server.drain();
  for (const suffix of ['', '-wal', '-shm', '.mark']) await rm(gateway.databaseFile + suffix, {force: true});
  await gateway.restart();
  await view.says('#connection-detail', /begun afresh/);
  assert.match(await textOf(await view.shows(lost, 'unseen')), /^ended while not connected/);
  await view.shows(ended, 'failed');
  assert.equal(await view.row(lost).locator('button').isVisible(), false);
  const next = await gateway.place({to: '+15550100101'});
  await view.shows(next, 'failed');
});

/** A gateway that closes every connection at once with a code. */
async function closesWith(page: Page, code: number, counted: {connections: number}): Promise<void> {
  await page.routeWebSocket('**/ws*', async (socket) => {
    counted.connections += 1;
    await socket.close({code, reason: 'Because.'});
  });
}

test('close 4400, 4403, 1009: the page stops, says why, and comes back only when asked to', async () => {
  await using gateway = await startGateway();
  for (const code of [4400, 4403, 1009]) {
    const counted = {connections: 0};
    await using view = await ConsolePage.open(browser, gateway, {
      prepare: (page) => closesWith(page, code, counted),
    });
    await view.phase('stopped');
    await view.says('#connection', /^stopped/);
    await view.says('#connection-detail', /^Because\. This page does not try again by itself\.$/);
    await view.says('#calls-empty', /^Not connected/);
    await view.page.evaluate(`dispatchEvent(new Event('online'))`);
    assert.equal(counted.connections, 1);
    await view.page.click('#reconnect');
    await until(() => counted.connections >= 2);
    await view.phase('stopped');
    assert.equal(counted.connections, 2);
  }
});

test('close 1001, 4408, 4413, 4429, 4500 over and over: the page comes back, ever later', async () => {
  await using gateway = await startGateway();
  await Promise.all(
    [1001, 4408, 4413, 4429, 4500].map(async (code) => {
      const counted = {connections: 0};
      await using view = await ConsolePage.open(browser, gateway, {
        prepare: (page) => closesWith(page, code, counted),
      });
      await until(() => counted.connections === 3);
      await view.phase('waiting');
      await view.says('#connection', /^reconnecting in \d+ s/);
      await view.says('#connection-detail', /^Because\.$/);
    }),
  );
});
