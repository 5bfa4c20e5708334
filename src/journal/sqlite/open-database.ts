/**
 * Opens the database file: private, in WAL mode, synced on every commit, migrated, and checked for damage.
 */
import {closeSync, mkdirSync, openSync, statSync} from 'node:fs';
import {dirname} from 'node:path';
import {DatabaseSync} from 'node:sqlite';
import type {Offset} from '../call-event.ts';
import {checksumOf, entryChecksum, isIntact} from './checksum.ts';
import {isRequestFault, StoreUnavailable, sqliteCode} from './failures.ts';
import {refuseForeignDatabase} from './foreign-database.ts';
import {readHead, readTrimmedTo} from './meta.ts';
import {numberOf} from './rows.ts';
import {migrate} from './schema.ts';

/** Maximum wait for a lock of another program, such as a backup or a shell, in milliseconds. */
const BUSY_TIMEOUT_MS = 5000;

/**
 * Databases up to this size are checked completely (about 150 ms). Checking a larger one would delay the
 * start.
 */
const MAX_CHECKED_BYTES = 8 * 1024 * 1024;

/** Number of latest offsets that are always checked. */
const CHECKED_OFFSETS = 1000;

const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;

/**
 * Opens or creates `file`. @throws StoreUnavailable if it is damaged, from a newer program, or not a journal
 */
export function openDatabase(file: string, options: {newEpoch: () => string}): DatabaseSync {
  mkdirSync(dirname(file), {recursive: true, mode: 0o700});
  // We create the file, not SQLite, to set its mode. SQLite gives the -wal and -shm files the same mode.
  closeSync(openSync(file, 'a', 0o600));
  const database = new DatabaseSync(file, {timeout: BUSY_TIMEOUT_MS});
  try {
    refuseForeignDatabase(database, file);
    configure(database);
    migrate(database, options.newEpoch);
    check(database, file);
    return database;
  } catch (error) {
    database.close();
    throw explain(error, file);
  }
}

function configure(database: DatabaseSync): void {
  database.exec('PRAGMA journal_mode = WAL');
  // FULL syncs the WAL on every commit. Any weaker setting loses acknowledged entries when the power fails.
  database.exec('PRAGMA synchronous = FULL');
}

/**
 * Detects damage before it causes wrong answers. A small file is checked completely. In a large file, the
 * latest entries are checked, because an interrupted write would show there.
 */
function check(database: DatabaseSync, file: string): void {
  const result =
    statSync(file).size <= MAX_CHECKED_BYTES
      ? database.prepare('PRAGMA integrity_check(1)').get()
      : undefined;
  if (result !== undefined && result['integrity_check'] !== 'ok')
    throw damaged(file, String(result['integrity_check']));
  const head = readHead(database);
  const from = Math.max(readTrimmedTo(database), head - CHECKED_OFFSETS);
  const found = database.prepare('SELECT count(*) AS entries FROM entries WHERE "offset" > ?').get(from);
  const missing = head - from - numberOf(found?.['entries']);
  if (missing !== 0) throw damaged(file, `${missing} of the entries ${from + 1} to ${head} are missing`);
  const row = findDamagedRow(database, result === undefined ? {after: from} : 'all');
  if (row !== undefined) throw damaged(file, row);
}

/**
 * Describes the first damaged row. Checks either all rows, or only the latest entries and the calls in
 * progress.
 */
function findDamagedRow(database: DatabaseSync, rows: 'all' | {readonly after: Offset}): string | undefined {
  const entries = database.prepare('SELECT * FROM entries WHERE "offset" > ?');
  for (const row of entries.iterate(rows === 'all' ? 0 : rows.after)) {
    const whole =
      isIntact(row['checksum'], entryChecksum(row)) &&
      isIntact(row['parameters_checksum'], checksumOf(row['parameters']));
    if (!whole) return `entry ${String(row['offset'])} differs from what was written`;
  }
  const inProgress = rows === 'all' ? '' : 'WHERE ended_at IS NULL';
  for (const row of database
    .prepare(`SELECT call_sid, record, checksum FROM calls ${inProgress}`)
    .iterate()) {
    if (!isIntact(row['checksum'], checksumOf(row['record'])))
      return `the call ${String(row['call_sid'])} differs from what was written`;
  }
  if (rows !== 'all') return undefined;
  for (const {intent, checksum} of database.prepare('SELECT intent, checksum FROM intents').iterate()) {
    if (!isIntact(checksum, checksumOf(intent))) return 'an intent to dial differs from what was written';
  }
  return undefined;
}

/** Explains an error of SQLite while it opens a database: the file, the cause and the next step. */
export function explain(error: unknown, file: string): unknown {
  if (error instanceof StoreUnavailable) return error;
  const code = sqliteCode(error);
  if (code === SQLITE_NOTADB) {
    return damaged(
      file,
      'it is not a SQLite database',
      ' If it never was a journal, name another file in DATABASE_URL.',
    );
  }
  if (code === SQLITE_CORRUPT) return damaged(file, String(error));
  if (isRequestFault(error)) {
    const reason = error instanceof Error ? error.message : String(error);
    return new StoreUnavailable(`The journal ${file} cannot be used: ${reason}`, {cause: error});
  }
  return error;
}

function damaged(file: string, what: string, also = ''): StoreUnavailable {
  return new StoreUnavailable(
    `The journal ${file} is damaged: ${what}. Restore a backup, or move it away together with its -wal and -shm ` +
      'files to start an empty one. Either begins a new epoch, so that clients do not mix old and new offsets.' +
      also,
  );
}
