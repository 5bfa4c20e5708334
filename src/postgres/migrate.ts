/**
 * Migrates the schema. Each missing migration runs in its own transaction, under an advisory lock, so that
 * nodes that start together run it once. Migrations only go forward. To go back, restore a backup, or start
 * the previous version: the rule in `migration.ts` keeps newer tables usable for it.
 */
import {createHash} from 'node:crypto';
import {JournalUnavailableError} from '../errors/app-error.ts';
import {sqlState} from './failures.ts';
import type {Migration} from './migrations/migration.ts';
import type {PostgresConnection} from './postgres-connection.ts';
import {numberOf, textOf} from './rows.ts';

/** Any number works, because advisory locks are per database. */
const LOCK = 0x686f6f6b;

/**
 * Maximum wait for a table lock, in milliseconds. After that, the migration lets waiting statements pass and
 * retries. Otherwise a backup that reads `entries` for an hour would block the migration, and the migration
 * every append. The value is well below the time that an append may wait.
 */
const TABLE_LOCK_MS = 500;
const PAUSE_S = 1;
/** Ten minutes, including the waits. */
const MAX_TRIES = 400;
const LOCK_NOT_AVAILABLE = '55P03';

const CREATE_BOOK = `CREATE SCHEMA IF NOT EXISTS hookswitch;
  COMMENT ON SCHEMA hookswitch IS 'Everything Hookswitch keeps. Written by its nodes only.';
  CREATE TABLE IF NOT EXISTS hookswitch.migrations (
    id         integer     PRIMARY KEY,
    name       text        NOT NULL,
    checksum   text        NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
  );
  COMMENT ON TABLE hookswitch.migrations IS 'Steps of the schema that were taken.';
  COMMENT ON COLUMN hookswitch.migrations.id IS 'Steps are numbered and taken in order.';
  COMMENT ON COLUMN hookswitch.migrations.name IS 'What the step is called.';
  COMMENT ON COLUMN hookswitch.migrations.checksum IS 'SHA-256 of the step as it was taken: a step is never edited.';
  COMMENT ON COLUMN hookswitch.migrations.applied_at IS 'When it was taken.';`;

/**
 * Runs the missing migrations on a connection with long time limits. Unknown migrations are ignored, because
 * nodes of the previous version also start next to newer tables during a rolling upgrade.
 * @param onHeld called once for each migration that waits for a lock
 * @throws JournalUnavailableError if a migration was edited after it ran, or if the user may not create
 * tables
 */
export async function migrate(
  connection: PostgresConnection,
  migrations: readonly Migration[],
  onHeld: (migration: Migration) => void = () => {},
): Promise<void> {
  if (await isUpToDate(connection, migrations)) return;
  await connection.run(`SELECT pg_advisory_lock(${LOCK})`);
  try {
    await connection.run(CREATE_BOOK);
    const taken = await takenSteps(connection);
    for (const migration of migrations) {
      if (taken.has(migration.id)) check(migration, taken.get(migration.id));
      else await takeBetweenOthers(connection, migration, onHeld);
    }
  } finally {
    if (connection.broken === undefined) await connection.run(`SELECT pg_advisory_unlock(${LOCK})`);
  }
}

/**
 * Checked first, without a lock or the right to create tables, because most starts have nothing to migrate.
 */
async function isUpToDate(
  connection: PostgresConnection,
  migrations: readonly Migration[],
): Promise<boolean> {
  const [book] = await connection.query(`SELECT to_regclass('hookswitch.migrations') IS NOT NULL AS there`);
  if (book?.['there'] !== true) return false;
  const taken = await takenSteps(connection);
  for (const migration of migrations) {
    if (!taken.has(migration.id)) return false;
    check(migration, taken.get(migration.id));
  }
  return true;
}

async function takenSteps(connection: PostgresConnection): Promise<ReadonlyMap<number, string>> {
  const rows = await connection.query('SELECT id, checksum FROM hookswitch.migrations');
  return new Map(rows.map((row) => [numberOf(row['id']), textOf(row['checksum'])]));
}

async function takeBetweenOthers(
  connection: PostgresConnection,
  migration: Migration,
  onHeld: (migration: Migration) => void,
): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await take(connection, migration);
    } catch (error) {
      if (sqlState(error) !== LOCK_NOT_AVAILABLE || tries === MAX_TRIES) throw error;
      if (tries === 1) onHeld(migration);
    }
    await connection.run(`SELECT pg_sleep(${PAUSE_S})`);
  }
}

async function take(connection: PostgresConnection, migration: Migration): Promise<void> {
  const {id, name, up} = migration;
  await connection.run(`BEGIN; SET LOCAL lock_timeout = ${TABLE_LOCK_MS}`);
  try {
    await connection.run(up);
    await connection.query('INSERT INTO hookswitch.migrations (id, name, checksum) VALUES ($1, $2, $3)', [
      id,
      name,
      checksumOf(migration),
    ]);
    await connection.run('COMMIT');
  } catch (error) {
    if (connection.broken === undefined) await connection.run('ROLLBACK');
    throw error;
  }
}

function check(migration: Migration, checksum: string | undefined): void {
  if (checksum === checksumOf(migration)) return;
  throw new JournalUnavailableError(
    `The database has migration ${migration.id} (${migration.name}) in another form than this program: ` +
      'they come from different builds. Start the build that wrote it, or use another database.',
  );
}

function checksumOf({name, up}: Migration): string {
  return createHash('sha256').update(`${name}\n${up}`).digest('hex');
}
