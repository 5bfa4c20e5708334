/**
 * The journal in Postgres, shared by any number of nodes. Its parts are:
 * - a writer, which commits requests in groups while it holds the lock of the head,
 * - a tail, which tracks this node's head and keeps the latest entries in memory,
 * - a listener, which wakes the tail,
 * - a pool for all other reads.
 *
 * The writer, the tail and the listener have a connection each. docs/explanation/durability.md has the proof.
 */
import {randomUUID} from 'node:crypto';
import {type Clock, systemClock} from '../../clock.ts';
import {JournalUnavailableError} from '../../errors/app-error.ts';
import type {PostgresDatabase, Query} from '../../postgres/postgres-database.ts';
import type {AppendResult, FencedAppend} from '../appendable-journal.ts';
import type {CallEvent, CallRecord, Offset} from '../call-event.ts';
import type {DialIntent, DialIntentRecord} from '../dial-intent.ts';
import type {OpenIntentResult} from '../dial-intent-store.ts';
import {parametersJson, withoutParameters} from '../event-parameters.ts';
import type {Fence} from '../fence.ts';
import type {ActiveCalls, JournalOpening, ReadResult, Unsubscribe} from '../followable-journal.ts';
import type {Journal} from '../journal.ts';
import type {TrimRequest} from '../journal-maintenance.ts';
import type {CallHistory, CallList, CallQuery, HourOfCalls, StatisticsQuery} from '../queryable-journal.ts';
import {listCalls} from './reader/call-list-queries.ts';
import * as queries from './reader/reader-queries.ts';
import {HeadListener} from './tail/head-listener.ts';
import {HeadTail} from './tail/head-tail.ts';
import {TailConnection} from './tail/tail-connection.ts';
import {TimelineFence} from './timeline-fence.ts';
import {PostgresWriter} from './writer/postgres-writer.ts';
import type {GroupResult} from './writer/write-queue.ts';

export interface PostgresJournalOptions {
  readonly database: PostgresDatabase;
  /** Whether closing the journal closes the database's connections. @default true */
  readonly ownsDatabase?: boolean;
  /** @default systemClock */
  readonly clock?: Clock;
  /** Receives faults that no caller can receive. */
  readonly onFault?: (fault: Error) => void;
  /** Maximum number of waiting requests. Further requests are refused. @default 20000 */
  readonly maxPending?: number;
}

/** Calls trimmed per transaction. A transaction takes a few milliseconds, and appends continue in between. */
const TRIM_STEP = 25;

/**
 * Minimum time between two renewals of the connections, in milliseconds, if all of them reach the wrong
 * server.
 */
const RENEW_EVERY_MS = 1000;

export class PostgresJournal implements Journal {
  readonly #database: PostgresDatabase;
  readonly #ownsDatabase: boolean;
  readonly #onFault: (fault: Error) => void;
  readonly #timelineFence = new TimelineFence();
  readonly #writer: PostgresWriter;
  readonly #tail: HeadTail;
  readonly #tailConnection: TailConnection;
  readonly #listener: HeadListener;
  readonly #query: Query;
  readonly #listeners = new Set<() => void>();
  readonly #epochListeners = new Set<(opening: JournalOpening) => void>();
  readonly #clock: Clock;
  /** Monotonic ms of the last renewal of the connections. */
  #renewedAt = Number.NEGATIVE_INFINITY;
  #phase: 'new' | 'opening' | 'open' | 'closed' = 'new';
  #closing: Promise<void> | undefined;

