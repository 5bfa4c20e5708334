/**
 * The writing connection. Each group of requests is one transaction, one fsync of the WAL and one write of
 * the high-water mark. It runs in the writer thread, so everything here may block.
 *
 * Invariant: `#bounds` is durable in the database and written to the mark. Any failure drops the connection,
 * because after a failed fsync neither SQLite's cache nor the kernel's can be trusted. The next write opens
 * and checks the files first.
 */
import {randomUUID} from 'node:crypto';
import type {DatabaseSync} from 'node:sqlite';
import type {JournalOpening} from '../../followable-journal.ts';
import {isRequestFault, StoreUnavailable, toFailure} from '../failures.ts';
import {readEpoch, readHead, readTrimmedTo} from '../meta.ts';
import {openDatabase} from '../open-database.ts';
import type {GroupRequest, JournalBounds, Numbered, Outcome, WorkerSettings} from '../worker-messages.ts';
import {HighWaterMark, type MarkReading} from './high-water-mark.ts';
import {WriterTransaction} from './writer-transaction.ts';

/** Size to which a WAL is truncated when it restarts. It normally never gets so large. */
const KEPT_WAL_BYTES = 16 * 1024 * 1024;

interface Connection {
  readonly database: DatabaseSync;
  readonly mark: HighWaterMark;
  readonly transaction: WriterTransaction;
  readonly epoch: string;
}

export type NumberedOutcome = {readonly id: number; readonly outcome: Outcome};

export class WriterStore {
  readonly #settings: WorkerSettings;
  #connection: Connection | undefined;
  #epoch: string | undefined;
  #bounds: JournalBounds = {head: 0, trimmedTo: 0};

  constructor(settings: WorkerSettings) {
    this.#settings = settings;
  }

  get bounds(): JournalBounds {
    return this.#bounds;
  }

  /** Opens the files. With `epoch`, they must still contain that history. */
  open(epoch: string | undefined): JournalOpening {
    this.#epoch = epoch;
    this.#disconnect();
    return this.#connect().opening;
  }

