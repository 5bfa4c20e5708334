/**
 * Dial intents (H1): the journal's side of placing a call. An idempotency key stands for the first intent
 * that used it. Twilio's answer is written to that intent, later if the journal is not available.
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
  /** Whether another node may place calls as well. @default false */
  readonly mayHaveOthers?: boolean;
}

/**
 * How long a request waits for another node that dials for the same key. Twilio answers within a second or
 * two.
 */
const ELSEWHERE_MS = 5000;
const POLL_MS = 100;
/** An older intent is in progress nowhere, because no node waits this long for Twilio's answer. */
const LONGEST_DIAL_MS = 30_000;
/** References without an answer that this node remembers. */
const MAX_UNANSWERED = 1000;

/** How long an idempotency key stands for its call (H1). */
const IDEMPOTENCY_MS = 24 * 60 * 60 * 1000;

export class DialIntents {
  readonly #journal: AppendableJournal & DialIntentStore & QueryableJournal;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #mayHaveOthers: boolean;
  readonly #retryQueue: OutcomeRetryQueue;
  /** References whose dial request ended here without an answer. */
  readonly #unanswered = new Set<string>();

  constructor(options: DialIntentsOptions) {
    this.#journal = options.journal;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#mayHaveOthers = options.mayHaveOthers ?? false;
    this.#retryQueue = new OutcomeRetryQueue(options);
  }

  /** Makes a last, short attempt to write the queued outcomes. */
  stop(): Promise<void> {
    return this.#retryQueue.stop();
  }

  /** Writes the intent to disk, or finds the one with the same key. @throws JournalUnavailableError */
  async open(intent: DialIntent): Promise<OpenIntentResult> {
    const opened = await this.#open(intent);
    if (opened.kind === 'opened' || !(await this.#retryQueue.settle(opened.intent.reference))) return opened;
    // Now the journal has the outcome of the earlier intent: it was refused, or its call exists.
    return this.#open(intent);
  }

  async #open(intent: DialIntent): Promise<OpenIntentResult> {
    const {reference, idempotencyKey} = intent;
    try {
      return await this.#journal.openIntent(intent, this.#keysSince());
    } catch (error) {
      // The intent may be on disk all the same and would block its own retry. Many can follow while the disk
      // is full. They must not displace Twilio's answers.
      if (idempotencyKey !== undefined && !this.#retryQueue.full) {
        this.#retryQueue.hold(reference, () => this.#journal.rejectIntent(reference));
      }
      throw error;
    }
  }

  /** The earlier intent with this key; `undefined` if it cannot be looked up. */
  async earlier({user, idempotencyKey}: DialIntent): Promise<DialIntentRecord | undefined> {
    if (idempotencyKey === undefined) return undefined;
    const find = () => this.#journal.findIntentByKey(user, idempotencyKey, this.#keysSince());
    try {
      const found = await find();
      if (found === undefined || !(await this.#retryQueue.settle(found.reference))) return found;
      return await find();
    } catch (error) {
      this.#logger.warn({err: error}, 'could not look up an earlier request with this key');
      return undefined;
    }
  }

  #keysSince(): number {
    return this.#clock.now() - IDEMPOTENCY_MS;
  }

  /**
   * The call of the first request with this key. @throws AppError `idempotency_conflict`,
   * `submission_unknown`
   */
  async callOf(intent: DialIntentRecord, requestHash: string): Promise<CallRecord> {
    if (intent.requestHash !== requestHash) throw conflict(intent.idempotencyKey ?? '');
    const {callSid} = this.#isInProgress(intent) ? await this.#waitForAnswer(intent) : intent;
    const call = callSid === undefined ? undefined : await this.#journal.findCall(callSid);
    // No dial request is in progress and no answer came. Only a callback can show whether the call exists.
    if (call === undefined) throw submissionUnknown();
    return call;
  }

  /** Twilio's answer did not arrive. A repeated request at this node need not wait for it. */
  markUnanswered(reference: string): void {
    const [oldest] = this.#unanswered;
    if (oldest !== undefined && this.#unanswered.size >= MAX_UNANSWERED) this.#unanswered.delete(oldest);
    this.#unanswered.add(reference);
  }

  /**
   * Whether another node may be dialing this intent now. If clocks differ, a request may wait in vain or not
   * long enough, but it never dials.
   */
  #isInProgress({reference, state, createdAt}: DialIntentRecord): boolean {
    if (!this.#mayHaveOthers || state !== 'open' || this.#unanswered.has(reference)) return false;
    return this.#clock.now() - createdAt < LONGEST_DIAL_MS;
  }

  /** Waits until the intent is no longer open. After the deadline returns it as it is. */
  async #waitForAnswer(intent: DialIntentRecord): Promise<DialIntentRecord> {
    let known = intent;
    const deadline = this.#clock.monotonic() + ELSEWHERE_MS;
    while (known.state === 'open' && this.#clock.monotonic() < deadline) {
      const {promise, resolve} = Promise.withResolvers<void>();
      this.#clock.after(POLL_MS, resolve);
      await promise;
      known = (await this.#journal.findIntent(intent.reference)) ?? known;
    }
    return known;
  }

  /**
   * Records that the intent leads to no call. The client's answer does not depend on whether this can be
   * written.
   */
  async reject(reference: string): Promise<void> {
    try {
      await this.#journal.rejectIntent(reference);
    } catch (error) {
      this.#logger.warn({err: error}, 'could not record a refused call, retrying');
      this.#retryQueue.hold(reference, () => this.#journal.rejectIntent(reference));
    }
  }

  /**
   * Records the placed call. If that fails, the call still exists, so the error must not be a 503: a client
   * that retries would dial twice. @throws AppError `submission_unknown`
   */
  async placed(reference: string, event: StatusEvent): Promise<JournalEntry> {
    const {callSid} = event;
    try {
      return (await this.#journal.append(event)).entry;
    } catch (error) {
      this.#logger.error({err: error, callSid}, 'could not record a placed call, retrying');
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

/** With `callSid`, Twilio answered, but the answer could not be written to the journal. */
export function submissionUnknown(context: {readonly callSid?: string} = {}, cause?: unknown): AppError {
  const what =
    context.callSid === undefined
      ? "Twilio's answer was lost: the call may exist."
      : 'Twilio accepted the call, but it could not be recorded.';
  return new AppError(
    'submission_unknown',
    `${what} Its first callback will link it to this request. Repeating the request with the same Idempotency-Key then finds the call and never dials again.`,
    {context, cause},
  );
}
