/**
 * Brings the schema up to date: each missing step in a transaction of its own, under an advisory lock, so that nodes that
 * start together do it once. Forward only; the way back is a restored backup, or the program of before where it can live
 * with the newer tables, which the rule in `migration.ts` says it can for one version.
 */
import {createHash} from 'node:crypto';
import {JournalUnavailableError} from '../errors/app-error.ts';
import {sqlState} from './failures.ts';
import type {Migration} from './migrations/migration.ts';
import type {PostgresConnection} from './postgres-connection.ts';
import {numberOf, textOf} from './rows.ts';

/** Any number of ours will do; advisory locks are per database. */
const LOCK = 0x686f6f6b;

/**
 * A step waits so long at most for a table that somebody else uses, in milliseconds, and then lets everybody pass who came after
 * it: a backup that reads `entries` for an hour would otherwise hold up the step, and the step every append. Well below what an
 * append waits.
 */
const TABLE_LOCK_MS = 500;
const PAUSE_S = 1;
/** Ten minutes, with the waiting. */
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
 * Takes the steps that are missing, on a connection that may take its time. Steps that this program does not know are let be: during a rolling upgrade nodes of
 * before start beside newer tables.
 * @param onHeld told once for each step that has to wait for others
 * @throws JournalUnavailableError — a step was edited after it was taken, or the user may not create tables
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

/** Asked first, and without a lock or a right to create anything: most starts have nothing to do. */
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
    `The database has step ${migration.id} of the schema (${migration.name}) in another form than this program: ` +
      'they are of different builds; start the one that wrote it, or use another database.',
  );
}

function checksumOf({name, up}: Migration): string {
  return createHash('sha256').update(`${name}\n${up}`).digest('hex');
}