  /** Performs `group` in one transaction. Successful outcomes are durable. */
  commit(group: readonly Numbered<GroupRequest>[]): readonly NumberedOutcome[] {
    try {
      const {mark, transaction, epoch} = this.#connection ?? this.#connect().connection;
      transaction.begin(this.#bounds);
      const outcomes = this.#doAll(transaction, group);
      transaction.commit();
      const {bounds} = transaction;
      // Nothing is acknowledged between the commit and the mark, so a crash here leaves only unacknowledged
      // entries.
      if (bounds.head > this.#bounds.head || transaction.probed) {
        mark.write({epoch, offset: bounds.head});
        if (transaction.probed) mark.sync();
      }
      this.#bounds = bounds;
      return outcomes;
    } catch (error) {
      this.#disconnect();
      const failure = toFailure(error);
      const outcome: Outcome = {ok: false, failure: {...failure, kind: 'unavailable'}};
      return group.map(({id}) => ({id, outcome}));
    }
  }

  #doAll(transaction: WriterTransaction, group: readonly Numbered<GroupRequest>[]) {
    try {
      return group.map(({id, request}) => ({id, outcome: done(transaction.perform(request))}));
    } catch (error) {
      if (!isRequestFault(error)) throw error;
      transaction.rollback();
      transaction.begin(this.#bounds);
      return group.map(({id, request}) => ({id, outcome: attempt(transaction, request)}));
    }
  }

  /** Whether the mark must be synced. */
  get isMarkDirty(): boolean {
    return this.#connection?.mark.isDirty === true;
  }

  /** Syncs the mark: see `high-water-mark.ts`. If that fails, the next request opens the files again. */
  syncMark(): void {
    try {
      this.#connection?.mark.sync();
    } catch {
      this.#disconnect();
    }
  }

  /** Moves everything into the database file and closes. */
  close(): void {
    try {
      if (this.#connection === undefined) return;
      this.#connection.mark.sync();
      checkpoint(this.#connection.database, 'TRUNCATE');
    } finally {
      this.#disconnect();
    }
  }

  #connect(): {readonly connection: Connection; readonly opening: JournalOpening} {
    const {file, autocheckpointPages} = this.#settings;
    const database = openDatabase(file, {newEpoch: randomUUID});
    try {
      // The commit that fills the WAL also checkpoints it. A checkpointing thread was measured as an
      // alternative with `node bench/checkpoint.ts` on two cores. At 100 appends/s, the ack p99 is the same
      // (10 to 14 ms). At 2,000/s, it is 2.5 ms on a quiet machine and 15 to 25 ms on a busy one, against 13
      // ms with the thread. But the thread's checkpoints are outdated when they end, so the WAL never
      // restarts. It grows by 33 MiB/s until the commits must stop for it (p99 93 ms). With checkpoints in
      // the commits it stays at 4 MiB.
      database.exec(`PRAGMA wal_autocheckpoint = ${autocheckpointPages}`);
      // A long read, such as a backup, can keep the WAL from restarting. This shrinks it afterwards.
      database.exec(`PRAGMA journal_size_limit = ${KEPT_WAL_BYTES}`);
      // After a failed fsync or a killed process, frames in the page cache look committed but may not be on
      // the disk. A checkpoint writes them into the database and syncs it.
      checkpoint(database, 'FULL');
      const {file: mark, reading} = HighWaterMark.open(`${file}.mark`);
      const opening = this.#settle(database, mark, reading);
      const {epoch} = opening;
      this.#connection = {database, mark, transaction: new WriterTransaction(database), epoch};
      this.#bounds = {head: opening.head, trimmedTo: readTrimmedTo(database)};
      this.#epoch = epoch;
      return {connection: this.#connection, opening};
    } catch (error) {
      database.close();
      throw error;
    }
  }

  /** Decides whether the mark belongs to this history, and makes the mark and the database agree. */
  #settle(database: DatabaseSync, mark: HighWaterMark, reading: MarkReading): JournalOpening {
    try {
      const head = readHead(database);
      let epoch = readEpoch(database);
      const promised = 'mark' in reading ? reading.mark.offset : 0;
      const lost = promised > head ? {expected: promised, found: head} : undefined;
      const continues =
        reading.kind === 'mark'
          ? reading.mark.epoch === epoch && lost === undefined
          : reading.kind === 'absent' && head === 0;
      if (this.#epoch !== undefined && !(continues && epoch === this.#epoch)) {
        throw new StoreUnavailable(
          'The database was replaced while it was in use. Restart the gateway to continue with the new one.',
        );
      }
      if (!continues) {
        epoch = randomUUID();
        database.prepare('UPDATE meta SET epoch = ?').run(epoch);
      }
      mark.write({epoch, offset: head});
      mark.sync();
      return {epoch, head, ...(lost === undefined ? {} : {lost})};
    } catch (error) {
      mark.close();
      throw error;
    }
  }

  #disconnect(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    try {
      // Closing rolls back the current transaction.
      connection?.database.close();
      connection?.mark.close();
    } catch {
      // The connection is broken and is dropped anyway.
    }
  }
}

function attempt(transaction: WriterTransaction, request: GroupRequest): Outcome {
  try {
    return done(transaction.attempt(request));
  } catch (error) {
    if (!isRequestFault(error)) throw error;
    return {ok: false, failure: toFailure(error)};
  }
}

function done(json: string | undefined): Outcome {
  return json === undefined ? {ok: true} : {ok: true, json};
}

function checkpoint(database: DatabaseSync, mode: 'FULL' | 'TRUNCATE'): void {
  const row = database.prepare(`PRAGMA wal_checkpoint(${mode})`).get();
  if (row?.['log'] !== row?.['checkpointed'])
    throw new StoreUnavailable('The journal could not be checkpointed.');
}
