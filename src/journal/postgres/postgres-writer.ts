/**
 * The node's one connection that writes. What is asked while a transaction waits for the head or for the disk becomes the
 * next one, so that one lock and one fsync serve all of it: the busier, the larger the groups.
 *
 * Invariant: a request is settled by the commit of its own transaction, or failed; and what failed has either left nothing
 * or is found again by the same request.
 */
import type {Clock} from '../../clock.ts';
import {JournalUnavailableError} from '../../errors/app-error.ts';
import {isStatementFault, sqlState, toPortError} from '../../postgres/failures.ts';
import type {PostgresConnection} from '../../postgres/postgres-connection.ts';
import type {PostgresDatabase} from '../../postgres/postgres-database.ts';
import type {JournalEntry, Offset} from '../call-event.ts';
import type {AppendResult, JournalOpening, OpenIntentResult} from '../journal.ts';
import {
  createHead,
  lockHead,
  readServerHistory,
  type SeenHead,
  type ServerHistory,
  settleEpoch,
} from './epoch.ts';
import type {GroupView} from './group-view.ts';
import {describeHolders} from './head-holder.ts';
import {type LoadedHead, loadGroup} from './load-group.ts';
import {type Trimmed, type TrimStep, trimCalls} from './trim-calls.ts';
import {writeGroup} from './write-group.ts';
import type {GroupRequest} from './write-requests.ts';

export type GroupResult = AppendResult | OpenIntentResult | undefined;

/** A transaction that has been committed. */
export interface CommittedGroup {
  /** The history it is part of, as it was when the head was locked. */
  readonly opening: JournalOpening;
  readonly trimmedTo: Offset;
  readonly entries: readonly JournalEntry[];
  /** Rough size of each entry. */
  readonly bytes: readonly number[];
  /** Offset of the last entry of the journal then. */
  readonly head: Offset;
  /** Tells those who asked. */
  settle(): void;
}

export interface PostgresWriterOptions {
  readonly database: PostgresDatabase;
  readonly clock: Clock;
  /** Names this node where others are told that the head moved. */
  readonly node: string;
  /** What this node knows; nothing before it is open. */
  readonly seen: () => SeenHead | undefined;
  readonly onCommit: (group: CommittedGroup) => void;
  readonly onFault: (fault: Error) => void;
  /** Requests waiting beyond which further ones are refused. */
  readonly maxPending: number;
}

interface Pending {
  readonly request: GroupRequest;
  readonly settle: (result: GroupResult) => void;
  readonly reject: (error: Error) => void;
}

interface PendingTrim {
  readonly step: TrimStep;
  readonly settle: (trimmed: Trimmed) => void;
  readonly reject: (error: Error) => void;
}

interface Session {
  readonly connection: PostgresConnection;
  readonly server: ServerHistory;
}

/** Requests of one transaction: more would delay the first of them without saving much. */
const MAX_GROUP = 500;
/** After a connection could not be made, so long everybody is told the same without another try. */
const RETRY_MS = 100;
/** So often at most it is told who holds the head. */
const TELL_HOLDER_MS = 10_000;
const LOCK_NOT_AVAILABLE = '55P03';

export class PostgresWriter {
  readonly #options: PostgresWriterOptions;
  #queue: Pending[] = [];
  #trims: PendingTrim[] = [];
  #session: Session | undefined;
  #working: Promise<void> | undefined;
  #stopped = false;
  #failedAt = Number.NEGATIVE_INFINITY;
  #failure: Error | undefined;
  #toldHolderAt = Number.NEGATIVE_INFINITY;

  constructor(options: PostgresWriterOptions) {
    this.#options = options;
  }

  /** Connects, and makes the journal where there is none. @throws JournalUnavailableError */
  async open(): Promise<LoadedHead & {readonly opening: JournalOpening}> {
    try {
      const {connection, server} = await this.#connect();
      await createHead(connection, server);
      const locked = await lockHead(connection);
      const {loaded} = await loadGroup(connection, []);
      const opening = await settleEpoch(connection, {locked, server, loaded});
      await connection.run('COMMIT');
      return {...loaded, opening};
    } catch (error) {
      this.#disconnect();
      throw toPortError(error);
    }
  }

  /** Resolves when the request is durable. */
  ask(request: GroupRequest): Promise<GroupResult> {
    const {promise, resolve, reject} = Promise.withResolvers<GroupResult>();
    const refusal = this.#refusal();
    if (refusal !== undefined) {
      reject(refusal);
      return promise;
    }
    this.#queue.push({request, settle: resolve, reject});
    this.#start();
    return promise;
  }

  trim(step: TrimStep): Promise<Trimmed> {
    const {promise, resolve, reject} = Promise.withResolvers<Trimmed>();
    const refusal = this.#refusal();
    if (refusal !== undefined) {
      reject(refusal);
      return promise;
    }
    this.#trims.push({step, settle: resolve, reject});
    this.#start();
    return promise;
  }

  /** Does what it was asked before, and disconnects. */
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

