/** Refuses to write to a schema `hookswitch` of another program. */
import {JournalUnavailableError} from '../errors/app-error.ts';
import type {PostgresConnection} from './postgres-connection.ts';
import {textOf} from './rows.ts';

const BOOK_COLUMNS = ['applied_at', 'checksum', 'id', 'name'];
const MAX_SHOWN = 5;

/** @throws JournalUnavailableError if the schema has tables but no record of our migrations */
export async function refuseForeignTables(connection: PostgresConnection): Promise<void> {
  const tables = await connection.query(`SELECT c.relname::text AS name FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'hookswitch'
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') ORDER BY 1`);
  if (tables.length === 0) return;
  const columns = await connection.query(`SELECT a.attname::text AS name FROM pg_attribute a
    WHERE a.attrelid = to_regclass('hookswitch.migrations') AND a.attnum > 0 AND NOT a.attisdropped`);
  const found = new Set(columns.map((row) => textOf(row['name'])));
  if (BOOK_COLUMNS.every((name) => found.has(name))) return;
  const names = tables.slice(0, MAX_SHOWN).map((row) => JSON.stringify(textOf(row['name'])));
  const more = tables.length > MAX_SHOWN ? ', …' : '';
  throw new JournalUnavailableError(
    `The schema "hookswitch" in the database holds the tables of another program (${names.join(', ')}${more}). Nothing was ` +
      'changed. Name another database, or rename that schema.',
  );
}
