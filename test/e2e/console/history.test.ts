/** The history in a real browser: paging, filters in the URL, the chart. */
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import type {Browser} from 'playwright-core';
import {JWT_SECRET, signToken} from '../../support/auth/tokens.ts';
import type {TestGateway} from '../../support/gateway/gateway.ts';
import {postWebhook, someCallSid, statusFields} from '../../support/twilio/signed-webhook.ts';
import {until} from '../../support/until.ts';
import {type EndedCall, endCall, ShiftedClock} from './support/ended-calls.ts';
import {launch, openTab, startTalkativeGateway, type Tab} from './support/tab.ts';

/** Messages of Chromium about expected error responses. */
const REFUSED = [/^Failed to load resource: .* status of [45]\d\d/];
const HOUR_MS = 3_600_000;

let browser: Browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

async function sids(tab: Tab): Promise<string[]> {
  return tab.page.evaluate<string[]>(
    `[...document.querySelectorAll('tr[data-sid]')].map(({dataset}) => dataset.sid)`,
  );
}

/** Resolves when exactly these rows are shown, in this order. */
async function shows(tab: Tab, expected: readonly string[]): Promise<void> {
  await until(async () => (await sids(tab)).join() === expected.join(), {
    what: `the rows ${expected.map((sid) => sid.slice(-4)).join()}`,
  });
}

/** Sids, newest first. */
async function endCalls(gateway: TestGateway, calls: readonly EndedCall[]): Promise<string[]> {
  const ended: string[] = [];
  for (const call of calls) ended.unshift(await endCall(gateway, call));
  return ended;
}

function range(count: number): number[] {
  return Array.from({length: count}, (_, index) => index + 1);
}

const OUTCOMES = ['completed', 'completed', 'busy', 'completed', 'no-answer', 'canceled', 'failed'] as const;

test('[H2] more than 200 ended calls are paged; the back button and a reload keep the page', async () => {
  await using gateway = await startTalkativeGateway();
  const all = await endCalls(
    gateway,
    range(230).map((number) => ({number})),
  );
  const pages = [0, 50, 100, 150, 200].map((start) => all.slice(start, start + 50));
  await using tab = await openTab(browser, gateway, {path: '/history'});
  const {page} = tab;
  await shows(tab, pages[0] ?? []);
  await tab.shows('50 calls.');
  for (const [index, expected] of pages.entries()) {
    if (index > 0) await page.getByRole('button', {name: 'Older'}).click();
    await shows(tab, expected);
  }
  await tab.shows(/30 calls, page 5\. End of the list/);
  assert.equal(await page.getByRole('button', {name: 'Older'}).count(), 0);
  await page.goBack();
  await shows(tab, pages[3] ?? []);
  await page.reload();
  await shows(tab, pages[3] ?? []);
  await page.getByRole('button', {name: 'Newer'}).click();
  await shows(tab, pages[2] ?? []);
  // After opening a row in the middle and going back: same page, same row, same scroll position.
  const row = page.locator(`tr[data-sid="${pages[2]?.[30]}"]`);
  await row.scrollIntoViewIfNeeded();
  await row.click();
  const top = async () => (await row.boundingBox())?.y ?? 0;
  const place = await top();
  assert.ok((await page.evaluate<number>('scrollY')) > 500);
  const asked = tab.requests.length;
  await tab.press('Enter');
  await tab.at(`/calls/${pages[2]?.[30]}`);
  await tab.screen(/^Call to/);
  await page.goBack();
  await shows(tab, pages[2] ?? []);
  await until(async () => Math.abs((await top()) - place) < 2, {what: 'the scroll position'});
  assert.equal(await row.getAttribute('aria-current'), 'true');
  assert.ok(tab.requests.slice(asked).some((url) => url.includes('cursor=')));
  await page.getByRole('button', {name: 'Newest'}).click();
  await shows(tab, pages[0] ?? []);
  await tab.at('/history');
  // A shared link to a page in the middle.
  await tab.open(
    `/history?cursor=${new URL(tab.requests.findLast((url) => url.includes('cursor=')) ?? '').searchParams.get('cursor')}`,
  );
  await shows(tab, pages[2] ?? []);
  await tab.shows('50 calls, older calls.');
  assert.equal(await page.getByRole('button', {name: 'Newer'}).count(), 0);
});

