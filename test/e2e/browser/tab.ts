/** The page in a browser of its own, what it shows, and everything that went wrong in it. */
import assert from 'node:assert/strict';
import type {Browser, BrowserContext, BrowserContextOptions, Locator, Page} from 'playwright-core';
import {ACCESS_KEY, startGateway, type TestGateway, type TestGatewayOptions} from '../../support/gateway.ts';
import {until} from '../../support/until.ts';

export interface TabOptions {
  /** In the address; `null` for none. @default the gateway's */
  readonly key?: string | null;
  readonly context?: BrowserContextOptions;
  /**
   * What the browser itself writes to the console about requests that this test lets fail. Everything else that is
   * written there as a warning or error fails the test.
   */
  readonly noise?: readonly RegExp[];
}

/** Notes what each row said, change by change, and what the policy of the page forbade. */
const RECORDER = `{
  const seen = globalThis.__seen = {};
  const note = () => {
    for (const row of document.querySelectorAll('#rows tr')) {
      const words = seen[row.dataset.sid] ??= [];
      const word = row.querySelector('.word').textContent;
      if (words.at(-1) !== word) words.push(word);
    }
  };
  new MutationObserver(note).observe(document, {subtree: true, childList: true, characterData: true});
  addEventListener('securitypolicyviolation', ({violatedDirective, blockedURI}) =>
    console.error('policy: ' + violatedDirective + ' ' + blockedURI));
}`;

export class Tab implements AsyncDisposable {
  readonly page: Page;
  readonly gateway: TestGateway;
  /** Warnings and errors of the console, and what nobody caught. */
  readonly faults: string[] = [];
  /** Of the same kind, but expected. */
  readonly excused: string[] = [];
  /** Addresses of the WebSockets it opened. */
  readonly sockets: string[] = [];
  /** What it said on them. */
  readonly sent: string[] = [];
  readonly #context: BrowserContext;

  constructor(gateway: TestGateway, context: BrowserContext, page: Page, noise: readonly RegExp[]) {
    this.gateway = gateway;
    this.#context = context;
    this.page = page;
    page.setDefaultTimeout(10_000);
    page.on('pageerror', (error) => this.faults.push(`uncaught: ${error.stack ?? error.message}`));
    page.on('crash', () => this.faults.push('the page crashed'));
    page.on('websocket', (socket) => {
      this.sockets.push(socket.url());
      socket.on('framesent', ({payload}) => this.sent.push(String(payload)));
    });
    page.on('console', (message) => {
      if (message.type() !== 'error' && message.type() !== 'warning') return;
      const text = message.text();
      const list = noise.some((pattern) => pattern.test(text)) ? this.excused : this.faults;
      list.push(`${message.type()}: ${text}`);
    });
  }

  /** The page with the key in its address, as the gateway prints it. */
  async open(key: string | null = ACCESS_KEY): Promise<this> {
    await this.page.goto(`${this.gateway.url}/${key === null ? '' : `#key=${key}`}`);
    return this;
  }

  /** Resolves when the page says that it is live. */
  async live(): Promise<this> {
    await this.page.locator('[data-phase="live"] #connection-word').getByText('live').waitFor();
    return this;
  }

  async offline(): Promise<void> {
    await this.page.locator('#connection:not([data-phase="live"])').waitFor();
  }

  context(): BrowserContext {
    return this.#context;
  }

  row(callSid: string): Locator {
    return this.page.locator(`tr[data-sid="${callSid}"]`);
  }

  /** Resolves when the row of the call says so. */
  async says(callSid: string, status: string | RegExp): Promise<void> {
    await this.row(callSid).locator('.status').getByText(status).first().waitFor();
  }

  /** Resolves when an element shows such text. */
  async shows(selector: string, text: string | RegExp): Promise<void> {
    await this.page.locator(selector).filter({hasText: text, visible: true}).first().waitFor();
  }

  /** Sids from top to bottom. */
  order(): Promise<string[]> {
    return this.page.evaluate<string[]>(
      `[...document.querySelectorAll('#rows tr')].map((row) => row.dataset.sid)`,
    );
  }

  /** Every status that the row of the call has shown. */
  async seen(callSid: string): Promise<unknown> {
    return this.page.evaluate(`globalThis.__seen['${callSid}']`);
  }

  /** Fills the form and presses its button; resolves with the sid that Twilio gave. */
  async dial(to: string, connectTo = ''): Promise<string> {
    const before = this.gateway.simulator.calls().length;
    await this.page.fill('#to', to);
    await this.page.fill('#connect-to', connectTo);
    await this.page.click('#call');
    return this.placed(before);
  }

  /** Resolves with the sid of call number `index` at Twilio. */
  async placed(index: number): Promise<string> {
    const call = await until(() => this.gateway.simulator.calls()[index], {what: 'a call at Twilio'});
    return call.sid;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#context.close();
    // Beside the error of a test that failed for another reason, the runner would print neither.
    if (this.faults.length > 0) process.stderr.write(`${this.faults.join('\n')}\n`);
    assert.deepEqual(this.faults, [], 'console and uncaught errors of the page');
  }
}

/** A tab with storage and cookies of its own; when it is closed, nothing may have gone wrong in it. */
export async function openTab(
  browser: Browser,
  gateway: TestGateway,
  {key = ACCESS_KEY, context: options, noise = []}: TabOptions = {},
): Promise<Tab> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  await page.addInitScript(RECORDER);
  return new Tab(gateway, context, page, noise).open(key);
}

/** A gateway whose calls last until somebody hangs up. */
export function startTalkativeGateway({env, simulator}: TestGatewayOptions = {}): Promise<TestGateway> {
  return startGateway({
    env: {VOICE_TWIML: '<Response><Pause length="3600"/></Response>', ...env},
    simulator: {speed: 10, ...simulator},
  });
}
