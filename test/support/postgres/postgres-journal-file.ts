/** Reads the journal from Postgres without the gateway's code. */
import type {ProviderStatus} from '@hookswitch/protocol';
import type {FileEntry, JournalFile} from '../crash/crash-journal-file.ts';
import type {PostgresServer} from './postgres.ts';

/** One statement gives a consistent view. */
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

/** @throws if the database does not respond */
export async function readPostgresJournal(server: PostgresServer, database: string): Promise<JournalFile> {
  const [row] = await server.query(READ, database);
  const entries = (row?.['entries'] ?? []) as readonly EntryRow[];
  return {
    epoch: String(row?.['epoch']),
    entries: entries.map(toEntry),
    calls: new Map((row?.['calls'] ?? []) as readonly (readonly [string, ProviderStatus])[]),
  };
}

function toEntry({offset, call_sid: callSid, verdict, repeats, owner, ...texts}: EntryRow): FileEntry {
  const {event, call, parameters} = texts;
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
