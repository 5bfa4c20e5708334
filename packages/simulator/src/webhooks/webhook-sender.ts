import {randomUUID} from 'node:crypto';
import {Activity} from '../activity.ts';
import type {Clock} from '../clock.ts';
import {type ConnectionOverrides, connectionOverrides} from './connection-overrides.ts';
import type {CookieJar} from './cookie-jar.ts';
import type {DeliveryAttempt, DeliveryKind, DeliveryLog, MutableDelivery} from './delivery-log.ts';
import {type SendResult, sendOnce, type WebhookFailure, type WebhookResponse} from './send-once.ts';
import type {WebhookParameters} from './signature.ts';
import {Slots} from './slots.ts';
import {type HttpMethod, webhookRequest} from './target.ts';

/** Twilio docs: error 11215. */
const MAX_REDIRECTS = 10;
/** Maximum duration of a voice webhook, regardless of `tt`. Milliseconds. */
const VOICE_CAP_MS = 15_000;
/**
 * Maximum number of concurrent attempts. Others wait, and their timeouts do not run yet. A burst larger than
 * a server's listen backlog would fail to connect, which would not mean that the server is broken.
 */
const MAX_CONCURRENT = 200;
/** Delay before a retry, so that a restarting receiver has a chance. Real milliseconds. */
const RETRY_PAUSE_MS = 50;
/** Maximum length of a stored response. Characters. */
const MAX_LOGGED_BODY = 8192;

export interface Webhook {
  readonly kind: DeliveryKind;
  readonly callSid: string;
  readonly method: HttpMethod;
  readonly url: string;
  readonly params: WebhookParameters;
  readonly cookies: CookieJar;
}

export type WebhookOutcome =
  | {readonly ok: true; readonly response: WebhookResponse; readonly url: string}
  | {readonly ok: false; readonly code: number; readonly message: string};

export interface WebhookSenderOptions {
  readonly authToken: string;
  readonly clock: Clock;
  readonly log: DeliveryLog;
}

/**
 * Sends webhooks as Twilio does: signs them, follows redirects, retries according to the URL's fragment,
 * within 15 s.
 */
export class WebhookSender {
  readonly #authToken: string;
  readonly #clock: Clock;
  readonly #log: DeliveryLog;
  readonly #slots = new Slots({count: MAX_CONCURRENT});
  readonly #underWay = new Activity();

  constructor({authToken, clock, log}: WebhookSenderOptions) {
    this.#authToken = authToken;
    this.#clock = clock;
    this.#log = log;
  }

  /**
   * Creates the record of a webhook without sending it, so that records are in the order in which webhooks
   * fire.
   */
  open({kind, callSid, method, url, params}: Webhook): MutableDelivery {
    return this.#log.open({kind, callSid, method, url, params, idempotencyToken: randomUUID()});
  }

  /** Sends a webhook with retries. Resolves with the last outcome. Rejects only when `signal` aborts. */
  async send(
    webhook: Webhook,
    delivery: MutableDelivery,
    signal: AbortSignal,
    repeat = false,
  ): Promise<WebhookOutcome> {
    const end = this.#underWay.begin();
    try {
      return await this.#slots.use(signal, () => this.#retrying(webhook, delivery, signal, repeat));
    } catch (error) {
      if (delivery.state === 'pending') delivery.state = 'aborted';
      throw error;
    } finally {
      end();
    }
  }

  /** Resolves when nothing is being sent. */
  async idle(): Promise<void> {
    await this.#underWay.idle();
  }

