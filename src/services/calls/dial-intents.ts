/**
 * What becomes of intents to dial (H1): the journal's side of placing a call. An idempotency key stands for the first
 * intent that had it; what Twilio answered is written to that intent, later if the journal cannot take it now.
 */
import type {Logger} from 'pino';
import type {Clock} from '../../clock.ts';
import {AppError} from '../../errors/app-error.ts';
import type {AppendableJournal} from '../../journal/appendable-journal.ts';
import type {CallRecord, JournalEntry, StatusEvent} from '../../journal/call-event.ts';
import type {DialIntent, DialIntentRecord} from '../../journal/dial-intent.ts';
import type {DialIntentStore, OpenIntentResult} from '../../journal/dial-intent-store.ts';
import type {QueryableJournal} from '../../journal/queryable-journal.ts';
import {OutcomeRetryQueue} from './outcome-retry-queue.ts';

export interface DialIntentsOptions {
  readonly journal: AppendableJournal & DialIntentStore & QueryableJournal;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Whether another node may be placing calls, too. @default false */
  readonly mayHaveOthers?: boolean;
}

/** How long a request waits for another node that is dialing for the same key; Twilio answers within a second or two. */
const ELSEWHERE_MS = 5000;
const LOOK_AGAIN_MS = 100;
/** An intent that is older is under way nowhere: longer than any node waits for Twilio's answer. */
const LONGEST_DIAL_MS = 30_000;
/** So many are remembered of which this node knows that nothing more comes. */
const MAX_LOST = 1000;

/** How long an idempotency key stands for its call (H1). */
const IDEMPOTENCY_MS = 24 * 60 * 60 * 1000;

export class DialIntents {
  readonly #journal: AppendableJournal & DialIntentStore & QueryableJournal;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #mayHaveOthers: boolean;
  readonly #retryQueue: OutcomeRetryQueue;
  /** References whose dial has ended here without an answer. */
  readonly #lost = new Set<string>();

  constructor(options: DialIntentsOptions) {
    this.#journal = options.journal;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#mayHaveOthers = options.mayHaveOthers ?? false;
    this.#retryQueue = new OutcomeRetryQueue(options);
  }

  /** Writes what is still held, if it can be written within a moment. */
  stop(): Promise<void> {
    return this.#retryQueue.stop();
  }

  /** Puts the intent on disk, or finds the one that has its key. @throws JournalUnavailableError */
  async open(intent: DialIntent): Promise<OpenIntentResult> {
    const opened = await this.#open(intent);
    if (opened.kind === 'opened' || !(await this.#retryQueue.settle(opened.intent.reference))) return opened;
    // Now the journal knows what became of the earlier one: it was refused, or there is its call.
    return this.#open(intent);
  }

  async #open(intent: DialIntent): Promise<OpenIntentResult> {
    const {reference, idempotencyKey} = intent;
    try {
      return await this.#journal.openIntent(intent, this.#keysSince());
    } catch (error) {
      // It may be on disk all the same, and would stand in the way of its own retry. Many can come while the disk is
      // full: they must not drive out what Twilio answered.
      if (idempotencyKey !== undefined && !this.#retryQueue.full) {
        this.#retryQueue.hold(reference, () => this.#journal.rejectIntent(reference));
      }
      throw error;
    }
  }

  /** The intent that has this key already; none where it cannot be looked for. */
  async earlier({user, idempotencyKey}: DialIntent): Promise<DialIntentRecord | undefined> {
    if (idempotencyKey === undefined) return undefined;
    const find = () => this.#journal.findIntentByKey(user, idempotencyKey, this.#keysSince());
    try {
      const found = await find();
      if (found === undefined || !(await this.#retryQueue.settle(found.reference))) return found;
      return await find();
    } catch (error) {
      this.#logger.warn({err: error}, 'an earlier request with this key could not be looked for');
      return undefined;
    }
  }

  #keysSince(): number {
    return this.#clock.now() - IDEMPOTENCY_MS;
  }

  /** What became of the first request with this key. @throws AppError `idempotency_conflict`, `submission_unknown` */
  async callOf(intent: DialIntentRecord, requestHash: string): Promise<CallRecord> {
    if (intent.requestHash !== requestHash) throw conflict(intent.idempotencyKey ?? '');
    const {callSid} = this.#isUnderWay(intent) ? await this.#answered(intent) : intent;
    const call = callSid === undefined ? undefined : await this.#journal.findCall(callSid);
    // Not under way in this process, and nothing came back: whether there is a call, only a callback can tell.
    if (call === undefined) throw submissionUnknown();
    return call;
  }

  /** Twilio's answer did not come. Whoever asks again here need not wait for it. */
  lost(reference: string): void {
    const [oldest] = this.#lost;
    if (oldest !== undefined && this.#lost.size >= MAX_LOST) this.#lost.delete(oldest);
    this.#lost.add(reference);
  }

  /** Whether another node may just be dialing it. Where clocks differ it may wait in vain, or not long enough: nothing is dialed by it. */
  #isUnderWay({reference, state, createdAt}: DialIntentRecord): boolean {
    if (!this.#mayHaveOthers || state !== 'open' || this.#lost.has(reference)) return false;
    return this.#clock.now() - createdAt < LONGEST_DIAL_MS;
  }

  /** The intent once it is not open any more; or as it is. */
  async #answered(intent: DialIntentRecord): Promise<DialIntentRecord> {
    let known = intent;
    const deadline = this.#clock.monotonic() + ELSEWHERE_MS;
    while (known.state === 'open' && this.#clock.monotonic() < deadline) {
      const {promise, resolve} = Promise.withResolvers<void>();
      this.#clock.after(LOOK_AGAIN_MS, resolve);
      await promise;
      known = (await this.#journal.findIntent(intent.reference)) ?? known;
    }
    return known;
  }

  /** No call comes of the intent. What the client is told does not depend on whether that could be written. */
  async reject(reference: string): Promise<void> {
    try {
      await this.#journal.rejectIntent(reference);
    } catch (error) {
      this.#logger.warn({err: error}, 'a refused call could not be recorded; trying again');
      this.#retryQueue.hold(reference, () => this.#journal.rejectIntent(reference));
    }
  }

  /**
   * There is a call now, whatever the journal says. Its 503, which asks for the same again, would dial twice.
   * @throws AppError `submission_unknown`
   */
  async placed(reference: string, event: StatusEvent): Promise<JournalEntry> {
    const {callSid} = event;
    try {
      return (await this.#journal.append(event)).entry;
    } catch (error) {
      this.#logger.error({err: error, callSid}, 'a call that was placed could not be recorded; trying again');
      this.#retryQueue.hold(reference, () => this.#journal.append(event));
      throw submissionUnknown({callSid}, error);
    }
  }
}

export function conflict(idempotencyKey: string): AppError {
  return new AppError('idempotency_conflict', 'This Idempotency-Key was used for another request.', {
    context: {idempotencyKey},
  });
}

/** `callSid`: Twilio did answer, and it is we who could not write that down. */
export function submissionUnknown(context: {readonly callSid?: string} = {}, cause?: unknown): AppError {
  const what =
    context.callSid === undefined
      ? "Twilio's answer was lost: there may be a call."
      : 'Twilio took the call, but it could not be recorded.';
  return new AppError(
    'submission_unknown',
    `${what} It is bound when its first callback comes; the same Idempotency-Key then finds it, and never dials again.`,
    {context, cause},
  );
}
