/** Refuses to write to the SQLite database of another program. */
import type {DatabaseSync} from 'node:sqlite';
import {StoreUnavailable} from './failures.ts';
import {numberOf, textOf} from './rows.ts';

const OUR_TABLES = ['calls', 'entries', 'meta'];
const MAX_SHOWN = 5;

/** @throws StoreUnavailable if the database belongs to another program */
export function refuseForeignDatabase(database: DatabaseSync, file: string): void {
  // Hookswitch has never set an application id.
  const id = numberOf(database.prepare('PRAGMA application_id').get()?.['application_id']);
  const tables = database
    .prepare(
      `SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name`,
    )
    .all()
    .map((row) => textOf(row['name']));
  const version = numberOf(database.prepare('PRAGMA user_version').get()?.['user_version']);
  const isOurs = OUR_TABLES.every((name) => tables.includes(name)) && version > 0;
  const isNew = tables.length === 0 && version === 0;
  if (id === 0 && (isOurs || isNew)) return;
  const shown = tables.slice(0, MAX_SHOWN).map((name) => JSON.stringify(name));
  const what =
    shown.length === 0
      ? 'it is marked as its own'
      : `tables ${shown.join(', ')}${tables.length > MAX_SHOWN ? ', …' : ''}`;
  throw new StoreUnavailable(
    `The file ${file} is the database of another program (${what}) and was not changed. Name another file in DATABASE_URL.`,
  );
}