test('[H2] filters are in the URL: typed, shared, reloaded, undone by the back button; typing keeps the focus', async () => {
  await using gateway = await startTalkativeGateway();
  const [done, busy, missed, inbound] = (
    await endCalls(gateway, [
      {number: 1},
      {number: 2, status: 'busy'},
      {number: 3, status: 'no-answer'},
      {number: 4, fields: {Direction: 'inbound', From: '+14155550123', To: '+15005550006'}},
    ])
  ).toReversed();
  assert.ok(done && busy && missed && inbound);
  const leg = await endCall(gateway, {
    number: 5,
    fields: {ParentCallSid: done, Direction: 'outbound-dial'},
  });
  await using tab = await openTab(browser, gateway, {path: '/history'});
  const {page} = tab;
  await shows(tab, [inbound, missed, busy, done]);
  await tab.press('/');
  const field = page.getByRole('searchbox');
  await field.pressSequentially('(415) 555', {delay: 30});
  await shows(tab, [inbound]);
  await tab.at('/history?q=%28415%29+555');
  await page.locator('input[type="search"]:focus').waitFor();
  assert.equal(await field.inputValue(), '(415) 555');
  await page.goBack();
  await shows(tab, [inbound, missed, busy, done]);
  assert.equal(await field.inputValue(), '');
  await page.getByRole('button', {name: 'Busy'}).click();
  await page.getByRole('button', {name: 'No answer'}).click();
  await shows(tab, [missed, busy]);
  await tab.at('/history?outcome=busy%2Cno-answer');
  await page.reload();
  await shows(tab, [missed, busy]);
  assert.equal(await page.getByRole('button', {name: 'Busy'}).getAttribute('aria-pressed'), 'true');
  await page.goBack();
  await shows(tab, [busy]);
  await page.getByRole('button', {name: 'Clear filter'}).click();
  await page.getByLabel('Direction').selectOption('Inbound');
  await shows(tab, [inbound]);
  await tab.at('/history?direction=inbound');
  await page.getByLabel('Direction').selectOption('Outbound');
  await shows(tab, [missed, busy, done]);
  await page.getByLabel('Include legs').check();
  await shows(tab, [leg, missed, busy, done]);
  await tab.at('/history?direction=outbound&legs=shown');
  await tab.open(`/history?q=${leg}`);
  await tab.shows('No ended call matches the filter');
  await page.getByRole('button', {name: 'Include legs'}).click();
  await shows(tab, [leg]);
  await tab.open('/history?range=24h&outcome=completed');
  await shows(tab, [inbound, done]);
  await tab.open('/history?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z');
  await tab.shows('Invalid time range');
  await page.getByLabel('To', {exact: true}).fill('2026-01-03T00:00');
  await tab.shows('No ended call matches the filter');
  await page.getByRole('button', {name: 'Clear filter'}).first().click();
  await shows(tab, [inbound, missed, busy, done]);
});

