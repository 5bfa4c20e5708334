/**
 * Places a call at most once (H1). The intent is on disk before the request to Twilio, and Twilio's answer
 * decides whether the same request may be dialed again.
 */
import {createHash} from 'node:crypto';
import type {CallMetadata} from '@hookswitch/protocol';
import type {Logger} from 'pino';
import {hasScope, type Principal} from '../../auth/authenticator.ts';
import type {Clock} from '../../clock.ts';
import {AppError} from '../../errors/app-error.ts';
import type {AppendableJournal} from '../../journal/appendable-journal.ts';
import type {CallRecord} from '../../journal/call-event.ts';
import type {DialIntent, DialIntentRecord} from '../../journal/dial-intent.ts';
import type {DialIntentStore, OpenIntentResult} from '../../journal/dial-intent-store.ts';
import type {QueryableJournal} from '../../journal/queryable-journal.ts';
import type {Metrics} from '../../observability/metrics.ts';
import {newReference, statusCallbackUrl, voiceUrl} from '../../twilio/callback-urls.ts';
import type {DialRequest, TwilioClient} from '../../twilio/twilio-client.ts';
import {conflict, DialIntents, submissionUnknown} from './dial-intents.ts';
import type {PlacementLimits} from './placement-limits.ts';
import {providerError} from './provider-error.ts';
import {statusEventFrom} from './twilio-status-event.ts';

export interface CallPlacementOptions {
  readonly journal: AppendableJournal & DialIntentStore & QueryableJournal;
  readonly twilio: TwilioClient;
  readonly limits: PlacementLimits;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Without a trailing slash. */
  readonly publicUrl: string;
  /** Caller id of calls that set none, E.164. */
  readonly phoneNumber: string;
  /** Seconds after which Twilio ends a call. */
  readonly callTimeLimitS: number;
  /** Whether another node may place calls as well. @default false */
  readonly mayHaveOthers?: boolean;
}

/** A client's request (H1), validated. */
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
  readonly metadata?: CallMetadata;
}

export interface PlacedCall {
  readonly call: CallRecord;
  /** The idempotency key had been used, so nothing was dialed. */
  readonly replayed: boolean;
}

interface Placement {
  readonly requestHash: string;
  readonly outcome: Promise<CallRecord>;
}

export class CallPlacement {
  readonly #options: CallPlacementOptions;
  /** Placements in progress, by user and idempotency key. A second request joins the first. */
  readonly #placements = new Map<string, Placement>();
  readonly #intents: DialIntents;

  constructor(options: CallPlacementOptions) {
    this.#options = options;
    this.#intents = new DialIntents(options);
  }

  /** Makes a last, short attempt to write outcomes that are still queued. The journal must still be open. */
  stop(): Promise<void> {
    return this.#intents.stop();
  }

  /**
   * Places a call, or returns the call that this key placed. @throws AppError `forbidden`, `rate_limited`,
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
    // A request that joins handles the rejection. Here only the end of the promise matters.
    this.#placements.get(key)?.outcome.catch(() => {});
    try {
      return await placed;
    } finally {
      this.#placements.delete(key);
    }
  }

  async #placeNew(
    principal: Principal,
    request: PlaceCall,
    requestHash: string,
    idempotencyKey?: string,
  ): Promise<PlacedCall> {
    const intent = this.#newIntent(principal, request, requestHash, idempotencyKey);
    const release = await this.#admit(intent);
    if (typeof release !== 'function') return this.#replay(release, requestHash);
    let written: number | undefined;
    try {
      const opened = await this.#openIntent(intent);
      if (opened.kind === 'exists') return await this.#replay(opened.intent, requestHash);
      const call = await this.#dial(intent, request);
      written = call.firstOffset;
      return {call, replayed: false};
    } finally {
      release(written);
    }
  }

  /**
   * Returns the function that releases the slot. If the limits refuse a repeated request, returns the earlier
   * intent: a repeat dials nothing, so a limit must not hide the call of the first request.
   */
  async #admit(
    intent: DialIntent,
  ): Promise<Awaited<ReturnType<PlacementLimits['admit']>> | DialIntentRecord> {
    const {limits} = this.#options;
    try {
      limits.checkDestinations(intent);
      return await limits.admit(intent.user);
    } catch (refusal) {
      const earlier = await this.#intents.earlier(intent);
      if (earlier === undefined) throw refusal;
      return earlier;
    }
  }

  /** Writes the intent to disk. Refunds the allowance if nothing will be dialed. */
  async #openIntent(intent: DialIntent): Promise<OpenIntentResult> {
    const {limits} = this.#options;
    try {
      const opened = await this.#intents.open(intent);
      if (opened.kind === 'exists') limits.refund(intent.user);
      return opened;
    } catch (error) {
      limits.refund(intent.user);
      throw error;
    }
  }

  async #replay(intent: DialIntentRecord, requestHash: string): Promise<PlacedCall> {
    return {call: await this.#intents.callOf(intent, requestHash), replayed: true};
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

  async #dial(intent: DialIntent, request: PlaceCall): Promise<CallRecord> {
    const {twilio, logger, metrics} = this.#options;
    const outcome = await twilio.dial(this.#dialRequest(intent, request));
    metrics.callsPlaced.inc({outcome: outcome.kind});
    const context = {user: intent.user, to: intent.to};
    if (outcome.kind === 'placed') {
      logger.info({...context, callSid: outcome.call.callSid}, 'call placed');
      return this.#recordPlaced(intent, outcome.call);
    }
    logger.warn({...context, fault: outcome.fault}, `call ${outcome.kind}`);
    if (outcome.kind === 'unknown') {
      this.#intents.markUnanswered(intent.reference);
      // A 5xx is reported as Twilio's answer. The key stays in use all the same, because there may be a call.
      throw outcome.fault.status === undefined ? submissionUnknown() : unknownWithAnswer(outcome.fault);
    }
    await this.#intents.reject(intent.reference);
    throw providerError(outcome.fault);
  }

  async #recordPlaced(
    intent: DialIntent,
    placed: Parameters<typeof statusEventFrom>[0],
  ): Promise<CallRecord> {
    const {journal, clock} = this.#options;
    const {reference} = intent;
    const event = statusEventFrom(placed, {source: 'api', now: clock.now(), reference});
    const entry = await this.#intents.placed(reference, event);
    // A callback that overtook Twilio's response has created the call already, and the response is late.
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
}

/** Equal requests have the same fingerprint, in any order of their fields. */
function fingerprint(request: PlaceCall): string {
  const sorted = (_: string, value: unknown) =>
    value !== null && typeof value === 'object' && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value;
  return createHash('sha256').update(JSON.stringify(request, sorted)).digest('base64url');
}

function unknownWithAnswer(fault: Parameters<typeof providerError>[0]): AppError {
  return providerError(fault, {outcome: 'unknown'});
}
