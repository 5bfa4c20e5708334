/** The live calls and call pages in a tab that is not on its first visit. */
import assert from 'node:assert/strict';
import type {Browser, Locator} from 'playwright-core';
import {until} from '../../../support/until.ts';
import {openTab, type Served, type Tab, type TabOptions} from './tab.ts';

/** Messages of Chromium when a gateway stops. */
export const GONE: readonly RegExp[] = [
  /WebSocket connection to .* failed/,
  /ERR_CONNECTION_(?:REFUSED|RESET)/,
  /status of 503/,
];

/** A first visit would open the health page. */
const VISITED = `sessionStorage.setItem('hookswitch.visited', '1');`;

/** Records the statuses of each row, and counts changes of anything but times. */
const RECORDER = `{
  const said = globalThis.__said = {};
  globalThis.__changes = 0;
  const note = (changes) => {
    for (const {target} of changes) {
      const element = target instanceof Element ? target : target.parentElement;
      if (element?.closest('table') && !element.closest('time')) globalThis.__changes += 1;
    }
    for (const row of document.querySelectorAll('tr[data-sid]')) {
      const words = said[row.dataset.sid] ??= [];
      const word = row.querySelector('[data-status]')?.textContent ?? '';
      if (words.at(-1) !== word) words.push(word);
    }
  };
  new MutationObserver(note).observe(document, {subtree: true, childList: true, characterData: true, attributes: true});
}`;

export class CallsPage {
  readonly tab: Tab;

  constructor(tab: Tab) {
    this.tab = tab;
  }

  get page() {
    return this.tab.page;
  }

  row(callSid: string): Locator {
    return this.page.locator(`tr[data-sid="${callSid}"]`);
  }

  /** The number field of the dial form. */
  get number(): Locator {
    return this.page.getByRole('textbox', {name: 'Call', exact: true});
  }

  get rows(): Locator {
    return this.page.locator('tr[data-sid]');
  }

  /** Sids of the rows, top to bottom. */
  async sids(): Promise<string[]> {
    return this.page.evaluate<string[]>(
      `[...document.querySelectorAll('tr[data-sid]')].map(({dataset}) => dataset.sid)`,
    );
  }

  /** Resolves when the row has this status. */
  async says(callSid: string, status: string | RegExp): Promise<Locator> {
    const row = this.row(callSid);
    await row.locator('[data-status]').getByText(status).waitFor();
    return row;
  }

  /** The statuses of the row since the page was loaded, each once. */
  async said(callSid: string): Promise<string[]> {
    return (await this.page.evaluate<Record<string, string[]>>('globalThis.__said'))[callSid] ?? [];
  }

  /** Distance from the top of the window, in pixels. */
  async top(callSid: string): Promise<number> {
    const box = await this.row(callSid).boundingBox();
    assert.ok(box !== null, `${callSid} is on the page`);
    return box.y;
  }

  /** Places a call from the form and returns its sid, once its row exists. */
  async dial(to: string): Promise<string> {
    const before = new Set(await this.sids());
    const answered = this.page.waitForResponse((response) => response.request().method() === 'POST');
    await this.number.fill(to);
    await this.page.keyboard.press('Enter');
    const {callSid} = (await (await answered).json()) as {callSid: string};
    assert.ok(!before.has(callSid));
    await this.row(callSid).waitFor();
    return callSid;
  }

  /** Resolves when exactly these rows are shown, in this order. */
  async shows(expected: readonly string[]): Promise<void> {
    await until(async () => (await this.sids()).join() === expected.join(), {
      what: `the rows ${expected.join()}`,
    });
  }
}

/** Opens a tab on the live calls, or at `options.path`. */
export async function openCalls(
  browser: Browser,
  gateway: Served,
  options: TabOptions = {},
): Promise<CallsPage & AsyncDisposable> {
  const tab = await openTab(browser, gateway, {
    ...options,
    prepare: async (page) => {
      await page.addInitScript(VISITED);
      await page.addInitScript(RECORDER);
      await options.prepare?.(page);
    },
  });
  // Screens are separate chunks, and their shortcuts work only once they are loaded.
  await tab.page.getByRole('heading', {level: 1}).waitFor();
  return Object.assign(new CallsPage(tab), {[Symbol.asyncDispose]: () => tab[Symbol.asyncDispose]()});
}
