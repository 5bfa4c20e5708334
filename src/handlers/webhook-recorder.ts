/**
 * Tells the webhook log what came to the webhook routes and what became of it. It only looks on: nothing here
 * decides, changes or delays an answer.
 */

import type {ProviderStatus} from '@hookswitch/protocol';
import type {ErrorRequestHandler, Request, RequestHandler, Response} from 'express';
import type {Clock} from '../clock.ts';
import type {AnsweredWebhook, WebhookLog, WebhookOutcome} from '../services/webhook-log.ts';
import {toKnownError} from './http-errors.ts';

export interface WebhookRecorderOptions {
  readonly webhooks: WebhookLog;
  readonly clock: Clock;
}

/** A request under way; the handlers write down what they find out. */
interface Arrival {
  readonly receivedAt: number;
  readonly startedAt: number;
  readonly route: 'status' | 'voice';
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

/** Our paths, below whatever prefix and however misspelt: what a typing error sends next to them is looked for here. */
const NEARLY_OURS = /(?:^|\/)twilio\/(status|voice)\/*$/i;

/** Stands before the routes and starts the stopwatch. */
export function createArrival({clock}: WebhookRecorderOptions): RequestHandler {
  return (request, response, next) => {
    const route = NEARLY_OURS.exec(request.path)?.[1];
    if (route !== undefined) {
      const arrival: Arrival = {
        receivedAt: clock.now(),
        startedAt: clock.monotonic(),
        route: route.toLowerCase() === 'voice' ? 'voice' : 'status',
        reason: undefined,
        authentic: false,
        callSid: undefined,
        providerStatus: undefined,
        verdict: undefined,
        offset: undefined,
      };
      response.locals['webhook'] = arrival;
    }
    next();
  };
}

/** What is being found out about the request; absent where it is about none of our paths. */
export function arrivalOf(response: Response): Arrival | undefined {
  return response.locals['webhook'];
}

/** To be called as the answer is made. */
export function recordAnswer(
  options: WebhookRecorderOptions,
  request: Request,
  response: Response,
  {httpStatus, outcome}: {readonly httpStatus: number; readonly outcome: WebhookOutcome},
): void {
  const arrival = arrivalOf(response);
  if (arrival === undefined) return;
  const {body, method, originalUrl, socket} = request;
  options.webhooks.add({
    receivedAt: arrival.receivedAt,
    tookMs: options.clock.monotonic() - arrival.startedAt,
    route: arrival.route,
    method,
    path: originalUrl,
    remoteAddress: socket.remoteAddress ?? '',
    headers: keptHeaders(request),
    body: Buffer.isBuffer(body) ? body.toString('latin1') : undefined,
    outcome,
    httpStatus,
    authentic: arrival.authentic,
    verdict: arrival.verdict,
    offset: arrival.offset,
    callSid: arrival.callSid,
    providerStatus: arrival.providerStatus,
    reason: arrival.reason,
  });
}

/** Stands where the answer is known beforehand, and is a refusal of this status. */
export function createRefusalRecorder(
  options: WebhookRecorderOptions,
  httpStatus: number,
  reason: string,
): RequestHandler {
  return (request, response, next) => {
    const arrival = arrivalOf(response);
    if (arrival !== undefined) {
      arrival.reason = reason;
      recordAnswer(options, request, response, {httpStatus, outcome: 'refused'});
    }
    next();
  };
}

/** Stands last in the routes' router: whatever was thrown in it goes on to whoever answers it. */
export function createErrorRecorder(options: WebhookRecorderOptions): ErrorRequestHandler {
  return (thrown, request, response, next) => {
    const arrival = arrivalOf(response);
    if (arrival !== undefined) {
      const {status: httpStatus, message} = toKnownError(thrown);
      arrival.reason ??= message;
      const outcome = httpStatus >= 500 ? 'failed' : 'refused';
      recordAnswer(options, request, response, {httpStatus, outcome});
    }
    next(thrown);
  };
}

function keptHeaders({headers}: Request): string[] {
  const kept: string[] = [];
  for (const name of KEPT_HEADERS) {
    const value = headers[name];
    if (typeof value === 'string') kept.push(name, value);
  }
  return kept;
}
