/**
 * One transaction for a group of requests. Each request succeeds or fails as a whole. A savepoint per request
 * would make SQLite copy each changed page, and faults are rare. So the group first runs without savepoints.
 * If a request fails, the group is rolled back and runs again with savepoints.
 */
import type {DatabaseSync} from 'node:sqlite';
import {readTrimmedTo} from '../meta.ts';
import type {GroupRequest, JournalBounds} from '../worker-messages.ts';
import {AppendStatements} from './append-statements.ts';
import {CallStatements} from './call-statements.ts';
import {IntentStatements} from './intent-statements.ts';
import {TrimStatements} from './trim-statements.ts';
import {TrimmedCalls} from './trimmed-calls.ts';

export class WriterTransaction {
  readonly #database: DatabaseSync;
  readonly #appends: AppendStatements;
  readonly #calls: CallStatements;
  readonly #intents: IntentStatements;
  readonly #trims: TrimStatements;
  readonly #control;
  #bounds: JournalBounds = {head: 0, trimmedTo: 0};
  #probed = false;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#intents = new IntentStatements(database);
    this.#calls = new CallStatements(database);
    const trimmedCalls = new TrimmedCalls(database);
    this.#appends = new AppendStatements(database, {
      calls: this.#calls,
      intents: this.#intents,
      trimmedCalls,
    });
    this.#trims = new TrimStatements(database, trimmedCalls);
    this.#control = {
      begin: database.prepare('BEGIN IMMEDIATE'),
      end: database.prepare('ROLLBACK'),
      commit: database.prepare('COMMIT'),
      savepoint: database.prepare('SAVEPOINT request'),
      release: database.prepare('RELEASE request'),
      rollback: database.prepare('ROLLBACK TO request'),
      probe: database.prepare('UPDATE meta SET probes = probes + 1'),
    };
  }

  /** The journal's bounds, including the changes of this transaction so far. */
  get bounds(): JournalBounds {
    return this.#bounds;
  }

  /** Whether a request probes the journal. Then the commit must exercise everything that a write needs. */
  get probed(): boolean {
    return this.#probed;
  }

  begin(bounds: JournalBounds): void {
    this.#control.begin.run();
    this.#bounds = bounds;
    this.#probed = false;
  }

  commit(): void {
    this.#control.commit.run();
  }

  /** Rolls back the transaction. */
  rollback(): void {
    this.#calls.clearCache();
    // Some errors have already ended the transaction.
    if (this.#database.isTransaction) this.#control.end.run();
  }

  /** Performs one request behind a savepoint. If it throws, the transaction contains nothing of it. */
  attempt(request: GroupRequest): string | undefined {
    const before = this.#bounds;
    this.#control.savepoint.run();
    try {
      const json = this.perform(request);
      this.#control.release.run();
      return json;
    } catch (error) {
      this.#calls.clearCache();
      // The offset is also reset, because the next entry would leave a gap otherwise (J3). Some errors have
      // already ended the transaction, and the savepoint with it.
      this.#bounds = before;
      if (this.#database.isTransaction) {
        this.#control.rollback.run();
        this.#control.release.run();
      }
      throw error;
    }
  }

  /**
   * Performs one request and returns its result as JSON. If it throws, the transaction must be rolled back.
   */
  perform(request: GroupRequest): string | undefined {
    switch (request.kind) {
      case 'append': {
        const offset = this.#bounds.head + 1;
        const {json, repeated} = this.#appends.append(request, offset);
        if (!repeated) this.#bounds = {...this.#bounds, head: offset};
        return json;
      }
      case 'open-intent':
        return this.#intents.open(request.intent, request.keysSince);
      case 'reject-intent':
        return this.#intents.reject(request.reference);
      case 'trim': {
        const trimmed = this.#trims.trim(request.endedBefore, request.limit);
        this.#calls.clearCache();
        this.#bounds = {...this.#bounds, trimmedTo: readTrimmedTo(this.#database)};
        return JSON.stringify(trimmed);
      }
      case 'probe':
        this.#control.probe.run();
        this.#probed = true;
        return undefined;
    }
  }
}
