/** A steady stream of signed webhooks. Each is retried until it gets a 2xx. */
import {Agent} from 'node:http';
import {setTimeout as wait} from 'node:timers/promises';
import type {ProviderStatus} from '@hookswitch/protocol';
import {type LoadWebhook, loadWebhook} from '../../test/support/crash/crash-load.ts';
import {post} from '../../test/support/simulation/twilio.ts';
import type {WebhookRecord} from '../history/history.ts';

export interface WebhookStreamOptions {
  readonly gatewayUrl: string;
  readonly accountSid: string;
  /** Returns the index of the current chapter. */
  readonly chapter: () => number;
  /** Milliseconds between two webhooks of a sender. @default 10 */
  readonly paceMs?: number;
}

const SENDERS = 6;
/** Delay before a sender retries, in milliseconds. */
const RETRY_MS = 40;
const LAST_TRIES_MS = 20_000;

type Sent = WebhookRecord & {readonly webhook: LoadWebhook};

export class WebhookStream {
  readonly #options: WebhookStreamOptions;
  readonly #sent = new Map<string, Sent>();
  readonly #pending: LoadWebhook[] = [];
  readonly #agent = new Agent({keepAlive: true, maxSockets: SENDERS});
  #senders: Promise<unknown> = Promise.resolve();
  #running = false;
  #next = 0;
  acknowledged = 0;
  /** Count per 5xx status. These webhooks are retried. */
  readonly failures = new Map<number, number>();
  /** Webhooks that got a 3xx or 4xx, which Twilio would not retry. */
  readonly refused = new Set<string>();

  constructor(options: WebhookStreamOptions) {
    this.#options = options;
  }

  get records(): readonly WebhookRecord[] {
    return [...this.#sent.values()];
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#senders = Promise.all(Array.from({length: SENDERS}, () => this.#send()));
  }

  /** Stops sending. Resolves when no request is in flight. Unacknowledged webhooks are kept for a retry. */
  async pause(): Promise<void> {
    this.#running = false;
    await this.#senders;
  }

  /** Retries unacknowledged webhooks, and sends one of a new call. Resolves when all have a 2xx. */
  async sendPending(): Promise<void> {
    const deadline = performance.now() + LAST_TRIES_MS;
    this.#pending.push(this.#nextWebhook());
    for (let webhook = this.#pending.shift(); webhook !== undefined; webhook = this.#pending.shift()) {
      if (await this.#post(webhook)) continue;
      if (performance.now() > deadline) throw new Error(`no 2xx for ${webhook.key} in ${LAST_TRIES_MS} ms`);
      this.#pending.push(webhook);
      await wait(RETRY_MS);
    }
  }

  /** Sends the next webhook alone, while the stream is paused. @throws if it gets no 2xx */
  async sendOne(): Promise<void> {
    const webhook = this.#nextWebhook();
    if (!(await this.#post(webhook))) throw new Error(`no 2xx for ${webhook.key}`);
  }

  close(): void {
    this.#running = false;
    this.#agent.destroy();
  }

  async #send(): Promise<void> {
    while (this.#running) {
      const webhook = this.#pending.shift() ?? this.#nextWebhook();
      const answered = await this.#post(webhook);
      if (!answered) this.#pending.push(webhook);
      await wait(answered ? (this.#options.paceMs ?? 10) : RETRY_MS);
    }
  }

  #nextWebhook(): LoadWebhook {
    const {accountSid} = this.#options;
    this.#next += 1;
    return loadWebhook(this.#next - 1, accountSid);
  }

  async #post(webhook: LoadWebhook): Promise<boolean> {
    const {gatewayUrl, chapter} = this.#options;
    const {key, fields} = webhook;
    const callSid = fields['CallSid'] ?? '';
    const status = fields['CallStatus'] as ProviderStatus;
    if (!this.#sent.has(key)) this.#sent.set(key, {key, callSid, status, webhook});
    const answer = await post(gatewayUrl, {route: 'status', fields}, {agent: this.#agent});
    if (answer === undefined) return false;
    if (answer >= 500) {
      this.failures.set(answer, (this.failures.get(answer) ?? 0) + 1);
      return false;
    }
    if (answer >= 300) {
      // Twilio does not retry a refused webhook, so it is lost.
      this.refused.add(`${key} got status ${answer}`);
      return true;
    }
    this.acknowledged += 1;
    const known = this.#sent.get(key);
    if (known?.answeredIn === undefined)
      this.#sent.set(key, {key, callSid, status, webhook, answeredIn: chapter()});
    return true;
  }
}
