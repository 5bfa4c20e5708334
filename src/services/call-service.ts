/** Placing, showing and ending calls: what a principal may do, and what is known of the outcome. */
import {createHash} from 'node:crypto';
import {hasEnded} from '@hookswitch/protocol';
import type {Logger} from 'pino';
import {hasScope, mayControl, maySee, type Principal} from '../auth/authenticator.ts';
import type {Clock} from '../clock.ts';
import {AppError} from '../errors/app-error.ts';
import type {CallRecord} from '../journal/call-event.ts';
import type {DialIntent, DialIntentRecord} from '../journal/dial-intent.ts';
import type {CallHistory, Journal} from '../journal/journal.ts';
import type {Metrics} from '../observability/metrics.ts';
import {newReference, statusCallbackUrl, voiceUrl} from '../twilio/callback-urls.ts';
import type {DialRequest, TwilioClient} from '../twilio/twilio-client.ts';
import type {HangUp} from './hang-up.ts';
import type {LiveFeed} from './live-feed.ts';
import type {PlacementLimits} from './placement-limits.ts';
import {providerError} from './provider-error.ts';
import {statusEventFrom} from './status-events.ts';

export interface CallServiceOptions {
  readonly journal: Journal;
  readonly feed: LiveFeed;
  readonly twilio: TwilioClient;
  readonly hangUp: HangUp;
  readonly limits: PlacementLimits;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Without a trailing slash. */
  readonly publicUrl: string;
  /** Caller id of calls that name none, E.164. */
  readonly phoneNumber: string;
  /** Seconds after which Twilio ends a call. */
  readonly callTimeLimitS: number;
}

/** What a client asks for (H1), validated. */
export interface PlaceCall {
  readonly to: string;
  readonly from?: string;
  readonly twiml?: string;
  readonly url?: string;
  readonly connectTo?: string;
  /** Seconds to ring. */
  readonly timeout?: number;
  readonly record?: boolean;
  readonly machineDetection?: 'Enable' | 'DetectMessageEnd';
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface PlacedCall {
  readonly call: CallRecord;
  /** The idempotency key had been used: nothing was dialled. */
  readonly replayed: boolean;
}

export interface ListCalls {
  readonly state?: 'active' | 'ended';
  readonly limit: number;
  /** `firstOffset` of the last call of the page before. */
  readonly before?: number;
}

/** How long an idempotency key stands for its call (H1). */
const IDEMPOTENCY_MS = 24 * 60 * 60 * 1000;

interface Placement {
  readonly requestHash: string;
  readonly outcome: Promise<CallRecord>;
}

export class CallService {
  readonly #options: CallServiceOptions;
  /** Placements under way, by user and idempotency key: a second request joins the first. */
  readonly #placements = new Map<string, Placement>();

  constructor(options: CallServiceOptions) {
    this.#options = options;
  }

  /**
   * Places a call, or finds the one that this key placed. @throws AppError `forbidden`, `rate_limited`,
   * `idempotency_conflict`, `provider_error`, `submission_unknown`, `journal_unavailable`
   */
  async place(principal: Principal, request: PlaceCall, idempotencyKey?: string): Promise<PlacedCall> {
    if (!hasScope(principal, 'calls:control', 'calls:control:all')) {
      throw new AppError('forbidden', 'This token may not place calls.', {context: {scope: 'calls:control'}});
    }
    const requestHash = fingerprint(request);
    if (idempotencyKey === undefined) return this.#placeNew(principal, request, requestHash);
    const key = `${principal.user}\n${idempotencyKey}`;
    const underWay = this.#placements.get(key);
    if (underWay !== undefined) {
      if (underWay.requestHash !== requestHash) throw conflict(idempotencyKey);
      return {call: await underWay.outcome, replayed: true};
    }
    const placed = this.#placeNew(principal, request, requestHash, idempotencyKey);
    this.#placements.set(key, {requestHash, outcome: placed.then(({call}) => call)});
    // The joined promise is handled by whoever joins; here only its end matters.
    this.#placements.get(key)?.outcome.catch(() => {});
    try {
      return await placed;
    } finally {
      this.#placements.delete(key);
    }
  }

  /** Calls that the principal may see, newest first. */
  async list(principal: Principal, query: ListCalls): Promise<readonly CallRecord[]> {
    if (hasScope(principal, 'calls:read:all')) return this.#options.journal.listCalls(query);
    if (!hasScope(principal, 'calls:read')) {
      throw new AppError('forbidden', 'This token may not read calls.', {context: {scope: 'calls:read'}});
    }
    return this.#options.journal.listCalls({...query, owner: principal.user});
  }

  /** One call with its legs and entries. @throws AppError `call_not_found`, also for a call of somebody else */
  async history(principal: Principal, callSid: string): Promise<CallHistory> {
    const history = await this.#options.journal.callHistory(callSid);
    if (history === undefined || !maySee(principal, history.call.owner)) throw notFound(callSid);
    return history;
  }

  /**
   * Ends a call. @throws AppError `call_not_found`, `forbidden`, `call_ended`, `provider_error`
   */
  async disconnect(principal: Principal, callSid: string): Promise<void> {
    const {feed, journal, hangUp} = this.#options;
    const call = feed.activeCall(callSid) ?? (await journal.findCall(callSid));
    if (call === undefined || !maySee(principal, call.owner)) throw notFound(callSid);
    if (!mayControl(principal, call.owner)) {
      throw new AppError('forbidden', 'This token may not end this call.', {context: {callSid}});
    }
    if (hasEnded(call.providerStatus)) {
      throw new AppError('call_ended', 'This call has ended.', {
        context: {callSid, providerStatus: call.providerStatus},
      });
    }
    this.#recordCommand(principal, callSid);
    await hangUp.end(call);
  }