  async #retrying(
    webhook: Webhook,
    delivery: MutableDelivery,
    signal: AbortSignal,
    repeat: boolean,
  ): Promise<WebhookOutcome> {
    const overrides = connectionOverrides(webhook.url);
    const deadline = performance.now() + Math.min(overrides.totalTimeoutMs, VOICE_CAP_MS);
    let outcome: WebhookOutcome = {ok: false, code: 11200, message: 'Not sent'};
    for (let attempt = 0; attempt <= overrides.retryCount; attempt += 1) {
      if (attempt > 0) await this.#clock.realSleep(RETRY_PAUSE_MS, signal);
      if (performance.now() >= deadline) break;
      const cause = attempt > 0 ? 'retry' : repeat ? 'repeat' : 'first';
      const tried = await this.#attempt(webhook, delivery, {overrides, deadline, cause, signal});
      outcome = tried.outcome;
      if (!shouldRetry(tried.result, overrides)) break;
    }
    // A repeat caused by a fault must not turn a delivered webhook into a failed one.
    if (!repeat) delivery.state = outcome.ok ? 'delivered' : 'failed';
    return outcome;
  }

  async #attempt(
    webhook: Webhook,
    delivery: MutableDelivery,
    {overrides, deadline, cause, signal}: AttemptOptions,
  ): Promise<{outcome: WebhookOutcome; result: SendResult}> {
    let {method, url, params} = webhook;
    for (let hop = 0; ; hop += 1) {
      const request = webhookRequest(
        {method, url, params},
        {
          authToken: this.#authToken,
          idempotencyToken: delivery.idempotencyToken,
          cookies: webhook.cookies.header(url),
        },
      );
      const startedAt = new Date();
      const result = await sendOnce(request, {
        connectTimeoutMs: overrides.connectTimeoutMs,
        readTimeoutMs: overrides.readTimeoutMs,
        remainingMs: deadline - performance.now(),
        signal,
      });
      delivery.attempts.push(
        attemptRecord(result, {
          startedAt,
          url: request.url,
          headers: request.headers,
          cause: hop > 0 ? 'redirect' : cause,
        }),
      );
      if (result.kind === 'failure') return {result, outcome: {ok: false, ...result.failure}};
      const {response} = result;
      webhook.cookies.keep(url, response.setCookies);
      const next = redirectTarget(response, url);
      if (next === null) return {result, outcome: responseOutcome(response, request.url)};
      if (hop >= MAX_REDIRECTS) {
        return {result, outcome: {ok: false, code: 11215, message: 'Too many HTTP redirects'}};
      }
      // 307 keeps the method and body. 301 and 302 are followed as browsers do.
      if (response.status !== 307) method = 'GET';
      url = next;
    }
  }
}

interface AttemptOptions {
  readonly overrides: ConnectionOverrides;
  /** In the time of performance.now(). */
  readonly deadline: number;
  readonly cause: DeliveryAttempt['cause'];
  readonly signal: AbortSignal;
}

function shouldRetry(result: SendResult, {retryOn}: ConnectionOverrides): boolean {
  if (result.kind === 'failure') {
    const {phase}: WebhookFailure = result.failure;
    return phase !== 'partial' && (retryOn.has('all') || retryOn.has(phase));
  }
  const {status} = result.response;
  if (status >= 500) return retryOn.has('all') || retryOn.has('5xx');
  return status >= 400 && (retryOn.has('all') || retryOn.has('4xx'));
}

function responseOutcome(response: WebhookResponse, url: string): WebhookOutcome {
  if (response.status < 200 || response.status > 299) {
    return {ok: false, code: 11200, message: `Got HTTP ${response.status} response to ${url}`};
  }
  return {ok: true, response, url};
}

function redirectTarget(response: WebhookResponse, from: string): string | null {
  if (![301, 302, 307].includes(response.status) || response.location === null) return null;
  const target = URL.parse(response.location, from);
  return target !== null && /^https?:$/.test(target.protocol) ? target.href : null;
}

function attemptRecord(
  result: SendResult,
  about: Pick<DeliveryAttempt, 'startedAt' | 'url' | 'headers' | 'cause'>,
): DeliveryAttempt {
  const endedAt = new Date();
  if (result.kind === 'failure') {
    const {code, message} = result.failure;
    return {...about, endedAt, status: null, error: {code, message}, responseBody: ''};
  }
  const {status, body} = result.response;
  return {...about, endedAt, status, error: null, responseBody: body.slice(0, MAX_LOGGED_BODY)};
}
