/**
 * Ends a call in any state (W7). Our knowledge of a call is always a little old, so the command is chosen by
 * the known state and then verified with Twilio. `canceled` has no effect on a call that was answered in the
 * meantime, so `completed` follows. If the call has already ended, the request has succeeded.
 */
import {hasEnded} from '@hookswitch/protocol';
import type {Logger} from 'pino';
import type {CancelTimer, Clock} from '../../clock.ts';
import type {AppendableJournal} from '../../journal/appendable-journal.ts';
import type {CallRecord} from '../../journal/call-event.ts';
import type {Unsubscribe} from '../../journal/followable-journal.ts';
import type {QueryableJournal} from '../../journal/queryable-journal.ts';
import type {EndOutcome, ProviderFault, TwilioCall, TwilioClient} from '../../twilio/twilio-client.ts';
import type {LiveFeed} from '../feed/live-feed.ts';
import {providerError} from './provider-error.ts';
import {goneEventFrom, lacksDuration, MAX_POSTPONEMENTS, statusEventFrom} from './twilio-status-event.ts';

export interface HangUpOptions {
  readonly twilio: TwilioClient;
  readonly journal: AppendableJournal & QueryableJournal;
  readonly feed: LiveFeed;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Times in ms after which a canceled call is looked up, unless a callback or a response has reported its end.
 */
const CHECKS_MS = [1500, 3000, 6000, 12_000];

/**
 * Consecutive look-ups without a result before the call counts as ended, because the REST API may lag behind.
 */
const MISSES_UNTIL_GONE = 2;

type Refused = Exclude<EndOutcome, {kind: 'accepted'}>;

interface PendingEnd {
  /** The latest requested status. `canceled` does nothing to a call that was answered in the meantime. */
  requested: 'canceled' | 'completed';
  checks: number;
  misses: number;
  postponements: number;
  cancelCheck: CancelTimer;
}

export class HangUp {
  readonly #twilio: TwilioClient;
  readonly #journal: AppendableJournal & QueryableJournal;
  readonly #feed: LiveFeed;
  readonly #clock: Clock;
  readonly #logger: Logger;
  /** Calls with a requested end that has not been observed yet. */
  readonly #pending = new Map<string, PendingEnd>();
  #unsubscribe: Unsubscribe | undefined;
  #stopped = false;

  constructor({twilio, journal, feed, clock, logger}: HangUpOptions) {
    this.#twilio = twilio;
    this.#journal = journal;
    this.#feed = feed;
    this.#clock = clock;
    this.#logger = logger;
  }

  start(): void {
    this.#unsubscribe = this.#feed.onAdvance(() => this.#reviewPending());
  }

  stop(): void {
    this.#stopped = true;
    this.#unsubscribe?.();
    for (const {cancelCheck} of this.#pending.values()) cancelCheck();
    this.#pending.clear();
  }

  /** Calls whose end is still awaited. */
  get pendingCount(): number {
    return this.#pending.size;
  }

  /**
   * Ends the call. Resolves once Twilio has accepted the command or the call has ended. The end itself
   * arrives as a journal entry. @throws AppError `provider_error`
   */
  async end(call: CallRecord): Promise<void> {
    const {callSid} = call;
    const requested =
      call.providerStatus === 'in-progress' ? await this.#complete(callSid) : await this.#cancel(callSid);
    if (this.#stopped) return;
    this.#pending.get(callSid)?.cancelCheck();
    const pending: PendingEnd = {requested, checks: 0, misses: 0, postponements: 0, cancelCheck: () => {}};
    this.#pending.set(callSid, pending);
    this.#scheduleCheck(callSid, pending);
    // An event that arrived during the request is in the feed already.
    this.#reviewPending();
  }

  async #cancel(callSid: string): Promise<PendingEnd['requested']> {
    const outcome = await this.#twilio.end(callSid, 'canceled');
    if (outcome.kind === 'accepted') {
      if (outcome.call.providerStatus === 'in-progress') return this.#complete(callSid);
      await this.#record(outcome.call);
      return 'canceled';
    }
    // How Twilio refuses to cancel an answered call is not documented, so a look-up decides.
    if (outcome.kind === 'failed' && !isRefusal(outcome.fault)) throw providerError(outcome.fault, {callSid});
    const call = await this.#lookUp(callSid, outcome);
    if (call?.providerStatus === 'in-progress') return this.#complete(callSid);
    if (call !== undefined && !hasEnded(call.providerStatus)) throw providerError(outcome.fault, {callSid});
    return 'canceled';
  }

  async #complete(callSid: string): Promise<'completed'> {
    const outcome = await this.#twilio.end(callSid, 'completed');
    if (outcome.kind === 'accepted') return 'completed';
    if (outcome.kind === 'failed') throw providerError(outcome.fault, {callSid});
    const call = await this.#lookUp(callSid, outcome);
    if (call !== undefined && !hasEnded(call.providerStatus)) throw providerError(outcome.fault, {callSid});
    return 'completed';
  }