  constructor(options: PostgresJournalOptions) {
    const {database, clock = systemClock, onFault = () => {}, maxPending = 20_000} = options;
    const node = randomUUID();
    this.#clock = clock;
    this.#database = database;
    this.#ownsDatabase = options.ownsDatabase ?? true;
    this.#onFault = onFault;
    this.#query = (sql, values) => database.query(sql, values);
    const common = {database, clock, node, onFault};
    this.#writer = new PostgresWriter({
      ...common,
      maxPending,
      timelineFence: this.#timelineFence,
      seen: () => this.#tail.seen,
      onCommit: (group) => this.#tail.handleCommit(group),
    });
    this.#tailConnection = new TailConnection(database);
    this.#tail = new HeadTail({
      clock,
      onFault,
      readPage: (after) => this.#readTail(after),
      resolveEpoch: () => this.#writer.submit({kind: 'probe'}),
      onAdvance: () => this.#notify(this.#listeners, undefined),
      onEpoch: (opening) => {
        // A new history usually means a different server, so open new connections.
        this.#renew();
        this.#notify(this.#epochListeners, opening);
      },
    });
    this.#listener = new HeadListener({...common, onWake: () => this.#tail.wake()});
  }

  async open(): Promise<JournalOpening> {
    if (this.#phase !== 'new') throw new Error(`a journal is opened once; this one is ${this.#phase}`);
    this.#phase = 'opening';
    try {
      await this.#database.open();
      const {opening, trimmedTo} = await this.#writer.open();
      this.#tail.start(opening, trimmedTo);
      this.#listener.start();
      this.#phase = 'open';
      return opening;
    } catch (error) {
      await this.#end();
      this.#phase = 'closed';
      throw error;
    }
  }

  append(event: CallEvent): Promise<AppendResult> {
    return this.#append(event) as Promise<AppendResult>;
  }

  appendFenced(event: CallEvent, fence: Fence): Promise<FencedAppend> {
    return this.#append(event, fence) as Promise<FencedAppend>;
  }

  #append(event: CallEvent, fence?: Fence): Promise<GroupResult> {
    // Not `async`: the caller's continuation must run before the listeners when the result arrives.
    if (this.#phase !== 'open') return Promise.reject(notOpen());
    const {callSid, dedupeKey} = event;
    const reference = event.kind === 'status' ? event.reference : event.user;
    const unstorable = firstUnstorable({callSid, dedupeKey, reference});
    if (unstorable !== undefined) return Promise.reject(unstorable);
    const parameters = parametersJson(event);
    const request = {
      kind: 'append',
      event: withoutParameters(event),
      ...(parameters === undefined ? {} : {parameters}),
      ...(fence === undefined ? {} : {fence}),
    } as const;
    return this.#writer.submit(request);
  }

  async read(after: Offset, limit: number): Promise<ReadResult> {
    this.#assertOpen();
    const {head, trimmedTo} = this.#tail;
    if (after < trimmedTo) return {kind: 'too-old', oldest: trimmedTo};
    if (after >= head) return {kind: 'entries', entries: []};
    const entries = this.#tail.after(after, limit);
    if (entries !== undefined) return {kind: 'entries', entries};
    const {origin, result} = await queries.readEntries(this.#query, after, head, limit);
    this.#assertCurrentHistory(origin);
    return result;
  }

  head(): Offset {
    return this.#tail.head;
  }

  async catchUp(): Promise<void> {
    this.#assertOpen();
    await this.#tail.catchUp();
  }

  onAppend(listener: () => void): Unsubscribe {
    return subscribe(this.#listeners, listener);
  }

  onEpoch(listener: (opening: JournalOpening) => void): Unsubscribe {
    return subscribe(this.#epochListeners, listener);
  }

  async activeCalls(): Promise<ActiveCalls> {
    this.#assertOpen();
    const {origin, result} = await queries.activeCalls(this.#query);
    this.#assertCurrentHistory(origin);
    return result;
  }

  async findCall(callSid: string): Promise<CallRecord | undefined> {
    this.#assertOpen();
    return isStorable(callSid) ? queries.findCall(this.#query, callSid) : undefined;
  }

  async callHistory(callSid: string): Promise<CallHistory | undefined> {
    this.#assertOpen();
    return isStorable(callSid) ? queries.callHistory(this.#query, callSid) : undefined;
  }

  async listCalls(query: CallQuery): Promise<CallList> {
    this.#assertOpen();
    const {owner = '', text = ''} = query;
    return isStorable(owner) && isStorable(text) ? listCalls(this.#query, query) : {calls: []};
  }

  async callStatistics(query: StatisticsQuery): Promise<readonly HourOfCalls[]> {
    this.#assertOpen();
    return isStorable(query.owner ?? '') ? queries.callStatistics(this.#query, query) : [];
  }

  async openIntent(intent: DialIntent, keysSince: number): Promise<OpenIntentResult> {
    this.#assertOpen();
    const {reference, user, idempotencyKey} = intent;
    const unstorable = firstUnstorable({reference, user, idempotencyKey});
    if (unstorable !== undefined) throw unstorable;
    return (await this.#writer.submit({kind: 'open-intent', intent, keysSince})) as OpenIntentResult;
  }

  async rejectIntent(reference: string): Promise<void> {
    this.#assertOpen();
    if (isStorable(reference)) await this.#writer.submit({kind: 'reject-intent', reference});
  }

  async findIntent(reference: string): Promise<DialIntentRecord | undefined> {
    this.#assertOpen();
    return isStorable(reference) ? queries.findIntent(this.#query, reference) : undefined;
  }

  async findIntentByKey(
    user: string,
    idempotencyKey: string,
    since: number,
  ): Promise<DialIntentRecord | undefined> {
    this.#assertOpen();
    if (!isStorable(user) || !isStorable(idempotencyKey)) return undefined;
    return queries.findIntentByKey(this.#query, {user, idempotencyKey, since});
  }

  async trim({endedBefore, limit}: TrimRequest): Promise<number> {
    this.#assertOpen();
    let trimmed = 0;
    while (trimmed < limit) {
      const step = Math.min(TRIM_STEP, limit - trimmed);
      const {calls, trimmedTo} = await this.#writer.trim({endedBefore, limit: step});
      if (trimmedTo !== undefined) this.#tail.handleTrim(trimmedTo);
      trimmed += calls;
      if (calls === 0) break;
    }
    return trimmed;
  }

  async probe(): Promise<void> {
    this.#assertOpen();
    await this.#writer.submit({kind: 'probe'});
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#phase = 'closed';
    await this.#end();
    this.#listeners.clear();
    this.#epochListeners.clear();
  }

  async #end(): Promise<void> {
    await this.#writer.stop();
    this.#tail.stop();
    this.#tailConnection.stop();
    this.#listener.stop();
    if (this.#ownsDatabase) await this.#database.close();
  }

  async #readTail(after: Offset): Promise<queries.TailPage> {
    const page = await queries.readTail(this.#tailConnection.query, after);
    try {
      this.#timelineFence.admit(page.origin);
    } catch (error) {
      // Either the connections still reach the old primary, or this server was restored. A write settles
      // which.
      if (this.#clock.monotonic() - this.#renewedAt >= RENEW_EVERY_MS) {
        this.#renew();
        this.#writer.submit({kind: 'probe'}).catch(() => {});
      }
      throw error;
    }
    return page;
  }

  #renew(): void {
    this.#renewedAt = this.#clock.monotonic();
    this.#database.renew();
    this.#tailConnection.renew();
    this.#listener.renew();
  }

  /** Sessions must not mix histories. Pages and calls of another history would be wrong without any error. */
  #assertCurrentHistory({epoch}: queries.Origin): void {
    if (epoch === this.#tail.seen?.epoch) return;
    this.#tail.wake();
    throw new JournalUnavailableError('A new history of the journal has begun and is being read.');
  }

  #assertOpen(): void {
    if (this.#phase !== 'open') throw notOpen();
  }

  #notify<Value>(listeners: ReadonlySet<(value: Value) => void>, value: Value): void {
    for (const listener of listeners) {
      try {
        listener(value);
      } catch (error) {
        this.#onFault(error instanceof Error ? error : new Error(String(error)));
      }
    }
  }
}

/** Wraps the listener in a new function, because the same function can be subscribed twice. */
function subscribe<Value>(
  listeners: Set<(value: Value) => void>,
  listener: (value: Value) => void,
): Unsubscribe {
  const subscription = (value: Value) => listener(value);
  listeners.add(subscription);
  return () => listeners.delete(subscription);
}

/** Postgres stores every character except NUL, so no stored key contains NUL. */
function isStorable(key: string): boolean {
  return !key.includes('\0');
}

function firstUnstorable(keys: Readonly<Record<string, string | undefined>>): Error | undefined {
  const found = Object.entries(keys).find(([, key]) => key !== undefined && !isStorable(key));
  return found === undefined ? undefined : new Error(`${found[0]} contains NUL and cannot be stored`);
}

function notOpen(): JournalUnavailableError {
  return new JournalUnavailableError('The journal is not open.');
}
