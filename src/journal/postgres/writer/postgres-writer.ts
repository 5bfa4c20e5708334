/**
 * The node's single connection for writes. Requests that arrive while a transaction waits for the head or the
 * disk form the next group. One lock and one fsync serve the whole group, so groups grow with the load.
 *
 * Invariant: a request settles with the commit of its own transaction, or fails. A failed request has either
 * written nothing, or finds its entry when it is repeated.
 */
import type {Clock} from '../../../clock.ts';
import {JournalUnavailableError} from '../../../errors/app-error.ts';
import {isStatementFault, sqlState, toPortError} from '../../../postgres/failures.ts';
import type {PostgresConnection} from '../../../postgres/postgres-connection.ts';
import type {PostgresDatabase} from '../../../postgres/postgres-database.ts';
import type {JournalEntry, Offset} from '../../call-event.ts';
import type {JournalOpening} from '../../followable-journal.ts';
import {createHead, type LockedHead, lockHead, resolveEpoch, type SeenHead, timelineOf} from '../epoch.ts';
import type {TimelineFence} from '../timeline-fence.ts';
import type {GroupView} from './group-view.ts';
import {type LoadedHead, loadGroup} from './load-group.ts';
import {LockHolders} from './lock-holders.ts';
import {StepDeadline} from './step-deadline.ts';
import {type Trimmed, type TrimStep, trimCalls} from './trim-calls.ts';
import {writeGroup} from './write-group.ts';
import {type GroupResult, OVERDUE, type PendingRequest, WriteQueue} from './write-queue.ts';
import type {GroupRequest} from './write-requests.ts';
import {commit, openWriterSession, type WriterSession} from './writer-session.ts';

/** A committed transaction. */
export interface CommittedGroup {
  /** The epoch and head at the moment the head was locked. */
  readonly opening: JournalOpening;
  readonly trimmedTo: Offset;
  readonly entries: readonly JournalEntry[];
  /** Rough size of each entry. */
  readonly bytes: readonly number[];
  /** Offset of the journal's last entry after the commit. */
  readonly head: Offset;
  /** Monotonic ms. */
  readonly committedAt: number;
  /** Resolves the requests of the group. */
  settle(): void;
}

export interface PostgresWriterOptions {
  readonly database: PostgresDatabase;
  readonly clock: Clock;
  /** Identifies this node in notifications of the moved head. */
  readonly node: string;
  /** The newest head that this node knows. `undefined` until the journal is open. */
  readonly seen: () => SeenHead | undefined;
  /** Decides which servers this node may write to. */
  readonly timelineFence: TimelineFence;
  readonly onCommit: (group: CommittedGroup) => void;
  readonly onFault: (fault: Error) => void;
  /** Maximum number of waiting requests. Further requests are refused. */
  readonly maxPending: number;
}

interface PendingTrim {
  readonly step: TrimStep;
  readonly settle: (trimmed: Trimmed) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Maximum number of requests per transaction. A larger group would delay its first request and save little.
 */
const MAX_GROUP = 500;
/**
 * Time after a failed connection attempt during which requests get the same error without another attempt.
 */
const RETRY_MS = 100;
const LOCK_NOT_AVAILABLE = '55P03';
const QUERY_CANCELED = '57014';

export class PostgresWriter {
  readonly #options: PostgresWriterOptions;
  readonly #queue = new WriteQueue();
  #trims: PendingTrim[] = [];
  #session: WriterSession | undefined;
  /** The current connection, also before its session is set up. */
  #connection: PostgresConnection | undefined;
  readonly #deadline: StepDeadline;
  readonly #lockHolders: LockHolders;
  #isOverdue = false;
  #working: Promise<void> | undefined;
  #stopped = false;
  #failedAt = Number.NEGATIVE_INFINITY;
  #failure: Error | undefined;

