/** Inspects a journal in Postgres without opening it, so that no table is created and no epoch begins. */
import {PostgresDatabase} from '../../postgres/postgres-database.ts';
import {numberOf, textOf} from '../../postgres/rows.ts';
import type {InspectedJournal} from '../inspect-journal.ts';
import {HEAD_OFFSET} from './writer/load-group.ts';

/** @throws JournalUnavailableError if the database cannot be used */
export async function inspectPostgresJournal(url: string): Promise<InspectedJournal> {
  const database = new PostgresDatabase({url, maxConnections: 1});
  try {
    await database.check();
    const [there] = await database.query(
      `SELECT to_regclass('hookswitch.journal_head') IS NOT NULL AS there`,
    );
    const rows =
      there?.['there'] === true
        ? await database.query(`SELECT h.epoch, ${HEAD_OFFSET} AS head FROM hookswitch.journal_head h`)
        : [];
    const [row] = rows;
    const probe = () => probeOnce(url);
    return row === undefined
      ? {head: 0, probe}
      : {epoch: textOf(row['epoch']), head: numberOf(row['head']), probe};
  } finally {
    await database.close();
  }
}

/** Checks that the server accepts writes, with a temporary table. */
async function probeOnce(url: string): Promise<void> {
  const database = new PostgresDatabase({url, maxConnections: 1});
  try {
    await database.query('CREATE TEMPORARY TABLE hookswitch_probe (probed integer)');
  } finally {
    await database.close();
  }
}
