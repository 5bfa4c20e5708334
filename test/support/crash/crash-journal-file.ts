/** Reads the journal's files without the gateway's code, so that the check sees exactly what a crash left. */
import assert from 'node:assert/strict';
import {DatabaseSync, type SQLOutputValue} from 'node:sqlite';
import {type ProviderStatus, statusRank} from '@hookswitch/protocol';

/** A row of `entries`. */
export interface FileEntry {
  readonly offset: number;
  readonly callSid: string;
  readonly verdict: string;
  readonly repeats: number;
  readonly owner: string | undefined;
  readonly event: {
    readonly kind: string;
    readonly source: string;
    readonly providerStatus: ProviderStatus;
    readonly sequence?: number;
    readonly from?: string;
    readonly to?: string;
  };
  /** The call after the entry, if the entry was applied. */
  readonly call:
    | {readonly callSid: string; readonly providerStatus: ProviderStatus; readonly duration?: number}
    | undefined;
  readonly parameters: Readonly<Record<string, string>> | undefined;
}

export interface JournalFile {
  readonly epoch: string;
  readonly entries: readonly FileEntry[];
  /** Status by call, from the calls table. */
  readonly calls: ReadonlyMap<string, ProviderStatus>;
}

/** Reads a database, also while a gateway uses it. */
export function readJournalFile(file: string): JournalFile {
  const database = new DatabaseSync(file, {readOnly: true, timeout: 5000});
  try {
    // One transaction gives a consistent view.
    database.exec('BEGIN');
    assert.equal(database.prepare('PRAGMA integrity_check').get()?.['integrity_check'], 'ok');
    const entries = database.prepare('SELECT * FROM entries ORDER BY "offset"').all().map(toEntry);
    const calls = database.prepare('SELECT call_sid, record FROM calls').all();
    return {
      epoch: String(database.prepare('SELECT epoch FROM meta').get()?.['epoch']),
      entries,
      calls: new Map(
        calls.map((row) => [String(row['call_sid']), JSON.parse(String(row['record'])).providerStatus]),
      ),
    };
  } finally {
    database.close();
  }
}

function toEntry(row: Readonly<Record<string, SQLOutputValue>>): FileEntry {
  const optional = (name: string) => (row[name] === null ? undefined : JSON.parse(String(row[name])));
  const event = JSON.parse(String(row['event']));
  return {
    offset: Number(row['offset']),
    callSid: event.callSid,
    verdict: String(row['verdict']),
    repeats: Number(row['repeats']),
    owner: row['owner'] === null ? undefined : String(row['owner']),
    event,
    call: optional('call'),
    parameters: optional('parameters'),
  };
}

/** Whether sessions receive the entry. */
export function isPushed({verdict, event}: FileEntry): boolean {
  return verdict === 'applied' && event.kind === 'status';
}

/** [J3] [J4] [J7] Checks a journal: no gap, no partial entry, no call that goes back. */
export function checkJournalFile({entries, calls}: JournalFile): void {
  assert.deepEqual(
    entries.map(({offset}) => offset),
    entries.map((_, index) => index + 1),
    '[J3] offsets are not 1, 2, 3 …',
  );
  const reached = new Map<string, ProviderStatus>();
  for (const entry of entries) {
    if (entry.event.kind !== 'status') continue;
    const before = reached.get(entry.callSid);
    if (entry.verdict !== 'applied') {
      assert.ok(before !== undefined, `[J5] the first entry of ${entry.callSid} was not applied`);
      continue;
    }
    const {providerStatus} = entry.event;
    const rises = before === undefined || statusRank(providerStatus) > statusRank(before);
    assert.ok(rises, `[J4] ${entry.callSid} went from ${before} to ${providerStatus} at ${entry.offset}`);
    assert.equal(entry.call?.providerStatus, providerStatus, `[J7] entry ${entry.offset} has another call`);
    reached.set(entry.callSid, providerStatus);
  }
  assert.deepEqual(new Map(calls), reached, '[J7] calls and entries disagree');
}