  constructor(options: PostgresWriterOptions) {
    const {clock} = options;
    this.#options = options;
    this.#lockHolders = new LockHolders(options);
    this.#deadline = new StepDeadline({
      clock,
      onCheck: (now, isTooLong) => this.#checkDeadlines(now, isTooLong),
    });
  }

  /** Connects, and creates the journal if there is none. @throws JournalUnavailableError */
  async open(): Promise<LoadedHead & {readonly opening: JournalOpening}> {
    try {
      const {connection, server} = await this.#connect();
      await createHead(connection, server);
      const locked = await lockHead(connection);
      const {loaded} = await loadGroup(connection, []);
      const opening = await resolveEpoch(connection, {locked, server, loaded});
      await connection.run('COMMIT');
      this.#options.timelineFence.admit(timelineOf(locked, server));
      return {...loaded, opening};
    } catch (error) {
      this.#disconnect();
      throw toPortError(error);
    }
  }

  /** Resolves once the request is durable. Rejects if that takes too long. */
  submit(request: GroupRequest): Promise<GroupResult> {
    const refusal = this.#refusal();
    if (refusal !== undefined) return Promise.reject(refusal);
    const result = this.#queue.add(request, this.#options.clock.monotonic());
    this.#start();
    return result;
  }

  trim(step: TrimStep): Promise<Trimmed> {
    const refusal = this.#refusal();
    if (refusal !== undefined) return Promise.reject(refusal);
    const {promise, resolve, reject} = Promise.withResolvers<Trimmed>();
    this.#trims.push({step, settle: resolve, reject});
    this.#start();
    return promise;
  }

  /** Finishes accepted requests within their deadlines and disconnects. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#working;
    this.#disconnect();
  }

  #refusal(): Error | undefined {
    if (this.#stopped) return new JournalUnavailableError('The journal is closed.');
    if (this.#queue.length + this.#trims.length >= this.#options.maxPending) {
      return new JournalUnavailableError('Too much is waiting for the journal.');
    }
    return undefined;
  }

  /** Starts a microtask later, so that all requests of one turn form one group. */
  #start(): void {
    this.#working ??= Promise.resolve().then(() => this.#work());
  }

  async #work(): Promise<void> {
    this.#deadline.start();
    while (this.#queue.length > 0 || this.#trims.length > 0) {
      try {
        const session = this.#session ?? (await this.#reconnect());
        if (this.#queue.length > 0) await this.#appendGroup(session);
        const trim = this.#trims[0];
        if (trim !== undefined) await this.#trimStep(session, trim);
      } catch (error) {
        this.#handleFailure(error);
      }
    }
    // This runs in the same turn as the last check of the queue, so no request can be missed.
    this.#deadline.stop();
    this.#working = undefined;
  }

  /**
   * Enforces deadlines, so that no caller waits for the sum of all steps. A step that takes too long ends
   * with its connection, and the server then cancels its statement.
   */
  #checkDeadlines(now: number, isTooLong: boolean): void {
    this.#queue.rejectOverdue(now);
    if (!isTooLong && !this.#queue.isWritingOverdue(now)) return;
    this.#isOverdue = true;
    this.#connection?.close();
  }

  /** @throws JournalUnavailableError if a failover has replaced this server */
  async #lockHead({connection, server}: WriterSession): Promise<LockedHead> {
    this.#deadline.enter('waiting');
    const locked = await lockHead(connection);
    this.#deadline.enter('holding');
    this.#options.timelineFence.check(timelineOf(locked, server));
    return locked;
  }

  async #commit({connection}: WriterSession): Promise<void> {
    this.#deadline.enter('committing');
    await commit(connection);
  }

  async #appendGroup(session: WriterSession): Promise<void> {
    const locked = await this.#lockHead(session);
    // The group is taken only now, so that it includes all requests that arrived while other nodes held the
    // head.
    const group = this.#queue.take(MAX_GROUP);
    try {
      // The group is empty if all its requests have timed out meanwhile.
      if (group.length === 0) await session.connection.run('ROLLBACK');
      else await this.#commitGroup(session, locked, group);
    } catch (error) {
      if (requestFault(error) === undefined) throw error;
      await session.connection.run('ROLLBACK');
      await this.#appendOneByOne(session, group);
    }
  }

  /** Writes each request by itself, because one request of the group cannot be written. */
  async #appendOneByOne(session: WriterSession, group: readonly PendingRequest[]): Promise<void> {
    for (const [index, pending] of group.entries()) {
      this.#queue.keep(group.slice(index));
      try {
        await this.#commitGroup(session, await this.#lockHead(session), [pending]);
      } catch (error) {
        const fault = requestFault(error);
        if (fault === undefined) throw error;
        pending.reject(fault);
        await session.connection.run('ROLLBACK');
      }
    }
    this.#queue.keep([]);
  }

  async #commitGroup(
    session: WriterSession,
    locked: LockedHead,
    group: readonly PendingRequest[],
  ): Promise<void> {
    const {connection, server} = session;
    const {node, seen, timelineFence, onCommit} = this.#options;
    const {loaded, view} = await loadGroup(
      connection,
      group.map(({request}) => request),
    );
    const known = seen();
    const opening = await resolveEpoch(connection, {
      locked,
      server,
      loaded,
      ...(known === undefined ? {} : {seen: known}),
    });
    const settlements = group.map(({request, settle, reject}) => {
      try {
        const result = view.perform(request);
        return () => settle(result);
      } catch (error) {
        return () => reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
    await writeGroup(connection, view, node);
    await this.#commit(session);
    timelineFence.admit(timelineOf(locked, server));
    this.#failure = undefined;
    this.#queue.keep([]);
    onCommit({
      opening,
      trimmedTo: loaded.trimmedTo,
      ...entriesOf(view),
      head: view.head,
      committedAt: this.#options.clock.monotonic(),
      settle: () => {
        for (const settlement of settlements) settlement();
      },
    });
  }

  async #trimStep(session: WriterSession, trim: PendingTrim): Promise<void> {
    await this.#lockHead(session);
    try {
      const trimmed = await trimCalls(session.connection, trim.step);
      await this.#commit(session);
      this.#trims.shift();
      trim.settle(trimmed);
    } catch (error) {
      const fault = requestFault(error);
      if (fault === undefined) throw error;
      // A failed trim must not refuse waiting appends.
      this.#trims.shift();
      trim.reject(fault);
      await session.connection.run('ROLLBACK');
    }
  }

  /**
   * Rejects all waiting requests with the same error, so that none of them waits longer than the first one.
   */
  #handleFailure(error: unknown): void {
    if (this.#deadline.step === 'waiting' && (this.#isOverdue || isLockTimeout(error)))
      this.#lockHolders.report();
    const failure = this.#isOverdue
      ? new JournalUnavailableError(OVERDUE, {cause: error})
      : toPortError(error);
    this.#disconnect();
    this.#queue.rejectAll(failure);
    for (const {reject} of this.#trims.splice(0)) reject(failure);
  }

  async #reconnect(): Promise<WriterSession> {
    const {clock, onFault} = this.#options;
    if (this.#failure !== undefined && clock.monotonic() - this.#failedAt < RETRY_MS) throw this.#failure;
    this.#deadline.enter('connecting');
    try {
      return await this.#connect();
    } catch (error) {
      const failure = toPortError(error);
      // Report each outage only once.
      if (this.#failure === undefined) onFault(failure);
      this.#failure = failure;
      this.#failedAt = clock.monotonic();
      throw failure;
    }
  }

  async #connect(): Promise<WriterSession> {
    this.#isOverdue = false;
    this.#session = await openWriterSession(this.#options.database, (connection) => {
      this.#connection = connection;
      connection.onEnd(() => {
        // Detecting this before the next request keeps that request from failing.
        if (this.#session?.connection === connection) this.#session = undefined;
      });
    });
    return this.#session;
  }

  #disconnect(): void {
    this.#connection?.close();
    this.#connection = undefined;
    this.#session = undefined;
    this.#isOverdue = false;
  }
}

/** Estimated size of an entry besides its JSON, in bytes. */
const ENTRY_BYTES = 300;

function entriesOf({newEntries}: GroupView): Pick<CommittedGroup, 'entries' | 'bytes'> {
  return {
    entries: newEntries.map(({entry}) => entry),
    bytes: newEntries.map(({event, call}) => ENTRY_BYTES + event.length + (call?.length ?? 0)),
  };
}

/**
 * Whether the server's lock timeout or statement timeout ended the wait. Either can, depending on other
 * waiters.
 */
function isLockTimeout(error: unknown): boolean {
  const state = sqlState(error);
  return state === LOCK_NOT_AVAILABLE || state === QUERY_CANCELED;
}

/**
 * The fault of a single request: invalid values, or an unreadable row of its call. `undefined` for other
 * errors.
 */
function requestFault(error: unknown): Error | undefined {
  if (isStatementFault(error)) return toPortError(error);
  return error instanceof SyntaxError || error instanceof TypeError ? error : undefined;
}
