/** Reads and writes calls as the writer needs them: those that something happens to, one at a time. */
import type {DatabaseSync, SQLInputValue, StatementSync} from 'node:sqlite';
import type {CallChange} from '../../append-decision.ts';
import type {CallRecord} from '../../call-event.ts';
import {outcomeOf, sameInLists, sameParties, wasAnswered} from '../../call-facets.ts';
import {checksumOf} from '../checksum.ts';
import {facetValues} from '../facet-columns.ts';
import {optionalTextOf, parseCall, textOf} from '../rows.ts';

/** Calls that are remembered; something is about to happen to those that something has just happened to. */
const MAX_REMEMBERED = 4096;

/** Keys of one call that are remembered: a call has four callbacks, and whoever sends thousands shall not fill the memory. */
const MAX_KEYS = 32;

/** A call as it is in the transaction under way. */
interface Remembered {
  readonly call: CallRecord;
  /** The keys of all its entries; absent where the call is older than what is remembered, or has too many. */
  readonly keys?: Set<string>;
}

export class CallStatements {
  readonly #find: StatementSync;
  readonly #insert: StatementSync;
  readonly #update: StatementSync;
  readonly #updateProgress: StatementSync;
  readonly #updateEnd: StatementSync;
  readonly #legsWithoutOwner: StatementSync;
  /**
   * As they are in the transaction under way, the one that was written longest ago first. Nobody else writes calls; what
   * is rolled back or trimmed is forgotten.
   */
  readonly #remembered = new Map<string, Remembered>();

  constructor(database: DatabaseSync) {
    this.#find = database.prepare('SELECT record FROM calls WHERE call_sid = ?');
    this.#insert = database.prepare(
      `INSERT INTO calls (parent_call_sid, owner, ended_at, updated_at, record,
         created_at, way, outcome, answered, search, checksum, call_sid, first_offset)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#update = database.prepare(
      `UPDATE calls SET parent_call_sid = ?, owner = ?, ended_at = ?, updated_at = ?, record = ?,
         created_at = ?, way = ?, outcome = ?, answered = ?, search = ?, checksum = ?
       WHERE first_offset = ?`,
    );
    // SQLite writes the indexes of all columns that a statement names, also of those that stay as they are.
    this.#updateProgress = database.prepare(
      'UPDATE calls SET answered = ?, updated_at = ?, record = ?, checksum = ? WHERE first_offset = ?',
    );
    this.#updateEnd = database.prepare(
      `UPDATE calls SET ended_at = ?, outcome = ?, answered = ?, updated_at = ?, record = ?, checksum = ?
       WHERE first_offset = ?`,
    );
    this.#legsWithoutOwner = database.prepare(
      'SELECT record FROM calls WHERE parent_call_sid = ? AND owner IS NULL',
    );
  }

  find(callSid: string): CallRecord | undefined {
    const known = this.#remembered.get(callSid);
    if (known !== undefined) return known.call;
    const record = optionalTextOf(this.#find.get(callSid)?.['record']);
    return record === undefined ? undefined : parseCall(record);
  }

  /** Legs of the call that nobody owns yet. */
  legsWithoutOwner(callSid: string): readonly CallRecord[] {
    return this.#legsWithoutOwner.all(callSid).map((row) => parseCall(textOf(row['record'])));
  }

  /** Whether it is certain that no entry of the call has this key. */
  lacksKey(callSid: string, dedupeKey: string): boolean {
    return this.#remembered.get(callSid)?.keys?.has(dedupeKey) === false;
  }

  /** An entry of the call has this key now. */
  noteKey(callSid: string, dedupeKey: string): void {
    const known = this.#remembered.get(callSid);
    if (known?.keys === undefined) return;
    if (known.keys.size < MAX_KEYS) known.keys.add(dedupeKey);
    else this.#remembered.set(callSid, {call: known.call});
  }

  /** Returns the call's JSON. */
  write({before, after: call}: CallChange): string {
    const json = JSON.stringify(call);
    if (before === undefined) this.#insert.run(...columnsOf(call, json), call.callSid, call.firstOffset);
    else this.#rewrite(before, call, json);
    this.#remember(call, before === undefined);
    return json;
  }

  #rewrite(before: CallRecord, call: CallRecord, json: string): void {
    const {endedAt = null, updatedAt, firstOffset} = call;
    const progress = [wasAnswered(call) ? 1 : 0, updatedAt, json, checksumOf(json), firstOffset];
    if (sameInLists(before, call)) this.#updateProgress.run(...progress);
    else if (sameParties(before, call)) this.#updateEnd.run(endedAt, outcomeOf(call) ?? null, ...progress);
    else this.#update.run(...columnsOf(call, json), firstOffset);
  }

  /** What is remembered need not be what is in the database any more. */
  forget(): void {
    this.#remembered.clear();
  }

  #remember(call: CallRecord, isNew: boolean): void {
    const keys = isNew ? new Set<string>() : this.#remembered.get(call.callSid)?.keys;
    this.#remembered.delete(call.callSid);
    this.#remembered.set(call.callSid, keys === undefined ? {call} : {call, keys});
    if (this.#remembered.size <= MAX_REMEMBERED) return;
    for (const oldest of this.#remembered.keys()) {
      this.#remembered.delete(oldest);
      break;
    }
  }
}

/** Values of all columns but the sid and the place. */
function columnsOf(call: CallRecord, json: string): readonly SQLInputValue[] {
  return [
    call.parentCallSid ?? null,
    call.owner ?? null,
    call.endedAt ?? null,
    call.updatedAt,
    json,
    ...facetValues(call),
    checksumOf(json),
  ];
}
