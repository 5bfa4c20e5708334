/**
 * Finds the transactions that block appends: a forgotten one in a database console, a migration, a stuck
 * node.
 */
import type {Clock} from '../../../clock.ts';
import type {PostgresDatabase} from '../../../postgres/postgres-database.ts';
import {numberOf, optionalTextOf, textOf} from '../../../postgres/rows.ts';

export interface LockHoldersOptions {
  readonly database: PostgresDatabase;
  readonly clock: Clock;
  readonly onFault: (fault: Error) => void;
}

/** Minimum time between two reports, in milliseconds. */
const REPORT_EVERY_MS = 10_000;

export class LockHolders {
  readonly #options: LockHoldersOptions;
  #reportedAt = Number.NEGATIVE_INFINITY;

  constructor(options: LockHoldersOptions) {
    this.#options = options;
  }

  /** Reports the holders to the log. The caller does not wait for it. */
  report(): void {
    const {clock, database, onFault} = this.#options;
    const now = clock.monotonic();
    if (now - this.#reportedAt < REPORT_EVERY_MS) return;
    this.#reportedAt = now;
    describeHolders(database).then(
      (holders) =>
        onFault(
          new Error(`nothing can be appended, because another transaction holds the journal: ${holders}`),
        ),
      onFault,
    );
  }
}

// The query text is left out, because it may contain any data.
const SELECT_HOLDERS = `SELECT a.pid, a.application_name AS application, a.usename AS "user", a.state,
    a.client_addr::text AS address, extract(epoch FROM now() - a.xact_start)::int AS seconds
  FROM pg_locks l JOIN pg_stat_activity a USING (pid)
  WHERE l.relation = 'hookswitch.journal_head'::regclass AND l.granted AND a.xact_start IS NOT NULL
    AND l.mode NOT IN ('AccessShareLock') AND a.pid <> pg_backend_pid()
    AND (a.wait_event_type IS DISTINCT FROM 'Lock')
  ORDER BY a.xact_start LIMIT 3`;

/** Describes each holder. */
async function describeHolders(database: PostgresDatabase): Promise<string> {
  const rows = await database.query(SELECT_HOLDERS);
  if (rows.length === 0) return 'the holder has gone, or this user may not see it';
  return rows
    .map((row) => {
      const where = optionalTextOf(row['address']) ?? 'the database machine';
      const who = `process ${numberOf(row['pid'])} (${textOf(row['application']) || 'unnamed'}, user ${optionalTextOf(row['user']) ?? '?'}, from ${where})`;
      return `${who} is ${optionalTextOf(row['state']) ?? 'at work'}, in a transaction for ${numberOf(row['seconds'])} s`;
    })
    .join('; ');
}
