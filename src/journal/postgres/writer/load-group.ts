/**
 * Loads everything that the requests of one transaction need, in one statement. It runs after the head is
 * locked, so its snapshot includes every earlier commit, and nothing can change before ours.
 */
import type {PostgresConnection, PreparedStatement} from '../../../postgres/postgres-connection.ts';
import {numberOf, type Row, textOf} from '../../../postgres/rows.ts';
import type {Offset} from '../../call-event.ts';
import {trimmedCallKey} from '../../trimmed-call-key.ts';
import {lockFences} from './check-fences.ts';
import {GroupView} from './group-view.ts';
import type {GroupRequest} from './write-requests.ts';

/**
 * SQL of the head: the last entry's offset, or `trimmed_to` if that is higher. Refers to a `journal_head h`.
 */
export const HEAD_OFFSET = `greatest(h.trimmed_to,
  coalesce((SELECT last."offset" FROM hookswitch.entries last ORDER BY last."offset" DESC LIMIT 1), 0))`;

export interface LoadedHead {
  readonly epoch: string;
  readonly head: Offset;
  readonly trimmedTo: Offset;
}

// OFFSET 0 keeps the planner from combining the two conditions on legs. Until a new table is analyzed,
// Postgres would scan all calls without an owner, while it holds the lock.
const LOAD: PreparedStatement = {
  name: 'load-group',
  text: `WITH
    named AS (
      SELECT first_offset, call_sid, parent_call_sid, record FROM hookswitch.calls WHERE call_sid = ANY ($2::text[])
    )
    SELECT 'head' AS kind, ${HEAD_OFFSET} AS number, h.epoch AS key,
        h.trimmed_to::text AS text, NULL AS owner, NULL AS json, NULL AS more
      FROM hookswitch.journal_head h WHERE id = 1
    UNION ALL
    SELECT 'entry', "offset", dedupe_key, verdict, owner, event, call
      FROM hookswitch.entries WHERE dedupe_key = ANY ($1::text[])
    UNION ALL
    SELECT 'call', first_offset, call_sid, NULL, NULL, record, NULL FROM named
    UNION ALL
    SELECT 'call', first_offset, call_sid, NULL, NULL, record, NULL FROM hookswitch.calls
      WHERE call_sid IN (SELECT parent_call_sid FROM named)
    UNION ALL
    SELECT 'call', first_offset, call_sid, NULL, NULL, record, NULL FROM (
        SELECT first_offset, call_sid, record, owner FROM hookswitch.calls
          WHERE parent_call_sid IS NOT NULL AND parent_call_sid = ANY ($2::text[]) OFFSET 0
      ) legs WHERE owner IS NULL
    UNION ALL
    SELECT 'intent', created_at, reference, state, call_sid, intent, NULL
      FROM hookswitch.intents WHERE reference = ANY ($3::text[])
    UNION ALL
    SELECT 'intent', i.created_at, i.reference, i.state, i.call_sid, i.intent, NULL
      FROM unnest($4::text[], $5::text[]) AS asked ("user", key)
      JOIN hookswitch.intents i ON i."user" = asked."user" AND i.idempotency_key = asked.key
      WHERE i.idempotency_key IS NOT NULL AND i.state <> 'rejected'
    UNION ALL
    SELECT 'trimmed', 0, call::text, NULL, NULL, NULL, NULL
      FROM hookswitch.forgotten_calls WHERE call = ANY ($6::bigint[])`,
};

/** Loads the state that the transaction starts from. The transaction holds the lock of the head. */
export async function loadGroup(
  connection: PostgresConnection,
  requests: readonly GroupRequest[],
): Promise<{readonly loaded: LoadedHead; readonly view: GroupView}> {
  const fences = await lockFences(connection, requests);
  const rows = await connection.query(LOAD, parametersOf(requests));
  const head = rows.find((row) => row['kind'] === 'head');
  if (head === undefined) throw new Error('the journal has no head row');
  const loaded = headOf(head);
  const view = new GroupView(loaded.head, fences);
  for (const row of rows) loadRow(view, row);
  return {loaded, view};
}

function headOf(row: Row): LoadedHead {
  return {
    epoch: textOf(row['key']),
    head: numberOf(row['number']),
    trimmedTo: Number(textOf(row['text'])),
  };
}

function loadRow(view: GroupView, row: Row): void {
  const key = textOf(row['key']);
  switch (row['kind']) {
    case 'entry':
      view.loadEntry(key, {
        ...row,
        offset: row['number'],
        verdict: row['text'],
        event: row['json'],
        call: row['more'],
      });
      return;
    case 'trimmed':
      view.loadTrimmed(BigInt(key));
      return;
    case 'call':
      view.loadCall(key, textOf(row['json']));
      return;
    case 'intent':
      view.loadIntent(key, {intent: row['json'], state: row['text'], call_sid: row['owner']});
      return;
  }
}

function parametersOf(requests: readonly GroupRequest[]): readonly unknown[] {
  const dedupeKeys = new Set<string>();
  const callSids = new Set<string>();
  const references = new Set<string>();
  const users: string[] = [];
  const keys: string[] = [];
  for (const request of requests) {
    switch (request.kind) {
      case 'append': {
        const {event} = request;
        dedupeKeys.add(event.dedupeKey);
        callSids.add(event.callSid);
        if (event.kind === 'command') break;
        if (event.parentCallSid !== undefined) callSids.add(event.parentCallSid);
        if (event.reference !== undefined) references.add(event.reference);
        break;
      }
      case 'open-intent': {
        const {reference, user, idempotencyKey} = request.intent;
        references.add(reference);
        if (idempotencyKey === undefined) break;
        users.push(user);
        keys.push(idempotencyKey);
        break;
      }
      case 'reject-intent':
        references.add(request.reference);
        break;
      case 'probe':
        break;
    }
  }
  const trimmed = [...callSids].map((callSid) => String(trimmedCallKey(callSid)));
  return [[...dedupeKeys], [...callSids], [...references], users, keys, trimmed];
}
