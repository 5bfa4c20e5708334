/** The page in a real browser, with everything it was told, everything it said, and everything it should not have done. */
import assert from 'node:assert/strict';
import type {CallStatusMessage, ServerMessage} from '@hookswitch/protocol';
import type {Browser, BrowserContextOptions, Locator, Page} from 'playwright-core';
import {ACCESS_KEY, type TestGateway} from '../../support/gateway.ts';
import type {Json} from '../../support/json.ts';
import {until} from '../../support/until.ts';

const TIMEOUT_MS = 15_000;

export interface OpenOptions {
  /** @default the gateway's own address */
  readonly url?: string;
  /** What follows the address. @default the right key */
  readonly fragment?: string;
  readonly browserContext?: BrowserContextOptions;
  /** Before the page is loaded. */
  readonly prepare?: (page: Page) => Promise<void>;
}

export class ConsolePage implements AsyncDisposable {
  readonly page: Page;
  /** One a WebSocket, oldest first. */
  readonly sockets: {readonly url: string; readonly received: ServerMessage[]}[] = [];
  readonly sent: Json[] = [];
  /** Errors on the console, exceptions, refused content, requests to anywhere else. */
  readonly faults: string[] = [];

  private constructor(page: Page, origin: string) {
    this.page = page;
    page.setDefaultTimeout(TIMEOUT_MS);
    page.on('pageerror', (error) => this.faults.push(`exception: ${error.message}`));
    page.on('console', (message) => {
      if (message.type() === 'error') this.faults.push(`console: ${message.text()}`);
    });
    page.on('request', (request) => {
      if (!request.url().startsWith(`${origin}/`)) this.faults.push(`request: ${request.url()}`);
    });
    page.on('websocket', (socket) => {
      const received: ServerMessage[] = [];
      this.sockets.push({url: socket.url(), received});
      socket.on('framereceived', ({payload}) => received.push(JSON.parse(String(payload))));
      socket.on('framesent', ({payload}) => this.sent.push(JSON.parse(String(payload))));
    });
  }

  static async open(browser: Browser, gateway: TestGateway, options: OpenOptions = {}): Promise<ConsolePage> {
    const {url = gateway.url, fragment = `#key=${ACCESS_KEY}`, browserContext, prepare} = options;
    const context = await browser.newContext(browserContext);
    const view = new ConsolePage(await context.newPage(), url);
    await view.page.exposeFunction('reportViolation', (text: string) => view.faults.push(`refused: ${text}`));
    await view.page.addInitScript(
      `document.addEventListener('securitypolicyviolation', (event) =>
        reportViolation(event.violatedDirective + ' ' + event.blockedURI));`,
    );
    await prepare?.(view.page);
    await view.page.goto(`${url}/${fragment}`);
    return view;
  }

  /** Opens the page and waits until it is live. */
  static async live(browser: Browser, gateway: TestGateway, options: OpenOptions = {}): Promise<ConsolePage> {
    const view = await ConsolePage.open(browser, gateway, options);
    await view.phase('live');
    return view;
  }

  async phase(phase: 'connecting' | 'live' | 'waiting' | 'stopped'): Promise<void> {
    await this.page.locator(`#connection[data-phase="${phase}"]`).waitFor();
  }

  row(callSid: string): Locator {
    return this.page.locator(`tr[data-sid="${callSid}"]`);
  }

  /** Waits until the row is there and says so. */
  async shows(callSid: string, status: string): Promise<Locator> {
    await this.page.locator(`tr[data-sid="${callSid}"][data-status="${status}"]`).waitFor();
    return this.row(callSid);
  }

  /** Waits until an element says it, and returns all it says. */
  async says(selector: string, words: RegExp): Promise<string> {
    let text = '';
    await until(
      async () => {
        text = await textOf(this.page.locator(selector));
        return words.test(text);
      },
      {what: `${selector} to say ${words}`, timeoutMs: TIMEOUT_MS},
    );
    return text;
  }

  /** Number of seconds that a row shows. */
  async seconds(callSid: string): Promise<number> {
    const text = await textOf(this.row(callSid).locator('.time'));
    const [seconds = 0, minutes = 0] = text.split(':').map(Number).reverse();
    return minutes * 60 + seconds;
  }

  /** Sids from top to bottom. */
  order(): Promise<string[]> {
    return this.page.evaluate<string[]>(
      `[...document.querySelectorAll('#rows tr')].map((row) => row.dataset.sid)`,
    );
  }

  /** What has the focus: an id, or the sid of a row, with the button in it. */
  focus(): Promise<string> {
    return this.page.evaluate<string>(`(() => {
      const at = document.activeElement;
      const sid = at.closest('tr')?.dataset.sid;
      return sid === undefined ? at.id || at.localName : at.localName === 'tr' ? sid : sid + ' ' + at.localName;
    })()`);
  }

  /** Every `call.status` over all connections, in the order it came. */
  statuses(callSid?: string): CallStatusMessage[] {
    return this.sockets
      .flatMap(({received}) => received)
      .filter((message): message is CallStatusMessage => message.type === 'call.status')
      .filter((message) => callSid === undefined || message.callSid === callSid);
  }

  assertFlawless(): void {
    assert.deepEqual(this.faults, []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.context().close();
  }
}

/** What an element shows, blanks as one. */
export async function textOf(locator: Locator): Promise<string> {
  return (await locator.allInnerTexts()).join(' ').replaceAll(/\s+/g, ' ').trim();
}
