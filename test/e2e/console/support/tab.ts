/** The console in its own tab, with records of its requests, messages and faults. */
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import path from 'node:path';
import type {ServerMessage} from '@hookswitch/protocol';
import type {Browser, BrowserContext, BrowserContextOptions, Locator, Page} from 'playwright-core';
import {launchChromium} from '../../../support/browser/chromium.ts';
import {
  ACCESS_KEY,
  startGateway,
  type TestGateway,
  type TestGatewayOptions,
} from '../../../support/gateway/gateway.ts';
import {until} from '../../../support/until.ts';
import {buildConsole} from './build.ts';

/** For events that may never come. A busy machine may need most of it. */
const TIMEOUT_MS = 30_000;

/** Folder for screenshots. */
const SHOTS = process.env['CONSOLE_SCREENSHOTS'];

/** The server of the console: a gateway in this process, or in its own. */
export interface Served {
  readonly url: string;
}

export interface TabOptions {
  /** The key in the URL; `null` for none. @default the gateway's */
  readonly key?: string | null;
  /** Below the gateway's URL. @default '/' */
  readonly path?: string;
  /** @default the gateway's own URL */
  readonly url?: string;
  readonly context?: BrowserContextOptions;
  /**
   * Expected messages of the browser about requests that this test makes fail. All other warnings and errors
   * on the console fail the test.
   */
  readonly noise?: readonly RegExp[];
  /** Runs before the page is loaded. */
  readonly prepare?: (page: Page) => Promise<void>;
}

const WATCH_POLICY = `addEventListener('securitypolicyviolation', ({violatedDirective, blockedURI, sample}) =>
  console.error('policy: ' + violatedDirective + ' ' + blockedURI + ' ' + sample));`;

export class Tab implements AsyncDisposable {
  readonly page: Page;
  readonly gateway: Served;
  readonly url: string;
  /** Console warnings and errors, uncaught exceptions, policy violations, and requests to other origins. */
  readonly faults: string[] = [];
  /** Expected messages, see `noise`. */
  readonly excused: string[] = [];
  /** URLs of all requests, including WebSockets. */
  readonly requests: string[] = [];
  /** One per WebSocket, oldest first. */
  readonly sockets: {readonly url: string; readonly received: ServerMessage[]; readonly sent: string[]}[] =
    [];
  readonly #context: BrowserContext;

  constructor(gateway: Served, context: BrowserContext, page: Page, {noise = [], url}: TabOptions) {
    this.gateway = gateway;
    this.url = url ?? gateway.url;
    this.#context = context;
    this.page = page;
    const origin = new URL(this.url).origin;
    page.setDefaultTimeout(TIMEOUT_MS);
    page.on('pageerror', (error) => this.faults.push(`uncaught: ${error.stack ?? error.message}`));
    page.on('crash', () => this.faults.push('the page crashed'));
    page.on('request', (request) => {
      this.requests.push(request.url());
      if (!request.url().startsWith(`${origin}/`)) this.faults.push(`request: ${request.url()}`);
    });
    page.on('websocket', (socket) => {
      const record = {url: socket.url(), received: [] as ServerMessage[], sent: [] as string[]};
      this.requests.push(socket.url());
      this.sockets.push(record);
      socket.on('framereceived', ({payload}) => record.received.push(JSON.parse(String(payload))));
      socket.on('framesent', ({payload}) => record.sent.push(String(payload)));
    });
    page.on('console', (message) => {
      if (message.type() !== 'error' && message.type() !== 'warning') return;
      const text = message.text();
      const list = noise.some((pattern) => pattern.test(text)) ? this.excused : this.faults;
      list.push(`${message.type()}: ${text}`);
    });
  }

