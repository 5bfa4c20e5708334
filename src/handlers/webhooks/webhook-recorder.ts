/**
 * Records the requests to the webhook routes and their responses in the webhook log. It only observes: it
 * never decides, changes or delays a response.
 */

import type {IncomingMessage} from 'node:http';
import type {Clock} from '../../clock.ts';
import type {AnsweredWebhook, WebhookLog, WebhookOutcome} from '../../services/webhooks/webhook-log.ts';
import type {ClientAddress} from '../../transport/client-address.ts';

export interface WebhookRecorderOptions {
  readonly webhooks: WebhookLog;
  readonly clock: Clock;
  readonly clientAddress: ClientAddress;
}

/**
 * Headers that are kept, without cookies and credentials. Looking up these few is faster than iterating over
 * all.
 */
const KEPT_HEADERS = [
  'host',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-forwarded-port',
  'x-forwarded-prefix',
  'x-forwarded-for',
  'x-original-host',
  'forwarded',
  'via',
  'user-agent',
  'content-type',
  'content-length',
  'content-encoding',
  'transfer-encoding',
  'x-twilio-signature',
  'i-twilio-idempotency-token',
  'x-home-region',
] as const;

/** What the signature proves, and what the journal made of it. */
type Findings = Partial<Pick<AnsweredWebhook, 'callSid' | 'providerStatus' | 'verdict' | 'offset'>>;

/** One request from its arrival to its response. Each step reports what it found, also when a later step fails. */
export class WebhookRecord {
  readonly request: IncomingMessage;
  readonly route: 'status' | 'voice';
  readonly #options: WebhookRecorderOptions;
  /** Path and query, raw. */
  readonly #target: string;
  readonly #receivedAt: number;
  readonly #startedAt: number;
  #body: string | undefined;
  #reason: string | undefined;
  #findings: Findings | undefined;

  /** Starts the timer. `target` is the raw path and query of the request. */
  constructor(
    options: WebhookRecorderOptions,
    request: IncomingMessage,
    {route, target}: {readonly route: 'status' | 'voice'; readonly target: string},
  ) {
    this.#options = options;
    this.request = request;
    this.route = route;
    this.#target = target;
    this.#receivedAt = options.clock.now();
    this.#startedAt = options.clock.monotonic();
  }

  /** @param body one character for each byte */
  read(body: string): void {
    this.#body = body;
  }

  authenticated({callSid, providerStatus}: Pick<Findings, 'callSid' | 'providerStatus'>): void {
    this.#findings = {callSid, providerStatus};
  }

  appended({verdict, offset}: Pick<Findings, 'verdict' | 'offset'>): void {
    this.#findings = {...this.#findings, verdict, offset};
  }

  /** The first reason stays. */
  refused(reason: string): void {
    this.#reason ??= reason;
  }

  /** Writes the record to the webhook log, when the response is sent. */
  answered({httpStatus, outcome}: {readonly httpStatus: number; readonly outcome: WebhookOutcome}): void {
    const {webhooks, clock, clientAddress} = this.#options;
    webhooks.add({
      receivedAt: this.#receivedAt,
      tookMs: clock.monotonic() - this.#startedAt,
      route: this.route,
      method: this.request.method ?? '',
      path: this.#target,
      remoteAddress: clientAddress(this.request),
      headers: keptHeaders(this.request),
      body: this.#body,
      outcome,
      httpStatus,
      authentic: this.#findings !== undefined,
      verdict: this.#findings?.verdict,
      offset: this.#findings?.offset,
      callSid: this.#findings?.callSid,
      providerStatus: this.#findings?.providerStatus,
      reason: this.#reason,
    });
  }
}

function keptHeaders({headers}: IncomingMessage): string[] {
  const kept: string[] = [];
  for (const name of KEPT_HEADERS) {
    const value = headers[name];
    if (typeof value === 'string') kept.push(name, value);
  }
  return kept;
}
