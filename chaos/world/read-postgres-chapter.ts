/** The journal as it lies in Postgres, read without any code of the gateway's, as the history wants it. */
import type {FileEntry} from '../../test/support/crash-journal-file.ts';
import type {PostgresServer} from '../../test/support/postgres.ts';
import type {Chapter} from '../history/history.ts';
import {toRecord} from './read-chapter.ts';

/** One statement: one moment. */
const READ = `SELECT
  (SELECT epoch FROM hookswitch.journal_head) AS epoch,
  (SELECT coalesce(json_agg(e ORDER BY e."offset"), '[]') FROM hookswitch.entries e) AS entries,
  (SELECT coalesce(json_agg(json_build_array(c.call_sid, c.record::json ->> 'providerStatus')), '[]')
     FROM hookswitch.calls c) AS calls`;

interface EntryRow {
  readonly offset: number;
  readonly call_sid: string;
  readonly verdict: string;
  readonly repeats: number;
  readonly owner: string | null;
  readonly event: string;
  readonly call: string | null;
  readonly parameters: string | null;
}

/** @throws when the database cannot be asked */
export async function readPostgresChapter(server: PostgresServer, database: string): Promise<Chapter> {
  const [row] = await server.query(READ, database);
  const entries = (row?.['entries'] ?? []) as readonly EntryRow[];
  return {
    epoch: String(row?.['epoch']),
    entries: entries.map((entry) => toRecord(toEntry(entry))),
    calls: new Map(
      (row?.['calls'] ?? []) as readonly (readonly [string, FileEntry['event']['providerStatus']])[],
    ),
  };
}

function toEntry({
  offset,
  call_sid: callSid,
  verdict,
  repeats,
  owner,
  event,
  call,
  parameters,
}: EntryRow): FileEntry {
  return {
    offset,
    callSid,
    verdict,
    repeats,
    owner: owner ?? undefined,
    event: JSON.parse(event) as FileEntry['event'],
    call: call === null ? undefined : (JSON.parse(call) as FileEntry['call']),
    parameters: parameters === null ? undefined : (JSON.parse(parameters) as FileEntry['parameters']),
  };
}
