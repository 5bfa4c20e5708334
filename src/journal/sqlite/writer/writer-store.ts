/**
 * The one connection that writes: groups of requests, each group one transaction, one fsync of the WAL and one write of the
 * high-water mark. Runs in the writer's thread; everything here may block.
 *
 * Invariant: `#bounds` is what is durable in the database and written in the mark. A failure of any kind gives the
 * connection up: after a failed fsync neither SQLite's nor the kernel's cache can be trusted, so nothing is written
 * before the files were opened and checked again.
 */
import {randomUUID} from 'node:crypto';
import type {DatabaseSync} from 'node:sqlite';
import type {JournalOpening} from '../../journal.ts';
import {isRequestFault, StoreUnavailable, toFailure} from '../failures.ts';
import {readEpoch, readHead, readTrimmedTo} from '../meta.ts';
import {openDatabase} from '../open-database.ts';
import type {GroupRequest, JournalBounds, Numbered, Outcome, WorkerSettings} from '../worker-messages.ts';
import {HighWaterMark, type MarkReading} from './high-water-mark.ts';
import {WriterTransaction} from './writer-transaction.ts';

/** What a WAL is cut back to when it starts over; normally it never gets so large. */
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

  /** Opens the files. With `epoch` they must hold that history still. */
  open(epoch: string | undefined): JournalOpening {
    this.#epoch = epoch;
    this.#disconnect();
    return this.#connect().opening;
  }

  /** Does all of `group` in one transaction; what is returned as done is durable. */
  commit(group: readonly Numbered<GroupRequest>[]): readonly NumberedOutcome[] {
    try {
      const {mark, transaction, epoch} = this.#connection ?? this.#connect().connection;
      transaction.begin(this.#bounds);
      const outcomes = this.#doAll(transaction, group);
      transaction.commit();
      const {bounds} = transaction;
      // Between the commit and the mark nothing is acknowledged: a crash here leaves entries that nobody was promised.
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

  /** Whether the mark has to be synced. */
  get isMarkDirty(): boolean {
    return this.#connection?.mark.isDirty === true;
  }

  /** Brings the mark to the disk: see `high-water-mark.ts`. Where that fails, the next request opens the files anew. */
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
      // Checkpoints are made by the commit that fills the WAL. Measured with `node bench/checkpoint.ts`, ack p99 on two
      // cores: at 100 appends/s 10 to 14 ms, and 13 ms with checkpoints from another thread once a second: no
      // difference. At 2,000/s 2.5 ms on a quiet machine, 15 to 25 ms on a busy one, where the other thread keeps it
      // at 13; but its checkpoints are out of date when they end, so that the WAL never starts over and grows by
      // 33 MiB/s, until somebody has to stop the commits for it (p99 93 ms). Here it stays at 4 MiB.
      database.exec(`PRAGMA wal_autocheckpoint = ${autocheckpointPages}`);
      // A WAL that somebody's long read (a backup) kept from starting over shrinks again afterwards.
      database.exec(`PRAGMA journal_size_limit = ${KEPT_WAL_BYTES}`);
      // Frames that a failed fsync or a killed process left in the page cache look committed and may not be on the
      // disk. A checkpoint writes them once more, into the database, and fsyncs that.
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

  /** Decides whether this is the history the mark is about, and makes mark and database agree. */
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
          'The database was replaced while it was in use; restart to go on with it.',
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
      // Closing rolls back what was under way.
      connection?.database.close();
      connection?.mark.close();
    } catch {
      // It is being given up because it does not work.
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