test('[H2] calls per hour by outcome and answer rate: by pointer, by keyboard, as a table; a bar opens its calls', async () => {
  const clock = new ShiftedClock();
  await using gateway = await startTalkativeGateway({clock});
  // In the middle of an hour, so that the hour changes at most once during the test.
  let number = 0;
  const byHour = new Map<number, string[]>();
  for (let hoursAgo = 30; hoursAgo >= 1; hoursAgo -= 1) {
    clock.shiftMs = -hoursAgo * HOUR_MS;
    const calls = range(hoursAgo === 3 ? 7 : hoursAgo % 4).map((index) => {
      number += 1;
      return {number, status: OUTCOMES[(index - 1) % OUTCOMES.length] ?? 'completed'};
    });
    byHour.set(hoursAgo, await endCalls(gateway, calls));
  }
  clock.shiftMs = 0;
  await using tab = await openTab(browser, gateway, {
    path: '/history',
    context: {viewport: {width: 1280, height: 900}},
  });
  const {page} = tab;
  const figure = page.getByRole('figure', {name: 'Calls per hour, the last 24 hours'});
  await figure.waitFor();
  const slider = figure.getByRole('slider');
  assert.equal(await slider.getAttribute('aria-valuemax'), '23');
  const ended = async () => page.locator('figure dd').first().textContent();
  const counted = [...byHour]
    .filter(([hoursAgo]) => hoursAgo <= 23)
    .reduce((sum, [, {length}]) => sum + length, 0);
  assert.equal(await ended(), String(counted));
  await slider.focus();
  await tab.press('End', 'ArrowLeft', 'ArrowLeft', 'ArrowLeft');
  const text = await slider.getAttribute('aria-valuetext');
  assert.match(
    text ?? '',
    /: 7 ended, 43 % answered: 3 completed, 1 busy, 1 no answer, 1 canceled, 1 failed$/,
  );
  assert.equal(await ended(), '7');
  // The same with a pointer, three bars from the right.
  await tab.press('Tab');
  assert.equal(await ended(), String(counted));
  const box = await slider.boundingBox();
  assert.ok(box !== null);
  const slot = (box.width - 44) / 24;
  await page.mouse.move(box.x + 44 + slot * 20.5, box.y + 40);
  await until(async () => (await ended()) === '7', {what: 'the numbers of the bar'});
  await tab.shot('history-hover');
  await page.mouse.move(0, 0);
  assert.equal(await ended(), String(counted));
  await slider.focus();
  await tab.press('End', 'ArrowLeft', 'ArrowLeft', 'ArrowLeft', 'Enter');
  await shows(tab, byHour.get(3) ?? []);
  assert.match(tab.address(), /^\/history\?from=[^&]+&to=[^&]+$/);
  await page.goBack();
  await figure.getByRole('button', {name: 'Show table'}).click();
  const table = figure.getByRole('table');
  await table.waitFor();
  assert.equal(
    await table.locator('tbody tr').count(),
    [...byHour].filter(([hoursAgo, {length}]) => hoursAgo <= 23 && length > 0).length,
  );
  await tab.shot('history-table');
  assert.deepEqual(await tab.violations(), []);
  // Longer periods have wider bars.
  await page.getByRole('combobox', {name: 'When'}).selectOption('Last 30 days');
  await page.getByRole('figure', {name: 'Calls per 4 hours, the last 30 days'}).waitFor();
  await page.getByRole('button', {name: 'Show chart'}).click();
  assert.equal(await ended(), String(number));
  await page.getByRole('button', {name: 'Failed'}).click();
  await tab.shows('The chart counts all calls of the period. The filter’s outcome applies only to the list.');
  // A URL with unknown values.
  await tab.open('/history?outcome=bussy,failed&direction=up');
  await tab.shows(
    'Ignored in the filter: outcome “bussy”, direction “up”. This page does not know these values.',
  );
  await page.getByRole('button', {name: 'Failed', pressed: true}).waitFor();
});

test('an empty history shows its first call; later calls wait behind a pill, and the rows do not move', async () => {
  await using gateway = await startTalkativeGateway();
  await using tab = await openTab(browser, gateway, {path: '/history'});
  const {page} = tab;
  await tab.shows('No calls have ended yet');
  assert.deepEqual(await tab.violations(), []);
  const first = await endCall(gateway, {number: 1});
  await shows(tab, [first]);
  const second = await endCall(gateway, {number: 2, status: 'busy'});
  await page.getByRole('button', {name: '1 new'}).waitFor();
  assert.deepEqual(await sids(tab), [first]);
  await tab.press('n');
  await shows(tab, [second, first]);
});

test('by keyboard: filter, list, numbers, a call and back', async () => {
  await using gateway = await startTalkativeGateway();
  const [third, second, first] = await endCalls(
    gateway,
    range(3).map((number) => ({number})),
  );
  await using tab = await openTab(browser, gateway, {path: '/history'});
  const {page} = tab;
  await shows(tab, [third ?? '', second ?? '', first ?? '']);
  await tab.press('j', 'j');
  const row = page.locator('tr[data-sid]:focus');
  assert.equal(await row.getAttribute('data-sid'), second);
  assert.ok(!(await row.textContent())?.includes('+15550100002'));
  await tab.press('r');
  await row.getByText('+15550100002').waitFor();
  await tab.press('k', 'ArrowDown', 'Enter');
  await tab.at(`/calls/${second}`);
  await page.goBack();
  await shows(tab, [third ?? '', second ?? '', first ?? '']);
  await tab.press('j');
  assert.equal(await row.getAttribute('data-sid'), first);
  await tab.press('/');
  await page.locator('input[type="search"]:focus').waitFor();
});

