/** Writes one event: entry, call and intent, as the transition decides. */
import type {DatabaseSync, StatementSync} from 'node:sqlite';
import type {CallEvent, CallRecord, Offset, StatusEvent, Verdict} from '../call-event.ts';
import {outcomeOf, wasAnswered} from '../call-facets.ts';
import {type Provenance, transition} from '../transition.ts';
import {checksumOf, entryChecksum} from './checksum.ts';
import {facetValues} from './facet-columns.ts';
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
  readonly #repeat: StatementSync;
  readonly #findCall: StatementSync;
  readonly #insertEntry: StatementSync;
  readonly #insertCall: StatementSync;
  readonly #updateCall: StatementSync;
  readonly #updateProgress: StatementSync;
  readonly #legsWithoutOwner: StatementSync;

  constructor(database: DatabaseSync, intents: IntentStatements) {
    this.#intents = intents;
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
    const entry = event.kind === 'command' ? this.#command(event) : this.#status(event, offset);
    const {verdict, owner = null, callJson: call = null} = entry;
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
      verdict: JSON.stringify(entry.verdict),
      owner: JSON.stringify(entry.owner),
      call: entry.callJson,
    });
    return {repeated: false, json: `{"repeated":false,"entry":${json}}`};
  }

  #command(event: CallEvent): WrittenEntry {
    return {verdict: 'applied', owner: this.#call(event.callSid)?.owner};
  }

  #status(event: StatusEvent, offset: Offset): WrittenEntry {
    const before = this.#call(event.callSid);
    const provenance = this.#provenance(event, before);
    const decided = transition(before, event, offset, provenance);
    const call = withProvenance(decided.call, provenance);
    const callJson = JSON.stringify(call);
    this.#writeCall(call, callJson, before);
    if (call.owner !== undefined && before?.owner === undefined) this.#giveOwnerToLegs(call);
    if (event.reference !== undefined) {
      this.#intents.bind(event.reference, event.parentCallSid ?? event.callSid);
    }
    return {
      verdict: decided.verdict,
      owner: call.owner,
      ...(decided.verdict === 'applied' ? {callJson} : {}),
    };
  }

  /** Where the call comes from: the intent its callback URL names, or the call it is a leg of. */
  #provenance(event: StatusEvent, before: CallRecord | undefined): Provenance {
    const parentCallSid = event.parentCallSid ?? before?.parentCallSid;
    const intent = event.reference === undefined ? undefined : this.#intents.find(event.reference);
    if (intent !== undefined && parentCallSid === undefined) {
      const {user, metadata, from, to} = intent;
      return {owner: user, from, to, ...(metadata === undefined ? {} : {metadata})};
    }
    // The numbers and the metadata of the intent are about the root call; of a leg it knows only whose it is.
    const owner =
      intent?.user ?? (parentCallSid === undefined ? undefined : this.#call(parentCallSid)?.owner);
    return owner === undefined ? {} : {owner};
  }

  /** A leg's callback can overtake its parent's first one; then its owner is known only now. */
  #giveOwnerToLegs({callSid, owner}: CallRecord): void {
    for (const row of this.#legsWithoutOwner.all(callSid)) {
      const leg = {...parseCall(textOf(row['record'])), owner};
      this.#writeCall(leg, JSON.stringify(leg), parseCall(textOf(row['record'])));
    }
  }

  #call(callSid: string): CallRecord | undefined {
    const record = optionalTextOf(this.#findCall.get(callSid)?.['record']);
    return record === undefined ? undefined : parseCall(record);
  }

  #writeCall(call: CallRecord, json: string, before: CallRecord | undefined): void {
    if (before !== undefined && sameInLists(before, call)) {
      const answered = wasAnswered(call) ? 1 : 0;
      this.#updateProgress.run(answered, call.updatedAt, json, checksumOf(json), call.callSid);
      return;
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
  }
}

/** Whether nothing changed that a list goes by: most events only move a call on. */
function sameInLists(a: CallRecord, b: CallRecord): boolean {
  return (
    a.parentCallSid === b.parentCallSid &&
    a.owner === b.owner &&
    a.endedAt === b.endedAt &&
    a.createdAt === b.createdAt &&
    a.direction === b.direction &&
    outcomeOf(a) === outcomeOf(b) &&
    a.from === b.from &&
    a.to === b.to
  );
}

interface WrittenEntry {
  readonly verdict: Verdict;
  readonly owner: string | undefined;
  /** The call after the entry; only where it was applied. */
  readonly callJson?: string;
}

/** A call that was first heard of without its intent gets what the intent knows when it is named. */
function withProvenance(call: CallRecord, {owner, metadata}: Provenance): CallRecord {
  if (call.owner !== undefined || owner === undefined) return call;
  return {...call, owner, ...(metadata === undefined ? {} : {metadata})};
}
