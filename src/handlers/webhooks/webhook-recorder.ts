/**
 * Records the requests to the webhook routes and their responses in the webhook log. It only observes: it
 * never decides, changes or delays a response.
 */

import type {IncomingMessage} from 'node:http';
import type {ProviderStatus} from '@hookswitch/protocol';
import type {Clock} from '../../clock.ts';
import type {AnsweredWebhook, WebhookLog, WebhookOutcome} from '../../services/webhooks/webhook-log.ts';
import type {ClientAddress} from '../../transport/client-address.ts';

export interface WebhookRecorderOptions {
  readonly webhooks: WebhookLog;
  readonly clock: Clock;
  readonly clientAddress: ClientAddress;
}

/** A request in progress. Its handler fills in the details as it finds them. */
export interface Arrival {
  readonly request: IncomingMessage;
  /** Path and query, raw. */
  readonly target: string;
  readonly receivedAt: number;
  readonly startedAt: number;
  readonly route: 'status' | 'voice';
  /** One character for each byte. */
  body: string | undefined;
  reason: string | undefined;
  authentic: boolean;
  callSid: string | undefined;
  providerStatus: ProviderStatus | undefined;
  verdict: AnsweredWebhook['verdict'];
  offset: number | undefined;
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

/** Starts the timer. `target` is the raw path and query of the request. */
export function arrive(
  {clock}: WebhookRecorderOptions,
  request: IncomingMessage,
  {route, target}: Pick<Arrival, 'route' | 'target'>,
): Arrival {
  return {
    request,
    target,
    receivedAt: clock.now(),
    startedAt: clock.monotonic(),
    route,
    body: undefined,
    reason: undefined,
    authentic: false,
    callSid: undefined,
    providerStatus: undefined,
    verdict: undefined,
    offset: undefined,
  };
}

/** Called when the response is sent. */
export function recordAnswer(
  {webhooks, clock, clientAddress}: WebhookRecorderOptions,
  arrival: Arrival,
  {httpStatus, outcome}: {readonly httpStatus: number; readonly outcome: WebhookOutcome},
): void {
  const {request, target, receivedAt, startedAt, route, body} = arrival;
  const {authentic, verdict, offset, callSid, providerStatus, reason} = arrival;
  webhooks.add({
    receivedAt,
    tookMs: clock.monotonic() - startedAt,
    route,
    method: request.method ?? '',
    path: target,
    remoteAddress: clientAddress(request),
    headers: keptHeaders(request),
    body,
    outcome,
    httpStatus,
    authentic,
    verdict,
    offset,
    callSid,
    providerStatus,
    reason,
  });
}

function keptHeaders({headers}: IncomingMessage): string[] {
  const kept: string[] = [];
  for (const name of KEPT_HEADERS) {
    const value = headers[name];
    if (typeof value === 'string') kept.push(name, value);
  }
  return kept;
}
