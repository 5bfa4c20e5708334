/** Writes one event: entry, call and intent, as the transition decides. */
import type {DatabaseSync, StatementSync} from 'node:sqlite';
import {type CallChange, decideAppend, type JournalView} from '../append-decision.ts';
import type {CallEvent, CallRecord, JournalEntry, Offset} from '../call-event.ts';
import {sameInLists, wasAnswered} from '../call-facets.ts';
import {checksumOf, entryChecksum} from './checksum.ts';
import {facetValues} from './facet-columns.ts';
import type {ForgottenCalls} from './forgotten-calls.ts';
import type {IntentStatements} from './intent-statements.ts';
import {entryJson, objectJson, optionalTextOf, parseCall, textOf} from './rows.ts';
import type {GroupRequest} from './worker-messages.ts';

type AppendRequest = Extract<GroupRequest, {kind: 'append'}>;

export interface AppendOutcome {
  /** `{repeated, entry}`; a new entry comes without its event, which the caller has. */
  readonly json: string;
  readonly repeated: boolean;
}

export class AppendStatements {
  readonly #intents: IntentStatements;
  readonly #forgotten: ForgottenCalls;
  readonly #view: JournalView;
  readonly #repeat: StatementSync;
  readonly #findCall: StatementSync;
  readonly #insertEntry: StatementSync;
  readonly #insertCall: StatementSync;
  readonly #updateCall: StatementSync;
  readonly #updateProgress: StatementSync;
  readonly #legsWithoutOwner: StatementSync;

  constructor(database: DatabaseSync, intents: IntentStatements, forgotten: ForgottenCalls) {
    this.#intents = intents;
    this.#forgotten = forgotten;
    this.#view = {
      call: (callSid) => this.#call(callSid),
      intent: (reference) => intents.find(reference),
      legsWithoutOwner: (callSid) =>
        this.#legsWithoutOwner.all(callSid).map((row) => parseCall(textOf(row['record']))),
    };
    this.#repeat = database.prepare(
      `UPDATE entries SET repeats = repeats + 1 WHERE dedupe_key = ?
       RETURNING "offset", event, verdict, owner, call, checksum`,
    );
    this.#findCall = database.prepare('SELECT record FROM calls WHERE call_sid = ?');
    this.#insertEntry = database.prepare(
      `INSERT INTO entries ("offset", dedupe_key, call_sid, verdict, owner, event, call, parameters,
         checksum, parameters_checksum)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#insertCall = database.prepare(
      `INSERT INTO calls (parent_call_sid, owner, ended_at, updated_at, record,
         created_at, way, outcome, answered, search, checksum, call_sid, first_offset)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#updateCall = database.prepare(
      `UPDATE calls SET parent_call_sid = ?, owner = ?, ended_at = ?, updated_at = ?, record = ?,
         created_at = ?, way = ?, outcome = ?, answered = ?, search = ?, checksum = ?
       WHERE call_sid = ?`,
    );
    // SQLite writes the indexes of all columns that a statement names, also of those that stay as they are.
    this.#updateProgress = database.prepare(
      'UPDATE calls SET answered = ?, updated_at = ?, record = ?, checksum = ? WHERE call_sid = ?',
    );
    this.#legsWithoutOwner = database.prepare(
      'SELECT record FROM calls WHERE parent_call_sid = ? AND owner IS NULL',
    );
  }

  /** Writes `event` at `offset`, or counts a repetition. */
  append({event, parameters}: AppendRequest, offset: Offset): AppendOutcome {
    const row = this.#repeat.get(event.dedupeKey);
    if (row !== undefined) return {repeated: true, json: `{"repeated":true,"entry":${entryJson(row)}}`};
    const decision = decideAppend(this.#view, event, offset);
    const {verdict, owner = null, changes, binding} = decision;
    // Asked only where a call begins: all others are known.
    const begins = changes.some(({before}) => before === undefined);
    if (begins && this.#forgotten.has(event.callSid)) return ofForgotten(event);
    const [callJson] = changes.map((change) => this.#writeCall(change));
    if (binding !== undefined) this.#intents.bind(binding.reference, binding.rootCallSid);
    const call = decision.carriesCall ? (callJson ?? null) : null;
    const eventJson = JSON.stringify(event);
    this.#insertEntry.run(
      offset,
      event.dedupeKey,
      event.callSid,
      verdict,
      owner,
      eventJson,
      call,
      parameters ?? null,
      entryChecksum({offset, verdict, owner, event: eventJson, call}),
      checksumOf(parameters),
    );
    const json = objectJson({
      offset: String(offset),
      verdict: JSON.stringify(verdict),
      owner: JSON.stringify(decision.owner),
      call: call ?? undefined,
    });
    return {repeated: false, json: `{"repeated":false,"entry":${json}}`};
  }

  #call(callSid: string): CallRecord | undefined {
    const record = optionalTextOf(this.#findCall.get(callSid)?.['record']);
    return record === undefined ? undefined : parseCall(record);
  }

  /** Returns the call's JSON. */
  #writeCall({before, after: call}: CallChange): string {
    const json = JSON.stringify(call);
    if (before !== undefined && sameInLists(before, call)) {
      const answered = wasAnswered(call) ? 1 : 0;
      this.#updateProgress.run(answered, call.updatedAt, json, checksumOf(json), call.callSid);
      return json;
    }
    const values = [
      call.parentCallSid ?? null,
      call.owner ?? null,
      call.endedAt ?? null,
      call.updatedAt,
      json,
      ...facetValues(call),
      checksumOf(json),
      call.callSid,
    ];
    if (before === undefined) this.#insertCall.run(...values, call.firstOffset);
    else this.#updateCall.run(...values);
    return json;
  }
}

/** The answer to an event of a call that was trimmed: it was here before, and is nowhere now. */
function ofForgotten(event: CallEvent): AppendOutcome {
  const entry: JournalEntry = {offset: 0, event, verdict: 'duplicate'};
  return {repeated: true, json: JSON.stringify({repeated: true, entry})};
}
