/**
 * The journal in a SQLite file, for one node. After opening, only the writer thread and the reader thread
 * touch the disk, so that neither an fsync nor a long history blocks the event loop.
 *
 * Invariant: `#ring` and `#bounds` change, and appends settle, in the same turn. The writer's replies drive
 * this in commit order. Therefore a caller can read its append as soon as it is acknowledged, and nobody
 * reads entry N + 1 before entry N (J3).
 */
import path from 'node:path';
import {type Clock, systemClock} from '../../clock.ts';
import {JournalUnavailableError} from '../../errors/app-error.ts';
import type {AppendResult, FencedAppend} from '../appendable-journal.ts';
import type {CallEvent, CallRecord, JournalEntry, Offset} from '../call-event.ts';
import type {DialIntent, DialIntentRecord} from '../dial-intent.ts';
import type {OpenIntentResult} from '../dial-intent-store.ts';
import {EntryRing} from '../entry-ring.ts';
import {parametersJson, withoutParameters} from '../event-parameters.ts';
import type {Fence} from '../fence.ts';
import type {ActiveCalls, JournalOpening, ReadResult, Unsubscribe} from '../followable-journal.ts';
import type {Journal} from '../journal.ts';
import type {TrimRequest} from '../journal-maintenance.ts';
import type {CallHistory, CallList, CallQuery, HourOfCalls, StatisticsQuery} from '../queryable-journal.ts';
import {checkLocation} from './check-location.ts';
import {toError, toFailure} from './failures.ts';
import {FileLock} from './file-lock.ts';
import {WorkerClient} from './worker-client.ts';
import type {JournalBounds, ReaderRequest, WorkerSettings, WriterRequest} from './worker-messages.ts';

export interface SqliteJournalOptions {
  /**
   * Path of the database. The `-wal`, `-shm`, `.mark` and `.lock` files are next to it. Its folder is
   * created.
   */
  readonly file: string;
  /** @default systemClock */
  readonly clock?: Clock;
  /** Receives faults that no caller can receive. */
  readonly onFault?: (fault: Error) => void;
  /** Maximum number of waiting requests. Further requests are refused. @default 20000 */
  readonly maxPending?: number;
  /** Number of WAL pages after which a commit checkpoints. 0 turns this off. @default 1000 */
  readonly autocheckpointPages?: number;
}

/**
 * Calls trimmed per transaction. A transaction takes about a millisecond, and appends continue in between.
 */
const TRIM_STEP = 25;

/** Parses a value that was sent as JSON. */
type Parse<Result> = (json: string | undefined) => Result;

export class SqliteJournal implements Journal {
  readonly #file: string;
  readonly #onFault: (fault: Error) => void;
  readonly #writer: WorkerClient<WriterRequest>;
  readonly #reader: WorkerClient<ReaderRequest>;
  readonly #ring = new EntryRing();
  readonly #listeners = new Set<(appended: readonly JournalEntry[]) => void>();
  #phase: 'new' | 'opening' | 'open' | 'closed' = 'new';
  #bounds: JournalBounds = {head: 0, trimmedTo: 0};
  /** Entries that the current reply has appended. */
  #newEntries: JournalEntry[] = [];
  #epoch: string | undefined;
  #lock: FileLock | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: SqliteJournalOptions) {
    const {
      file,
      clock = systemClock,
      onFault = () => {},
      maxPending = 20_000,
      autocheckpointPages = 1000,
    } = options;
    this.#file = file;
    this.#onFault = onFault;
    const settings: WorkerSettings = {file, autocheckpointPages};
    const common = {settings, clock, onFault, maxPending};
    this.#writer = new WorkerClient({
      ...common,
      url: new URL('./writer/sqlite-writer.ts', import.meta.url),
      firstRequest: () => ({kind: 'open', ...(this.#epoch === undefined ? {} : {epoch: this.#epoch})}),
      onReply: (bounds) => this.#advance(bounds),
    });
    this.#reader = new WorkerClient({...common, url: new URL('./reader/sqlite-reader.ts', import.meta.url)});
  }