  /** Loads the screen at `path` with the key in the fragment, as the gateway prints it. */
  async open(pathname = '/', key: string | null = ACCESS_KEY): Promise<this> {
    await this.page.goto(`${this.url}${pathname}${key === null ? '' : `#key=${key}`}`);
    return this;
  }

  /** Navigates like a link: the page stays loaded, which takes a tenth of the time of a page load. */
  async go(pathname: string): Promise<this> {
    // The page navigates at once; a frame later it has rendered.
    await this.page.evaluate(
      `history.pushState(null, '', ${JSON.stringify(pathname)}), new Promise((drawn) => requestAnimationFrame(() => drawn()))`,
    );
    return this;
  }

  /** Resolves when the header shows that the connection is live. */
  async live(): Promise<this> {
    await this.page.locator('[data-connection="good"]').waitFor();
    return this;
  }

  /** Resolves when the screen with that heading is shown. */
  async screen(title: string | RegExp): Promise<Locator> {
    const heading = this.page.getByRole('heading', {level: 1, name: title});
    await heading.waitFor();
    return heading;
  }

  /** Resolves when such text is visible. */
  async shows(text: string | RegExp): Promise<Locator> {
    const found = this.page.getByText(text).filter({visible: true}).first();
    await found.waitFor();
    return found;
  }

  /** Presses the keys one after the other. */
  async press(...keys: readonly string[]): Promise<void> {
    for (const key of keys) await this.page.keyboard.press(key);
  }

  /** Path and query of the URL. */
  address(): string {
    const {pathname, search} = new URL(this.page.url());
    return pathname + search;
  }

  /** Resolves when the path and query are these. */
  async at(address: string): Promise<void> {
    await until(() => this.address() === address, {what: `the address ${address}, not ${this.address()}`});
  }

  /**
   * The violations that axe finds, as `rule: element`. `preload` is off, because axe would otherwise load the
   * style sheets again, which fails during an outage.
   */
  async violations(): Promise<string[]> {
    if (!(await this.page.evaluate<boolean>(`'axe' in globalThis`))) await this.page.evaluate(axeSource());
    return this.page.evaluate<string[]>(
      `axe.run(document, {preload: false, resultTypes: ['violations']}).then(({violations}) =>
        violations.flatMap(({id, nodes}) => nodes.map(({target, any, all}) =>
          id + ': ' + target.join(' ') + ' ' + [...any, ...all].map(({message}) => message).join('; '))))`,
    );
  }

  /** How much wider the page is than its window, in pixels. */
  overflow(): Promise<number> {
    return this.page.evaluate<number>(
      'document.documentElement.scrollWidth - document.documentElement.clientWidth',
    );
  }

  /** Saves a screenshot to CONSOLE_SCREENSHOTS if it is set. */
  async shot(name: string): Promise<void> {
    if (SHOTS !== undefined) await this.page.screenshot({path: path.join(SHOTS, `${name}.png`)});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#context.close();
    // If the test failed for another reason, the runner does not print these faults.
    if (this.faults.length > 0) process.stderr.write(`${this.faults.join('\n')}\n`);
    assert.deepEqual(this.faults, [], 'faults in the page');
  }
}

/** Opens a tab with its own storage. Closing it fails if the page had faults. */
export async function openTab(browser: Browser, gateway: Served, options: TabOptions = {}): Promise<Tab> {
  const {key = ACCESS_KEY, path: pathname = '/', context: contextOptions, prepare} = options;
  const context = await browser.newContext({reducedMotion: 'reduce', ...contextOptions});
  const page = await context.newPage();
  await page.addInitScript(WATCH_POLICY);
  await prepare?.(page);
  return new Tab(gateway, context, page, options).open(pathname, key);
}

/**
 * Opens another tab of the same browser, which shares the storage of its origin and closes with the first.
 */
export async function openBeside(first: Tab, options: TabOptions = {}): Promise<Tab> {
  const {key = null, path: pathname = '/', prepare} = options;
  const context = first.page.context();
  const page = await context.newPage();
  await page.addInitScript(WATCH_POLICY);
  await prepare?.(page);
  return new Tab(first.gateway, context, page, {url: first.url, ...options}).open(pathname, key);
}

/** Builds the console if needed, and starts the browser. */
export async function launch(options: {readonly args?: readonly string[]} = {}): Promise<Browser> {
  await buildConsole();
  return launchChromium(options);
}

/** A gateway whose calls last until someone hangs up. */
export function startTalkativeGateway({
  env,
  simulator,
  ...rest
}: TestGatewayOptions = {}): Promise<TestGateway> {
  return startGateway({
    ...rest,
    env: {VOICE_TWIML: '<Response><Pause length="3600"/></Response>', ...env},
    simulator: {speed: 10, ...simulator},
  });
}

let axe: string | undefined;

function axeSource(): string {
  axe ??= readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  return axe;
}
