/** The console in a tab of its own, with everything it asked for, said, and should not have done. */
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

/** For what never comes; it costs nothing while all is well, and a busy machine may need most of it. */
const TIMEOUT_MS = 30_000;

/** Where screenshots go, for people to look at. */
const SHOTS = process.env['CONSOLE_SCREENSHOTS'];

/** What serves the console: a gateway in this process, or one in its own. */
export interface Served {
  readonly url: string;
}

export interface TabOptions {
  /** In the address; `null` for none. @default the gateway's */
  readonly key?: string | null;
  /** Below the gateway's address. @default '/' */
  readonly path?: string;
  /** @default the gateway's own address */
  readonly url?: string;
  readonly context?: BrowserContextOptions;
  /**
   * What the browser itself writes to the console about requests that this test lets fail. Everything else that is
   * written there as a warning or error fails the test.
   */
  readonly noise?: readonly RegExp[];
  /** Before the page is loaded. */
  readonly prepare?: (page: Page) => Promise<void>;
}

const WATCH_POLICY = `addEventListener('securitypolicyviolation', ({violatedDirective, blockedURI, sample}) =>
  console.error('policy: ' + violatedDirective + ' ' + blockedURI + ' ' + sample));`;

export class Tab implements AsyncDisposable {
  readonly page: Page;
  readonly gateway: Served;
  readonly url: string;
  /** Warnings and errors of the console, what nobody caught, what the content policy refused, requests to elsewhere. */
  readonly faults: string[] = [];
  /** Of the same kind, but expected. */
  readonly excused: string[] = [];
  /** Addresses of all requests, WebSockets included. */
  readonly requests: string[] = [];
  /** One a WebSocket, oldest first. */
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

  /** The screen at `path` with the key in the fragment, as the gateway prints it. */
  async open(pathname = '/', key: string | null = ACCESS_KEY): Promise<this> {
    await this.page.goto(`${this.url}${pathname}${key === null ? '' : `#key=${key}`}`);
    return this;
  }

  /** The screen at `path` as a link leads to it: the page stays, which takes a tenth of the time that loading it does. */
  async go(pathname: string): Promise<this> {
    // The page hears of it at once; a frame later it has drawn what it knows already.
    await this.page.evaluate(
      `history.pushState(null, '', ${JSON.stringify(pathname)}), new Promise((drawn) => requestAnimationFrame(() => drawn()))`,
    );
    return this;
  }

  /** Resolves when the header says that the connection is live. */
  async live(): Promise<this> {
    await this.page.locator('[data-connection="good"]').waitFor();
    return this;
  }

  /** Resolves when the screen with that heading is there. */
  async screen(title: string | RegExp): Promise<Locator> {
    const heading = this.page.getByRole('heading', {level: 1, name: title});
    await heading.waitFor();
    return heading;
  }

  /** Resolves when there is such text to be seen. */
  async shows(text: string | RegExp): Promise<Locator> {
    const found = this.page.getByText(text).filter({visible: true}).first();
    await found.waitFor();
    return found;
  }

  /** One after the other, as a person presses them. */
  async press(...keys: readonly string[]): Promise<void> {
    for (const key of keys) await this.page.keyboard.press(key);
  }

  /** Path and query of the address. */
  address(): string {
    const {pathname, search} = new URL(this.page.url());
    return pathname + search;
  }

  /** Resolves when the address is that. */
  async at(address: string): Promise<void> {
    await until(() => this.address() === address, {what: `the address ${address}, not ${this.address()}`});
  }

  /**
   * What axe finds wrong, as `rule: element`. It reads the page as it stands: with `preload` it would ask the
   * gateway for the style sheets once more, and complain in the console of one that is away.
   */
  async violations(): Promise<string[]> {
    if (!(await this.page.evaluate<boolean>(`'axe' in globalThis`))) await this.page.evaluate(axeSource());
    return this.page.evaluate<string[]>(
      `axe.run(document, {preload: false, resultTypes: ['violations']}).then(({violations}) =>
        violations.flatMap(({id, nodes}) => nodes.map(({target, any, all}) =>
          id + ': ' + target.join(' ') + ' ' + [...any, ...all].map(({message}) => message).join('; '))))`,
    );
  }

  /** Pixels that the page is wider than its window. */
  overflow(): Promise<number> {
    return this.page.evaluate<number>(
      'document.documentElement.scrollWidth - document.documentElement.clientWidth',
    );
  }

  /** Keeps a picture where CONSOLE_SCREENSHOTS says; otherwise does nothing. */
  async shot(name: string): Promise<void> {
    if (SHOTS !== undefined) await this.page.screenshot({path: path.join(SHOTS, `${name}.png`)});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#context.close();
    // Beside the error of a test that failed for another reason, the runner would print neither.
    if (this.faults.length > 0) process.stderr.write(`${this.faults.join('\n')}\n`);
    assert.deepEqual(this.faults, [], 'what went wrong in the page');
  }
}

/** A tab with storage of its own, opened; when it is closed, nothing may have gone wrong in it. */
export async function openTab(browser: Browser, gateway: Served, options: TabOptions = {}): Promise<Tab> {
  const {key = ACCESS_KEY, path: pathname = '/', context: contextOptions, prepare} = options;
  const context = await browser.newContext({reducedMotion: 'reduce', ...contextOptions});
  const page = await context.newPage();
  await page.addInitScript(WATCH_POLICY);
  await prepare?.(page);
  return new Tab(gateway, context, page, options).open(pathname, key);
}

/** Another tab of the same browser: it shares the storage of its origin, and closes with the first one. */
export async function openBeside(first: Tab, options: TabOptions = {}): Promise<Tab> {
  const {key = null, path: pathname = '/', prepare} = options;
  const context = first.page.context();
  const page = await context.newPage();
  await page.addInitScript(WATCH_POLICY);
  await prepare?.(page);
  return new Tab(first.gateway, context, page, {url: first.url, ...options}).open(pathname, key);
}

/** Builds the console if it must be, and starts the browser. */
export async function launch(options: {readonly args?: readonly string[]} = {}): Promise<Browser> {
  await buildConsole();
  return launchChromium(options);
}

/** A gateway whose calls last until somebody hangs up. */
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