test('[A2] a key for own calls sees only those; a key for none gets the missing scope', async () => {
  await using gateway = await startTalkativeGateway({env: {AUTH_JWT_SECRET: JWT_SECRET}});
  await endCall(gateway, {number: 1});
  await using own = await openTab(browser, gateway, {
    path: '/history',
    key: signToken('ada', {scope: ['calls:read']}),
  });
  await own.shows('your own calls');
  await own.shows('No calls have ended yet');
  await using none = await openTab(browser, gateway, {
    path: '/history',
    key: signToken('bob', {scope: ['sessions:read']}),
    noise: [...REFUSED, /WebSocket/],
  });
  await none.shows('Your key does not allow viewing calls');
  await none.shows('calls:read:all');
});

test('a failure is shown and can be retried; the name of a caller is rendered as text', async () => {
  await using gateway = await startTalkativeGateway();
  const hostile = '<img src=x onerror=alert(1)>';
  const CallSid = someCallSid(9);
  const fields = statusFields(gateway, {
    CallSid,
    CallStatus: 'completed',
    SequenceNumber: '3',
    Direction: 'inbound',
    From: `sip:${hostile}@example.com`,
  });
  assert.equal((await postWebhook(gateway, fields)).status, 204);
  await using tab = await openTab(browser, gateway, {
    path: '/history',
    noise: REFUSED,
    prepare: async (page) => {
      let isFirst = true;
      await page.route('**/api/calls?**', async (route) => {
        if (!isFirst) return route.continue();
        isFirst = false;
        return route.fulfill({
          status: 503,
          contentType: 'application/problem+json',
          body: '{"detail":"It is full."}',
        });
      });
    },
  });
  await tab.shows('It is full.');
  await tab.page.getByRole('button', {name: 'Try again'}).click();
  await shows(tab, [CallSid]);
  await tab.press('j', 'r');
  await tab.page.locator('tr[data-sid]').getByText(hostile).waitFor();
  assert.equal(await tab.page.locator('main img').count(), 0);
});

test('light, dark and 320 px pages have no violations and do not scroll sideways', async () => {
  const clock = new ShiftedClock();
  await using gateway = await startTalkativeGateway({clock});
  let number = 0;
  for (const hoursAgo of range(23).toReversed()) {
    clock.shiftMs = -hoursAgo * HOUR_MS;
    for (const index of range((hoursAgo * 7) % 11)) {
      number += 1;
      await endCall(gateway, {number, status: OUTCOMES[(index * hoursAgo) % OUTCOMES.length] ?? 'completed'});
    }
  }
  clock.shiftMs = 0;
  for (const [name, context] of [
    ['light', {colorScheme: 'light', viewport: {width: 1280, height: 900}}],
    ['dark', {colorScheme: 'dark', viewport: {width: 1280, height: 900}}],
    ['narrow', {colorScheme: 'light', viewport: {width: 320, height: 800}}],
  ] as const) {
    await using tab = await openTab(browser, gateway, {path: '/history', context});
    await tab.page.locator('tr[data-sid]').first().waitFor();
    await tab.page.getByRole('slider').waitFor();
    assert.deepEqual(await tab.violations(), [], name);
    assert.equal(await tab.overflow(), 0, name);
    await tab.shot(`history-${name}`);
    await tab.go('/history?q=nobody&from=2026-01-01T00:00:00Z&to=2026-01-03T00:00:00Z&legs=shown');
    await tab.shows('No ended call matches the filter');
    assert.deepEqual(await tab.violations(), [], name);
    assert.equal(await tab.overflow(), 0, name);
    await tab.shot(`history-${name}-empty`);
  }
});
