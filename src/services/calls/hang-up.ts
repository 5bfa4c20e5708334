/**
 * Ending a call, whatever state it is in (W7). What we know of a call is always a little old, so a command is chosen
 * by what we know and then checked against what Twilio says: `canceled` leaves a call going that was answered in
 * between, and is followed by `completed`; a call that is over already is what was wanted.
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

/** When a canceled call is looked up, should neither a callback nor an answer have told of its end (ms after). */
const CHECKS_MS = [1500, 3000, 6000, 12_000];

/** Look-ups in a row that find no such call before it counts as over: REST is not always up to date. */
const MISSES_UNTIL_GONE = 2;

type Refused = Exclude<EndOutcome, {kind: 'accepted'}>;

interface PendingEnd {
  /** What Twilio was told last. `canceled` does nothing to a call that was answered meanwhile. */
  told: 'canceled' | 'completed';
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
  /** Calls that were told to end and have not been seen to. */
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
   * Ends the call. Resolves once Twilio took the command, or the call was over; that it ended comes as an entry of the
   * journal. @throws AppError `provider_error`
   */
  async end(call: CallRecord): Promise<void> {
    const {callSid} = call;
    const told =
      call.providerStatus === 'in-progress' ? await this.#complete(callSid) : await this.#cancel(callSid);
    if (this.#stopped) return;
    this.#pending.get(callSid)?.cancelCheck();
    const pending: PendingEnd = {told, checks: 0, misses: 0, postponements: 0, cancelCheck: () => {}};
    this.#pending.set(callSid, pending);
    this.#planCheck(callSid, pending);
    // What happened while we were asking is in the feed already.
    this.#reviewPending();
  }

  async #cancel(callSid: string): Promise<PendingEnd['told']> {
    const outcome = await this.#twilio.end(callSid, 'canceled');
    if (outcome.kind === 'accepted') {
      if (outcome.call.providerStatus === 'in-progress') return this.#complete(callSid);
      await this.#record(outcome.call);
      return 'canceled';
    }
    // How Twilio refuses to cancel an answered call is not documented: a refusal is settled by looking.
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

  /** Twilio's view of a call that it would not end; none where it does not know the call, or does not say. */
  async #lookUp(callSid: string, refused: Refused): Promise<TwilioCall | undefined> {
    const found = await this.#twilio.fetch(callSid);
    if (found.kind === 'failed') {
      if (refused.kind === 'failed') throw providerError(refused.fault, {callSid});
      // It has most likely ended, which is what was wanted: the checks will tell.
      this.#logger.warn(
        {callSid, fault: found.fault},
        'a call that could not be ended could not be looked up',
      );
      return undefined;
    }
    if (found.kind === 'missing') {
      if (refused.kind === 'not-endable') await this.#close(callSid);
      return undefined;
    }
    // An end without its duration is left to the callback and the checks.
    if (!lacksDuration(found.call)) await this.#record(found.call, 'reconcile');
    return found.call;
  }

  /**
   * A queued call that is canceled ends without any callback, so Twilio's answer is the only word of it. `completed` is
   * left to the callback, which knows how long the call was.
   */
  async #record(call: TwilioCall, source: 'api' | 'reconcile' = 'api'): Promise<void> {
    if (!hasEnded(call.providerStatus) || (source === 'api' && call.providerStatus === 'completed')) return;
    try {
      await this.#journal.append(statusEventFrom(call, {source, now: this.#clock.now()}));
    } catch (error) {
      // The command itself worked; the reconciler will find the call ended.
      this.#logger.warn({err: error, callSid: call.callSid}, 'the end of a call could not be recorded');
    }
  }

  /** Neither the command nor a look-up found the call: it has ended, and no callback would tell of it. */
  async #close(callSid: string): Promise<void> {
    try {
      const call = this.#feed.activeCall(callSid) ?? (await this.#journal.findCall(callSid));
      if (call === undefined || hasEnded(call.providerStatus)) return;
      this.#logger.error({callSid}, 'Twilio does not know this call; it counts as over');
      await this.#journal.append(goneEventFrom(call, this.#clock.now()));
    } catch (error) {
      this.#logger.warn({err: error, callSid}, 'the end of a call could not be recorded');
    }
  }

  /** Forgets what has ended, and ends for good what turns out to have been answered. */
  #reviewPending(): void {
    for (const [callSid, pending] of this.#pending) {
      const call = this.#feed.activeCall(callSid);
      if (call === undefined) {
        pending.cancelCheck();
        this.#pending.delete(callSid);
      } else if (call.providerStatus === 'in-progress' && pending.told === 'canceled') {
        this.#completeAnswered(callSid, pending);
      }
    }
  }

  /** Once. Should it fail, the checks go on trying: the feed moves with every call, and each move would be a request. */
  #completeAnswered(callSid: string, pending: PendingEnd): void {
    pending.told = 'completed';
    this.#complete(callSid).catch((error: unknown) => {
      this.#logger.warn(
        {err: error, callSid},
        'a call that was answered while it was canceled could not be ended',
      );
    });
  }

  #planCheck(callSid: string, pending: PendingEnd): void {
    const delayMs = CHECKS_MS[pending.checks];
    if (delayMs === undefined) {
      this.#pending.delete(callSid);
      this.#logger.warn({callSid}, 'a call goes on although it was told to end');
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
      this.#logger.warn({err: error, callSid}, 'a call that was told to end could not be checked');
    }
    if (this.#pending.get(callSid) === pending) this.#planCheck(callSid, pending);
  }

  async #settle(call: TwilioCall, pending: PendingEnd): Promise<void> {
    if (this.#postpone(call, pending)) return;
    if (hasEnded(call.providerStatus)) await this.#record(call, 'reconcile');
    else if (this.#isTalking(call)) pending.told = await this.#complete(call.callSid);
  }

  /** The duration belongs on the last status (W1): the next check may know it, or the callback comes meanwhile. */
  #postpone(call: TwilioCall, pending: PendingEnd): boolean {
    const isLastCheck = pending.checks >= CHECKS_MS.length;
    if (!lacksDuration(call) || isLastCheck || pending.postponements >= MAX_POSTPONEMENTS) return false;
    pending.postponements += 1;
    return true;
  }

  /** REST can be behind the callbacks. */
  #isTalking({callSid, providerStatus}: TwilioCall): boolean {
    return [providerStatus, this.#feed.activeCall(callSid)?.providerStatus].includes('in-progress');
  }
}

/** Twilio understood and said no, as opposed to: was not reached, or broke. */
function isRefusal(fault: ProviderFault): boolean {
  return fault.status === 400 || fault.status === 409;
}
