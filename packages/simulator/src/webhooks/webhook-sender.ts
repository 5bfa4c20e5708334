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
/** No voice webhook takes longer, whatever `tt` says. Milliseconds. */
const VOICE_CAP_MS = 15_000;
/**
 * Attempts under way at once; the rest wait, their time not yet running. A burst beyond what a server's listen backlog
 * holds would fail to connect, which says nothing about the server.
 */
const MAX_CONCURRENT = 200;
/** Pause before a retry, so that a receiver that is just restarting has a chance. Real milliseconds. */
const RETRY_PAUSE_MS = 50;
/** Longest answer that is remembered. Characters. */
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

/** Sends webhooks as Twilio does: signed, redirects followed, retried as the URL's fragment asks, within 15 s. */
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

  /** Opens the record of a webhook without sending it yet, in the order in which webhooks are fired. */
  open({kind, callSid, method, url, params}: Webhook): MutableDelivery {
    return this.#log.open({kind, callSid, method, url, params, idempotencyToken: randomUUID()});
  }

  /** Sends with retries. Resolves with the last outcome; rejects only when `signal` aborts. */
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
    // A repeat by a fault must not turn what has arrived into a failure.
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
      // 307 keeps method and body; the older two are followed as browsers do.
      if (response.status !== 307) method = 'GET';
      url = next;
    }
  }
}

interface AttemptOptions {
  readonly overrides: ConnectionOverrides;
  /** On the scale of performance.now(). */
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
