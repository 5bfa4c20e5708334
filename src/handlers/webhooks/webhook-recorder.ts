/**
 * Tells the webhook log what came to the webhook routes and what became of it. It only looks on: nothing here
 * decides, changes or delays an answer.
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

/** A request under way; whoever handles it writes down what is found out. */
export interface Arrival {
  readonly request: IncomingMessage;
  /** Path and query, raw. */
  readonly target: string;
  readonly receivedAt: number;
  readonly startedAt: number;
  readonly route: 'status' | 'voice';
  /** A character for each byte. */
  body: string | undefined;
  reason: string | undefined;
  authentic: boolean;
  callSid: string | undefined;
  providerStatus: ProviderStatus | undefined;
  verdict: AnsweredWebhook['verdict'];
  offset: number | undefined;
}

/** What is worth keeping; neither cookies nor credentials. Looking these few up is cheaper than going through all. */
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

/** Starts the stopwatch. `target` is what was asked for, path and query, raw. */
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

/** To be called as the answer is made. */
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