  async #placeNew(
    principal: Principal,
    request: PlaceCall,
    requestHash: string,
    idempotencyKey?: string,
  ): Promise<PlacedCall> {
    const {limits, journal, clock} = this.#options;
    limits.checkDestinations(request);
    const release = limits.admit(principal.user);
    try {
      const intent = this.#newIntent(principal, request, requestHash, idempotencyKey);
      const opened = await journal.openIntent(intent, clock.now() - IDEMPOTENCY_MS);
      if (opened.kind === 'exists') {
        limits.giveBack(principal.user);
        return {call: await this.#callOf(opened.intent, requestHash), replayed: true};
      }
      return {call: await this.#dial(intent, request), replayed: false};
    } finally {
      release();
    }
  }

  #newIntent(
    {user}: Principal,
    request: PlaceCall,
    requestHash: string,
    idempotencyKey: string | undefined,
  ): DialIntent {
    const {phoneNumber, clock} = this.#options;
    const {to, from = phoneNumber, connectTo, metadata} = request;
    const createdAt = clock.now();
    return {
      reference: newReference(),
      user,
      idempotencyKey,
      requestHash,
      from,
      to,
      connectTo,
      metadata,
      createdAt,
    };
  }

  /** What became of the first request with this key. */
  async #callOf(intent: DialIntentRecord, requestHash: string): Promise<CallRecord> {
    if (intent.requestHash !== requestHash) throw conflict(intent.idempotencyKey ?? '');
    const call =
      intent.callSid === undefined ? undefined : await this.#options.journal.findCall(intent.callSid);
    // Not under way in this process, and nothing came back: whether there is a call, only a callback can tell.
    if (call === undefined) throw submissionUnknown();
    return call;
  }

  async #dial(intent: DialIntent, request: PlaceCall): Promise<CallRecord> {
    const {twilio, journal, logger, metrics} = this.#options;
    const outcome = await twilio.dial(this.#dialRequest(intent, request));
    metrics.callsPlaced.inc({outcome: outcome.kind});
    const context = {user: intent.user, to: intent.to};
    if (outcome.kind === 'placed') {
      logger.info({...context, callSid: outcome.call.callSid}, 'call placed');
      return this.#recordPlaced(intent, outcome.call);
    }
    logger.warn({...context, fault: outcome.fault}, `call ${outcome.kind}`);
    if (outcome.kind === 'unknown') {
      // An answer of 5xx is an answer, and is shown as one; the key stays taken all the same, since there may be a call.
      throw outcome.fault.status === undefined ? submissionUnknown() : unknownWithAnswer(outcome.fault);
    }
    await journal.rejectIntent(intent.reference);
    throw providerError(outcome.fault);
  }

  async #recordPlaced(
    intent: DialIntent,
    placed: Parameters<typeof statusEventFrom>[0],
  ): Promise<CallRecord> {
    const {journal, clock} = this.#options;
    const {reference} = intent;
    const event = statusEventFrom(placed, {source: 'api', now: clock.now(), reference});
    const {entry} = await journal.append(event);
    // A callback that overtook Twilio's answer has created the call already, and the answer is late.
    const call = entry.call ?? (await journal.findCall(placed.callSid));
    if (call === undefined)
      throw new Error(`call ${placed.callSid} is not in the journal after it was appended`);
    return call;
  }

  #dialRequest({reference, from, to}: DialIntent, request: PlaceCall): DialRequest {
    const {publicUrl, callTimeLimitS} = this.#options;
    const {twiml, url = voiceUrl(publicUrl, reference), timeout, record, machineDetection} = request;
    return {
      to,
      from,
      instructions: twiml === undefined ? {url} : {twiml},
      statusCallback: statusCallbackUrl(publicUrl, reference),
      timeout,
      record,
      machineDetection,
      timeLimit: callTimeLimitS,
    };
  }

  /** For the record only: that somebody may hang up must not depend on the disk. */
  #recordCommand({user}: Principal, callSid: string): void {
    const {journal, clock, logger} = this.#options;
    const now = clock.now();
    journal
      .append({
        kind: 'command',
        source: 'api',
        action: 'disconnect',
        callSid,
        user,
        dedupeKey: `command:${callSid}:${newReference()}`,
        happenedAt: now,
        receivedAt: now,
      })
      .catch((error: unknown) => logger.warn({err: error, callSid}, 'a command could not be recorded'));
  }
}

/** The same request has the same fingerprint, in whatever order its fields come. */
function fingerprint(request: PlaceCall): string {
  const sorted = (_: string, value: unknown) =>
    value !== null && typeof value === 'object' && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value;
  return createHash('sha256').update(JSON.stringify(request, sorted)).digest('base64url');
}

function notFound(callSid: string): AppError {
  return new AppError('call_not_found', 'There is no such call.', {context: {callSid}});
}

function conflict(idempotencyKey: string): AppError {
  return new AppError('idempotency_conflict', 'This Idempotency-Key was used for another request.', {
    context: {idempotencyKey},
  });
}

function submissionUnknown(): AppError {
  return new AppError(
    'submission_unknown',
    "Twilio's answer was lost: there may be a call. It is bound when its first callback comes; the same " +
      'Idempotency-Key then finds it, and never dials again.',
  );
}

function unknownWithAnswer(fault: Parameters<typeof providerError>[0]): AppError {
  return providerError(fault, {outcome: 'unknown'});
}
