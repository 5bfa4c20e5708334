/** Who holds the head while nobody can append: a forgotten transaction in somebody's console, a migration, a stuck node. */
import type {Clock} from '../../../clock.ts';
import type {PostgresDatabase} from '../../../postgres/postgres-database.ts';
import {numberOf, optionalTextOf, textOf} from '../../../postgres/rows.ts';

export interface LockHoldersOptions {
  readonly database: PostgresDatabase;
  readonly clock: Clock;
  readonly onFault: (fault: Error) => void;
}

/** So often at most it is told, in milliseconds. */
const TELL_EVERY_MS = 10_000;

export class LockHolders {
  readonly #options: LockHoldersOptions;
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(options: LockHoldersOptions) {
    this.#options = options;
  }

  /** Nobody waits for it: it is for the log. */
  tell(): void {
    const {clock, database, onFault} = this.#options;
    const now = clock.monotonic();
    if (now - this.#toldAt < TELL_EVERY_MS) return;
    this.#toldAt = now;
    describeHolders(database).then(
      (holders) =>
        onFault(
          new Error(`nothing can be appended, since another transaction holds the journal: ${holders}`),
        ),
      onFault,
    );
  }
}

// The text of its statement is not asked for: it may quote anything.
const SELECT_HOLDERS = `SELECT a.pid, a.application_name AS application, a.usename AS "user", a.state,
    a.client_addr::text AS address, extract(epoch FROM now() - a.xact_start)::int AS seconds
  FROM pg_locks l JOIN pg_stat_activity a USING (pid)
  WHERE l.relation = 'hookswitch.journal_head'::regclass AND l.granted AND a.xact_start IS NOT NULL
    AND l.mode NOT IN ('AccessShareLock') AND a.pid <> pg_backend_pid()
    AND (a.wait_event_type IS DISTINCT FROM 'Lock')
  ORDER BY a.xact_start LIMIT 3`;

/** A sentence about each, or that they have gone. */
async function describeHolders(database: PostgresDatabase): Promise<string> {
  const rows = await database.query(SELECT_HOLDERS);
  if (rows.length === 0) return 'nobody holds it any more, or this user may not see who does';
  return rows
    .map((row) => {
      const where = optionalTextOf(row['address']) ?? 'the database machine';
      const who = `process ${numberOf(row['pid'])} (${textOf(row['application']) || 'unnamed'}, user ${optionalTextOf(row['user']) ?? '?'}, from ${where})`;
      return `${who} is ${optionalTextOf(row['state']) ?? 'at work'}, in a transaction for ${numberOf(row['seconds'])} s`;
    })
    .join('; ');
}