  /** A microtask later, so that what is asked in one turn is one group. */
  #start(): void {
    this.#working ??= Promise.resolve().then(() => this.#work());
  }

  async #work(): Promise<void> {
    while (this.#queue.length > 0 || this.#trims.length > 0) {
      try {
        const session = this.#session ?? (await this.#reconnect());
        if (this.#queue.length > 0) await this.#appendGroup(session);
        const trim = this.#trims[0];
        if (trim !== undefined) await this.#trimStep(session, trim);
      } catch (error) {
        this.#fail(error);
      }
    }
    // In the same turn as the last look at the queue.
    this.#working = undefined;
  }

  async #appendGroup(session: Session): Promise<void> {
    const {connection} = session;
    const locked = await lockHead(connection);
    // Taken only now: everything that came while others had the head.
    const group = this.#queue.splice(0, MAX_GROUP);
    try {
      await this.#commitGroup(session, locked, group);
    } catch (error) {
      if (!isStatementFault(error)) {
        this.#queue.unshift(...group);
        throw error;
      }
      await connection.run('ROLLBACK');
      await this.#appendOneByOne(session, group);
    }
  }

  /** Something in the group cannot be written. Its neighbours can. */
  async #appendOneByOne(session: Session, group: readonly Pending[]): Promise<void> {
    for (const [index, pending] of group.entries()) {
      try {
        await this.#commitGroup(session, await lockHead(session.connection), [pending]);
      } catch (error) {
        if (!isStatementFault(error)) {
          this.#queue.unshift(...group.slice(index));
          throw error;
        }
        pending.reject(toPortError(error));
        await session.connection.run('ROLLBACK');
      }
    }
  }

  async #commitGroup(
    {connection, server}: Session,
    locked: Awaited<ReturnType<typeof lockHead>>,
    group: readonly Pending[],
  ): Promise<void> {
    const {node, seen, onCommit} = this.#options;
    const {loaded, view} = await loadGroup(
      connection,
      group.map(({request}) => request),
    );
    const known = seen();
    const opening = await settleEpoch(connection, {
      ...{locked, server, loaded},
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
    await commit(connection);
    this.#failure = undefined;
    onCommit({
      opening,
      trimmedTo: loaded.trimmedTo,
      ...entriesOf(view),
      head: view.head,
      settle: () => {
        for (const settlement of settlements) settlement();
      },
    });
  }

  async #trimStep({connection}: Session, trim: PendingTrim): Promise<void> {
    await lockHead(connection);
    const trimmed = await trimCalls(connection, trim.step);
    await commit(connection);
    this.#trims.shift();
    trim.settle(trimmed);
  }

  /** Nobody waits longer than those who were first: all of them are told what the first one met. */
  #fail(error: unknown): void {
    if (sqlState(error) === LOCK_NOT_AVAILABLE) this.#tellHolder();
    this.#disconnect();
    const failure = toPortError(error);
    const pending = [...this.#queue, ...this.#trims];
    this.#queue = [];
    this.#trims = [];
    for (const {reject} of pending) reject(failure);
  }

  #tellHolder(): void {
    const {clock, database, onFault} = this.#options;
    const now = clock.monotonic();
    if (now - this.#toldHolderAt < TELL_HOLDER_MS) return;
    this.#toldHolderAt = now;
    describeHolders(database).then(
      (holders) =>
        onFault(
          new Error(`nothing can be appended, since another transaction holds the journal: ${holders}`),
        ),
      onFault,
    );
  }

  async #reconnect(): Promise<Session> {
    const {clock, onFault} = this.#options;
    if (this.#failure !== undefined && clock.monotonic() - this.#failedAt < RETRY_MS) throw this.#failure;
    try {
      return await this.#connect();
    } catch (error) {
      const failure = toPortError(error);
      // Once for each time it is away.
      if (this.#failure === undefined) onFault(failure);
      this.#failure = failure;
      this.#failedAt = clock.monotonic();
      throw failure;
    }
  }

  async #connect(): Promise<Session> {
    const connection = await this.#options.database.connect('writer');
    connection.onEnd(() => {
      // Found out before the next request, which then needs not fail.
      if (this.#session?.connection === connection) this.#session = undefined;
    });
    try {
      this.#session = {connection, server: await readServerHistory(connection)};
      return this.#session;
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  #disconnect(): void {
    this.#session?.connection.close();
    this.#session = undefined;
  }
}

/** What an entry weighs besides its texts. */
const ENTRY_BYTES = 300;

function entriesOf({newEntries}: GroupView): Pick<CommittedGroup, 'entries' | 'bytes'> {
  return {
    entries: newEntries.map(({entry}) => entry),
    bytes: newEntries.map(({event, call}) => ENTRY_BYTES + event.length + (call?.length ?? 0)),
  };
}

/**
 * A commit that is warned of is none: the wait for a synchronous standby was cut short, and what the primary has alone is
 * lost with it.
 */
async function commit(connection: PostgresConnection): Promise<void> {
  connection.takeWarnings();
  await connection.run('COMMIT');
  const [warning] = connection.takeWarnings();
  if (warning !== undefined) {
    throw new JournalUnavailableError('The database could not make it durable on its standby.', {
      cause: new Error(warning),
    });
  }
}
