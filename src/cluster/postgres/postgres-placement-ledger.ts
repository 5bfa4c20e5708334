/**
 * Allowances and slots of all nodes, in tables. Each admission is one statement, and admissions run one at a
 * time.
 */
import {randomUUID} from 'node:crypto';
import type {Logger} from 'pino';
import type {Offset} from '../../journal/call-event.ts';
import type {PostgresDatabase} from '../../postgres/postgres-database.ts';
import {numberOf} from '../../postgres/rows.ts';
import type {Admission, PlacementLedger, PlacementRequest} from '../placement-ledger.ts';
import {SETTLE_MS, SLOT_MS} from './cluster-times.ts';

export interface PostgresPlacementLedgerOptions {
  readonly database: PostgresDatabase;
  readonly logger: Logger;
}

export class PostgresPlacementLedger implements PlacementLedger {
  readonly #database: PostgresDatabase;
  readonly #logger: Logger;
  /** Writes in progress, so that the shutdown can wait for them. */
  readonly #pendingWrites = new Set<Promise<void>>();

  constructor({database, logger}: PostgresPlacementLedgerOptions) {
    this.#database = database;
    this.#logger = logger;
  }

  async admit(request: PlacementRequest): Promise<Admission> {
    const {user, perMinute, perMinuteOfAll, maxActiveCalls, activeCalls, head} = request;
    const slot = randomUUID();
    try {
      const [row] = await this.#database.query(ADMIT, [
        ...[slot, userKey(user), perMinute, perMinuteOfAll, maxActiveCalls, activeCalls, head],
        ...[SLOT_MS / 1000, SETTLE_MS / 1000],
      ]);
      return toAdmission(slot, row?.['outcome'], row?.['wait_ms']);
    } catch (error) {
      // The answer may be lost although the slot was taken.
      this.release(slot, 0);
      throw error;
    }
  }

  release(slot: string, written: Offset): void {
    this.#write(RELEASE, [slot, written], 'cluster: could not release a slot, it expires by itself');
  }

  refund({
    user,
    perMinute,
    perMinuteOfAll,
  }: Pick<PlacementRequest, 'user' | 'perMinute' | 'perMinuteOfAll'>): void {
    this.#write(REFUND, [userKey(user), perMinute, perMinuteOfAll], 'cluster: could not refund an allowance');
  }

  /** Resolves when all writes have finished or failed. */
  async settled(): Promise<void> {
    await Promise.all(this.#pendingWrites);
  }

  #write(sql: string, values: readonly unknown[], failure: string): void {
    const written = this.#database.query(sql, values).then(
      () => {},
      (error: unknown) => this.#logger.warn({err: error}, failure),
    );
    this.#pendingWrites.add(written);
    void written.finally(() => this.#pendingWrites.delete(written));
  }
}

const ADMIT = 'SELECT outcome, wait_ms FROM hookswitch.admit_call($1, $2, $3, $4, $5, $6, $7, $8, $9)';

const RELEASE = `UPDATE hookswitch.placement_lines SET written = $2, released_at = clock_timestamp() WHERE line = $1`;

const REFUND = `SELECT hookswitch.refill_allowance($1, $2, 1), hookswitch.refill_allowance('all', $3, 1)`;

/**
 * The allowance's key. JSON escapes characters that Postgres cannot store, so that each name keeps its own
 * key.
 */
function userKey(user: string): string {
  return `user:${JSON.stringify(user)}`;
}

function toAdmission(slot: string, outcome: unknown, waitMs: unknown): Admission {
  switch (outcome) {
    case 'admitted':
      return {kind: 'admitted', slot};
    case 'user-rate':
    case 'all-rate':
      return {kind: outcome, waitMs: numberOf(waitMs)};
    case 'busy':
    case 'behind':
      return {kind: outcome};
    default:
      throw new Error('the database returned an unknown admission outcome');
  }
}
