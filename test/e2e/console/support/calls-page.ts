/** The live calls and a call as a person sees them, in a tab that has been here before. */
import assert from 'node:assert/strict';
import type {Browser, Locator} from 'playwright-core';
import {until} from '../../../support/until.ts';
import {openTab, type Served, type Tab, type TabOptions} from './tab.ts';

/** What Chromium itself writes when a gateway goes away. */
export const GONE: readonly RegExp[] = [
  /WebSocket connection to .* failed/,
  /ERR_CONNECTION_(?:REFUSED|RESET)/,
  /status of 503/,
];

/** A first run would start on the health page. */
const VISITED = `sessionStorage.setItem('hookswitch.visited', '1');`;

/** Notes what each row said, change by change, and how often anything but the time in it changed. */
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

  /** The field of the form. */
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

  /** Resolves when the row says so. */
  async says(callSid: string, status: string | RegExp): Promise<Locator> {
    const row = this.row(callSid);
    await row.locator('[data-status]').getByText(status).waitFor();
    return row;
  }

  /** What the row has said since the page was loaded, each status once. */
  async said(callSid: string): Promise<string[]> {
    return (await this.page.evaluate<Record<string, string[]>>('globalThis.__said'))[callSid] ?? [];
  }

  /** From the top of the window, pixels. */
  async top(callSid: string): Promise<number> {
    const box = await this.row(callSid).boundingBox();
    assert.ok(box !== null, `${callSid} is on the page`);
    return box.y;
  }

  /** Places a call from the form and returns its sid, once there is a row for it. */
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

  /** Resolves when these rows are shown, in this order, and no others. */
  async shows(expected: readonly string[]): Promise<void> {
    await until(async () => (await this.sids()).join() === expected.join(), {
      what: `the rows ${expected.join()}`,
    });
  }
}

/** A tab on the live calls, or at `options.path`. */
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
  // Screens are chunks of their own: their keys mean nothing before they are there.
  await tab.page.getByRole('heading', {level: 1}).waitFor();
  return Object.assign(new CallsPage(tab), {[Symbol.asyncDispose]: () => tab[Symbol.asyncDispose]()});
}
