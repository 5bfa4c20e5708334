/** Reads the journal from Postgres as a chapter. */
import type {PostgresServer} from '../../test/support/postgres/postgres.ts';
import {readPostgresJournal} from '../../test/support/postgres/postgres-journal-file.ts';
import type {Chapter} from '../history/history.ts';
import {toRecord} from './read-chapter.ts';

/** @throws if the database does not respond */
export async function readPostgresChapter(server: PostgresServer, database: string): Promise<Chapter> {
  const {epoch, entries, calls} = await readPostgresJournal(server, database);
  return {epoch, calls, entries: entries.map(toRecord)};
}
