/** A browser with a wrong clock: all durations and relative times follow the gateway's clock. */
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import type {Browser} from 'playwright-core';
import {until} from '../../support/until.ts';
import {GONE, openCalls} from './support/calls-page.ts';
import {launch, startTalkativeGateway, type Tab} from './support/tab.ts';

const HOUR_MS = 3_600_000;

/** Adds `__shift` milliseconds to the page's wall clock; the monotonic clock stays unchanged. */
const WRONG_CLOCK = (shiftMs: number) => `{
  globalThis.__shift = ${shiftMs};
  const Right = Date;
  globalThis.Date = class extends Right {
    constructor(...given) {
      if (given.length === 0) super(Right.now() + globalThis.__shift);
      else super(...given);
    }
    static now() {
      return Right.now() + globalThis.__shift;
    }
  };
}`;

let browser: Browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

/** The seconds of all durations on the page: `PT12S`. */
async function seconds(tab: Tab): Promise<number[]> {
  const texts = await tab.page.evaluate<string[]>(
    `[...document.querySelectorAll('main time[datetime^="PT"]')].map((time) => time.dateTime)`,
  );
  return texts.map((text) => Number(/^PT(\d+)S$/.exec(text)?.[1]));
}

async function assertRight(tab: Tab): Promise<void> {
  // With a clock that is behind, durations would be 0 for three hours.
  const shown = await until(
    async () => {
      const found = await seconds(tab);
      return found.length > 0 && found.every((each) => each > 0) && found;
    },
    {what: 'durations that count'},
  );
  // The test takes less than ten minutes on any machine; the browser's clock is off by hours.
  for (const each of shown) assert.ok(each < 600, `${each} s`);
  const relative = await tab.page.evaluate<string>('document.querySelector("main").innerText');
  assert.doesNotMatch(relative, /\d h ago|in \d+ (?:h|min)/);
}

for (const hours of [14, -3]) {
  test(`the browser's clock is ${hours} h off, then set right: durations and relative times are the gateway's throughout`, async () => {
    await using gateway = await startTalkativeGateway();
    const callSid = await gateway.place({to: '+15550100001'});
    await gateway.callIn(callSid, 'in-progress');
    await using calls = await openCalls(browser, gateway, {
      noise: GONE,
      prepare: async (page) => {
        await page.addInitScript(WRONG_CLOCK(hours * HOUR_MS));
      },
    });
    const {tab, page} = calls;
    await tab.live();
    await calls.says(callSid, 'In progress');
    await assertRight(tab);
    await tab.shot(`clock-${hours}`);
    for (const path of [`/calls/${callSid}`, '/connections', '/health']) {
      await tab.go(path);
      await page.getByRole('heading', {level: 1}).waitFor();
      if (path.startsWith('/calls')) await assertRight(tab);
      else await tab.shows(/\d s ago|now/);
      assert.doesNotMatch(await page.locator('main').innerText(), /\d h ago|in \d+ h/, path);
    }
    await tab.go('/');
    await assertRight(tab);
    await page.evaluate('globalThis.__shift = 0');
    await assertRight(tab);
    await page.evaluate(`globalThis.__shift = ${hours * HOUR_MS}`);
    await gateway.server.stop();
    const note = await tab.shows(/Not live/);
    const asOf = Date.parse((await note.locator('time').first().getAttribute('datetime')) ?? '');
    assert.ok(Math.abs(asOf - Date.now()) < 600_000, 'as of the gateway’s clock');
    await assertRight(tab);
  });
}

test("without a WebSocket, durations follow the gateway's clock as of the sign-in", async () => {
  await using gateway = await startTalkativeGateway();
  const callSid = await gateway.place({to: '+15550100001'});
  await gateway.callIn(callSid, 'in-progress');
  await using calls = await openCalls(browser, gateway, {
    path: `/calls/${callSid}`,
    noise: GONE,
    prepare: async (page) => {
      await page.addInitScript(WRONG_CLOCK(14 * HOUR_MS));
      await page.routeWebSocket('**/ws*', (socket) => socket.close({code: 4403, reason: 'no'}));
    },
  });
  await calls.tab.shows(/The connection has stopped/);
  await assertRight(calls.tab);
});
