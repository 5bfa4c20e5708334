/** A browser whose clock is wrong: every duration and every relative time follows the gateway's. */
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import type {Browser} from 'playwright-core';
import {until} from '../../support/until.ts';
import {GONE, openCalls} from './support/calls-page.ts';
import {launch, startTalkativeGateway, type Tab} from './support/tab.ts';

const HOUR_MS = 3_600_000;

/** `__shift` milliseconds are added to the page's wall clock; the monotonic clock stays as it is. */
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

/** Seconds that every duration on the page shows: `PT12S`. */
async function seconds(tab: Tab): Promise<number[]> {
  const texts = await tab.page.evaluate<string[]>(
    `[...document.querySelectorAll('main time[datetime^="PT"]')].map((time) => time.dateTime)`,
  );
  return texts.map((text) => Number(/^PT(\d+)S$/.exec(text)?.[1]));
}

async function assertRight(tab: Tab): Promise<void> {
  // A clock that is behind would show 0 for three hours.
  const shown = await until(
    async () => {
      const found = await seconds(tab);
      return found.length > 0 && found.every((each) => each > 0) && found;
    },
    {what: 'durations that count'},
  );
  // The test itself takes less than ten minutes on any machine; the browser's clock is hours off.
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
    const asked = tab.requests.filter((url) => url.endsWith('/api/info')).length;
    await page.evaluate('globalThis.__shift = 0');
    await until(() => tab.requests.filter((url) => url.endsWith('/api/info')).length > asked, {
      what: 'the gateway to be asked again',
    });
    await tab.go('/');
    await assertRight(tab);
    await page.evaluate(`globalThis.__shift = ${hours * HOUR_MS}`);
    await gateway.server.stop();
    const note = await tab.shows(/Not live/);
    const asOf = Date.parse((await note.locator('time').first().getAttribute('datetime')) ?? '');
    assert.ok(Math.abs(asOf - Date.now()) < 600_000, 'as of the gateway’s clock');
    await assertRight(tab);
  });
}
