/** Writes one event: its entry, call and intent, as the transition decides. */
import type {DatabaseSync, StatementSync} from 'node:sqlite';
import {decideAppend, type JournalView} from '../../append-decision.ts';
import type {CallEvent, JournalEntry, Offset} from '../../call-event.ts';
import {checksumOf, entryChecksum} from '../checksum.ts';
import {entryJson, objectJson} from '../rows.ts';
import type {GroupRequest} from '../worker-messages.ts';
import type {CallStatements} from './call-statements.ts';
import type {IntentStatements} from './intent-statements.ts';
import type {TrimmedCalls} from './trimmed-calls.ts';

type AppendRequest = Extract<GroupRequest, {kind: 'append'}>;

export interface AppendOutcome {
  /** `{repeated, entry}`. A new entry comes without its event, because the caller has it. */
  readonly json: string;
  readonly repeated: boolean;
}

/** The other tables that an append reads and writes. */
export interface AppendTables {
  readonly calls: CallStatements;
  readonly intents: IntentStatements;
  readonly trimmedCalls: TrimmedCalls;
}

/** The call offset of entries without a call. Offsets start at 1. */
const NO_CALL = 0;

export class AppendStatements {
  readonly #calls: CallStatements;
  readonly #intents: IntentStatements;
  readonly #trimmedCalls: TrimmedCalls;
  readonly #view: JournalView;
  readonly #repeat: StatementSync;
  readonly #insertEntry: StatementSync;

  constructor(database: DatabaseSync, {calls, intents, trimmedCalls}: AppendTables) {
    this.#calls = calls;
    this.#intents = intents;
    this.#trimmedCalls = trimmedCalls;
    this.#view = {
      call: (callSid) => calls.find(callSid),
      intent: (reference) => intents.find(reference),
      legsWithoutOwner: (callSid) => calls.legsWithoutOwner(callSid),
    };
    this.#repeat = database.prepare(
      `UPDATE entries SET repeats = repeats + 1 WHERE call_offset = ? AND dedupe_key = ?
       RETURNING "offset", event, verdict, owner, call, checksum`,
    );
    this.#insertEntry = database.prepare(
      `INSERT INTO entries ("offset", call_offset, dedupe_key, verdict, owner, event, call, parameters,
         checksum, parameters_checksum)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
  }

  /** Writes `event` at `offset`, or counts a repetition. */
  append({event: eventJson, parameters}: AppendRequest, offset: Offset): AppendOutcome {
    const event = JSON.parse(eventJson) as CallEvent;
    const before = this.#calls.find(event.callSid);
    // The key identifies the event and its call, so an unknown call cannot have an entry with this key.
    const isKnown = before !== undefined || event.kind === 'command';
    const isRepeatable = isKnown && !this.#calls.lacksKey(event.callSid, event.dedupeKey);
    const callOffset = before?.firstOffset ?? NO_CALL;
    const row = isRepeatable ? this.#repeat.get(callOffset, event.dedupeKey) : undefined;
    if (row !== undefined) return {repeated: true, json: `{"repeated":true,"entry":${entryJson(row)}}`};
    const decision = decideAppend(this.#view, event, offset);
    const {verdict, owner = null, changes, binding} = decision;
    // Only a new call can be a trimmed one.
    const begins = changes.some((change) => change.before === undefined);
    if (begins && this.#trimmedCalls.has(event.callSid)) return trimmedCallOutcome(event);
    const [callJson] = changes.map((change) => this.#calls.write(change));
    if (binding !== undefined) this.#intents.bind(binding.reference, binding.rootCallSid);
    const call = decision.carriesCall ? (callJson ?? null) : null;
    this.#insertEntry.run(
      offset,
      changes[0]?.after.firstOffset ?? callOffset,
      event.dedupeKey,
      verdict,
      owner,
      eventJson,
      call,
      parameters ?? null,
      entryChecksum({offset, verdict, owner, event: eventJson, call}),
      checksumOf(parameters),
    );
    this.#calls.addKey(event.callSid, event.dedupeKey);
    const json = objectJson({
      offset: String(offset),
      verdict: JSON.stringify(verdict),
      owner: JSON.stringify(decision.owner),
      call: call ?? undefined,
    });
    return {repeated: false, json: `{"repeated":false,"entry":${json}}`};
  }
}

/** The result for an event of a trimmed call, whose first entry no longer exists. */
function trimmedCallOutcome(event: CallEvent): AppendOutcome {
  const entry: JournalEntry = {offset: 0, event, verdict: 'duplicate'};
  return {repeated: true, json: JSON.stringify({repeated: true, entry})};
}