  async open(): Promise<JournalOpening> {
    if (this.#phase !== 'new') throw new Error(`a journal is opened once; this one is ${this.#phase}`);
    this.#phase = 'opening';
    try {
      checkLocation(this.#file);
      this.#lock = FileLock.take(this.#file);
      this.#writer.start();
      this.#reader.start();
      const opening = await this.#writer.request<JournalOpening>({kind: 'open'}, required);
      this.#epoch = opening.epoch;
      this.#phase = 'open';
      return opening;
    } catch (error) {
      await this.#end();
      this.#phase = 'closed';
      throw openingFault(error, this.#file);
    }
  }

  append(event: CallEvent): Promise<AppendResult> {
    // Not `async`: the caller's continuation must run before the listeners when the result arrives.
    const bare = withoutParameters(event);
    const parameters = parametersJson(event);
    const json = JSON.stringify(bare);
    const request = {kind: 'append', event: json, ...(parameters === undefined ? {} : {parameters})} as const;
    return this.#write(request, (answer) => this.#handleAppended(bare, answer));
  }

  /** No other process can take over a duty, because a second process on the file is refused. */
  async appendFenced(event: CallEvent, _fence: Fence): Promise<FencedAppend> {
    return {kind: 'appended', ...(await this.append(event))};
  }

  async read(after: Offset, limit: number): Promise<ReadResult> {
    this.#assertOpen();
    const {head, trimmedTo} = this.#bounds;
    if (after < trimmedTo) return {kind: 'too-old', oldest: trimmedTo};
    if (after >= head) return {kind: 'entries', entries: []};
    const entries = this.#ring.after(after, limit);
    if (entries !== undefined) return {kind: 'entries', entries};
    return this.#reader.request<ReadResult>({kind: 'read', after, upTo: head, limit}, required);
  }

  head(): Offset {
    return this.#bounds.head;
  }

  onAppend(listener: (appended?: readonly JournalEntry[]) => void): Unsubscribe {
    // A new function per subscription, because the same function can be subscribed twice.
    const subscription = (appended: readonly JournalEntry[]) => listener(appended);
    this.#listeners.add(subscription);
    return () => this.#listeners.delete(subscription);
  }

  async activeCalls(): Promise<ActiveCalls> {
    return this.#query<ActiveCalls>({kind: 'active-calls'}, required);
  }

  async findCall(callSid: string): Promise<CallRecord | undefined> {
    return this.#query<CallRecord | undefined>({kind: 'find-call', callSid}, optional);
  }

  async callHistory(callSid: string): Promise<CallHistory | undefined> {
    return this.#query<CallHistory | undefined>({kind: 'call-history', callSid}, optional);
  }

  async listCalls(query: CallQuery): Promise<CallList> {
    return this.#query<CallList>({kind: 'list-calls', query}, required);
  }

  async callStatistics(query: StatisticsQuery): Promise<readonly HourOfCalls[]> {
    return this.#query<readonly HourOfCalls[]>({kind: 'call-statistics', query}, required);
  }

  async openIntent(intent: DialIntent, keysSince: number): Promise<OpenIntentResult> {
    return this.#write<OpenIntentResult>({kind: 'open-intent', intent, keysSince}, required);
  }

  async rejectIntent(reference: string): Promise<void> {
    return this.#write({kind: 'reject-intent', reference}, nothing);
  }

  async findIntent(reference: string): Promise<DialIntentRecord | undefined> {
    return this.#query<DialIntentRecord | undefined>({kind: 'find-intent', reference}, optional);
  }

  async findIntentByKey(
    user: string,
    idempotencyKey: string,
    since: number,
  ): Promise<DialIntentRecord | undefined> {
    return this.#query<DialIntentRecord | undefined>(
      {kind: 'find-intent-by-key', user, idempotencyKey, since},
      optional,
    );
  }

  async trim({endedBefore, limit}: TrimRequest): Promise<number> {
    let trimmed = 0;
    while (trimmed < limit) {
      const step = Math.min(TRIM_STEP, limit - trimmed);
      const count = await this.#write<number>({kind: 'trim', endedBefore, limit: step}, required);
      trimmed += count;
      if (count === 0) break;
    }
    return trimmed;
  }

  async probe(): Promise<void> {
    return this.#write({kind: 'probe'}, nothing);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const wasOpen = this.#phase === 'open';
    this.#phase = 'closed';
    if (wasOpen) {
      // The reader closes first, because its connection would block the last checkpoint. The writer answers
      // in order, so everything it was asked before is done.
      await this.#reader.request({kind: 'close'}, nothing).catch(this.#onFault);
      await this.#writer.request({kind: 'close'}, nothing).catch(this.#onFault);
    }
    await this.#end();
    this.#listeners.clear();
  }

  async #end(): Promise<void> {
    await Promise.all([this.#writer.stop(), this.#reader.stop()]);
    this.#lock?.release();
    this.#lock = undefined;
  }

  #write<Result>(request: WriterRequest, parse: Parse<Result>): Promise<Result> {
    if (this.#phase !== 'open') return Promise.reject(notOpen());
    return this.#writer.request(request, parse);
  }

  async #query<Result>(request: ReaderRequest, parse: Parse<Result>): Promise<Result> {
    this.#assertOpen();
    return this.#reader.request(request, parse);
  }

  #assertOpen(): void {
    if (this.#phase !== 'open') throw notOpen();
  }

  /**
   * Handles the writer's answer to an append of `event`, which has no parameters here. Called in commit
   * order, in the turn in which the head moves.
   */
  #handleAppended(event: CallEvent, json: string | undefined): AppendResult {
    const result = required<AppendResult>(json);
    if (result.repeated) return result;
    const {offset, verdict, owner, call} = result.entry;
    const entry: JournalEntry = {
      offset,
      event,
      verdict,
      ...(owner === undefined ? {} : {owner}),
      ...(call === undefined ? {} : {call}),
    };
    this.#ring.push(entry, ENTRY_BYTES + (json?.length ?? 0));
    this.#newEntries.push(entry);
    return {entry, repeated: false};
  }

  #advance(bounds: JournalBounds): void {
    const moved = bounds.head > this.#bounds.head;
    this.#bounds = bounds;
    // After a crash of the writer, entries can exist whose answers never arrived. They are read from the
    // disk.
    if (this.#ring.last !== bounds.head) this.#ring.moveTo(bounds.head);
    const appended = this.#newEntries;
    this.#newEntries = [];
    // After all microtasks of this turn, the callers of the appends have run. They run first, so that a
    // response to Twilio does not wait for the delivery to a thousand sessions.
    if (moved) queueMicrotask(() => process.nextTick(() => this.#notify(appended)));
  }

  #notify(appended: readonly JournalEntry[]): void {
    for (const listener of this.#listeners) {
      try {
        listener(appended);
      } catch (error) {
        this.#onFault(error instanceof Error ? error : new Error(String(error)));
      }
    }
  }
}

/** Estimated size of an entry besides its call, in bytes: its event and the objects. */
const ENTRY_BYTES = 600;

function required<Result>(json: string | undefined): Result {
  if (json === undefined) throw new Error('the journal returned no answer');
  return JSON.parse(json) as Result;
}

function optional<Result>(json: string | undefined): Result | undefined {
  return json === undefined ? undefined : (JSON.parse(json) as Result);
}

function nothing(): void {}

function notOpen(): JournalUnavailableError {
  return new JournalUnavailableError('The journal is not open.');
}

/**
 * Adds the file's path to the reason. Only the operator who starts the gateway sees it, so the path is no
 * secret.
 */
function openingFault(error: unknown, file: string): JournalUnavailableError {
  const known =
    error instanceof JournalUnavailableError ? error : toError({...toFailure(error), kind: 'unavailable'});
  const {message, cause} = known;
  const detail = cause instanceof Error ? ` (${cause.message})` : '';
  const text = message.includes(path.basename(file))
    ? message
    : `The journal ${file} cannot be opened. ${message}${detail}`;
  return new JournalUnavailableError(text, {cause});
}