  /**
   * Looks up a call that Twilio refused to end; `undefined` if Twilio does not know it or cannot be reached.
   */
  async #lookUp(callSid: string, refused: Refused): Promise<TwilioCall | undefined> {
    const found = await this.#twilio.fetch(callSid);
    if (found.kind === 'failed') {
      if (refused.kind === 'failed') throw providerError(refused.fault, {callSid});
      // The call has most likely ended, as requested. The checks will verify it.
      this.#logger.warn({callSid, fault: found.fault}, 'could not look up a call that could not be ended');
      return undefined;
    }
    if (found.kind === 'missing') {
      if (refused.kind === 'not-endable') await this.#close(callSid);
      return undefined;
    }
    // An end without a duration is left to the callback and the checks.
    if (!lacksDuration(found.call)) await this.#record(found.call, 'reconcile');
    return found.call;
  }

  /**
   * Records an end that no callback reports: a queued call that is canceled causes none. `completed` is left
   * to the callback, which has the duration.
   */
  async #record(call: TwilioCall, source: 'api' | 'reconcile' = 'api'): Promise<void> {
    if (!hasEnded(call.providerStatus) || (source === 'api' && call.providerStatus === 'completed')) return;
    try {
      await this.#journal.append(statusEventFrom(call, {source, now: this.#clock.now()}));
    } catch (error) {
      // The command itself succeeded. The reconciler will find the call ended.
      this.#logger.warn({err: error, callSid: call.callSid}, 'could not record the end of a call');
    }
  }

  /** Neither the command nor a look-up found the call, so it has ended, and no callback will report it. */
  async #close(callSid: string): Promise<void> {
    try {
      const call = this.#feed.activeCall(callSid) ?? (await this.#journal.findCall(callSid));
      if (call === undefined || hasEnded(call.providerStatus)) return;
      this.#logger.error({callSid}, 'Twilio does not know this call; it is recorded as ended');
      await this.#journal.append(goneEventFrom(call, this.#clock.now()));
    } catch (error) {
      this.#logger.warn({err: error, callSid}, 'could not record the end of a call');
    }
  }

  /** Removes calls that have ended, and completes calls that were answered while they were canceled. */
  #reviewPending(): void {
    for (const [callSid, pending] of this.#pending) {
      const call = this.#feed.activeCall(callSid);
      if (call === undefined) {
        pending.cancelCheck();
        this.#pending.delete(callSid);
      } else if (call.providerStatus === 'in-progress' && pending.requested === 'canceled') {
        this.#completeAnswered(callSid, pending);
      }
    }
  }

  /**
   * Tries once. After a failure the checks continue, because a request for each move of the feed would be too
   * many.
   */
  #completeAnswered(callSid: string, pending: PendingEnd): void {
    pending.requested = 'completed';
    this.#complete(callSid).catch((error: unknown) => {
      this.#logger.warn(
        {err: error, callSid},
        'could not end a call that was answered while it was canceled',
      );
    });
  }

  #scheduleCheck(callSid: string, pending: PendingEnd): void {
    const delayMs = CHECKS_MS[pending.checks];
    if (delayMs === undefined) {
      this.#pending.delete(callSid);
      this.#logger.warn({callSid}, 'a call is still in progress although its end was requested');
      return;
    }
    pending.checks += 1;
    pending.cancelCheck = this.#clock.after(delayMs, () => void this.#check(callSid, pending));
  }

  async #check(callSid: string, pending: PendingEnd): Promise<void> {
    try {
      const found = await this.#twilio.fetch(callSid);
      pending.misses = found.kind === 'missing' ? pending.misses + 1 : 0;
      if (found.kind === 'found') await this.#settle(found.call, pending);
      if (pending.misses >= MISSES_UNTIL_GONE) await this.#close(callSid);
    } catch (error) {
      this.#logger.warn({err: error, callSid}, 'could not check a call whose end was requested');
    }
    if (this.#pending.get(callSid) === pending) this.#scheduleCheck(callSid, pending);
  }

  async #settle(call: TwilioCall, pending: PendingEnd): Promise<void> {
    if (this.#postpone(call, pending)) return;
    if (hasEnded(call.providerStatus)) await this.#record(call, 'reconcile');
    else if (this.#isTalking(call)) pending.requested = await this.#complete(call.callSid);
  }

  /**
   * Waits for the duration, which belongs on the last status (W1). The callback or the next check may bring
   * it.
   */
  #postpone(call: TwilioCall, pending: PendingEnd): boolean {
    const isLastCheck = pending.checks >= CHECKS_MS.length;
    if (!lacksDuration(call) || isLastCheck || pending.postponements >= MAX_POSTPONEMENTS) return false;
    pending.postponements += 1;
    return true;
  }

  /** The REST API can lag behind the callbacks. */
  #isTalking({callSid, providerStatus}: TwilioCall): boolean {
    return [providerStatus, this.#feed.activeCall(callSid)?.providerStatus].includes('in-progress');
  }
}

/** Twilio understood the request and refused it, as opposed to a connection failure or an internal error. */
function isRefusal(fault: ProviderFault): boolean {
  return fault.status === 400 || fault.status === 409;
}
