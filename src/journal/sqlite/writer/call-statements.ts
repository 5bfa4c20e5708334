/** Reads and writes single calls for the writer. */
import type {DatabaseSync, SQLInputValue, StatementSync} from 'node:sqlite';
import type {CallChange} from '../../append-decision.ts';
import type {CallRecord} from '../../call-event.ts';
import {outcomeOf, sameInLists, sameParties, wasAnswered} from '../../call-facets.ts';
import {checksumOf} from '../checksum.ts';
import {facetValues} from '../facet-columns.ts';
import {optionalTextOf, parseCall, textOf} from '../rows.ts';

/** Number of cached calls. Most events belong to a recently changed call. */
const MAX_CACHED = 4096;

/**
 * Maximum number of cached keys per call. A call has four callbacks, and a flood of them must not fill the
 * memory.
 */
const MAX_KEYS = 32;

/** A call as it is in the current transaction. */
interface CachedCall {
  readonly call: CallRecord;
  /** The keys of all entries of the call. Absent if the call is older than the cache or has too many keys. */
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
   * Calls as they are in the current transaction, least recently written first. No other connection writes
   * calls. A rollback or a trim clears the cache.
   */
  readonly #cache = new Map<string, CachedCall>();

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
    // SQLite updates the indexes of every column that a statement names, even if the value stays the same.
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
    const known = this.#cache.get(callSid);
    if (known !== undefined) return known.call;
    const record = optionalTextOf(this.#find.get(callSid)?.['record']);
    return record === undefined ? undefined : parseCall(record);
  }

  /** Legs of the call that have no owner yet. */
  legsWithoutOwner(callSid: string): readonly CallRecord[] {
    return this.#legsWithoutOwner.all(callSid).map((row) => parseCall(textOf(row['record'])));
  }

  /** Whether the call certainly has no entry with this key. */
  lacksKey(callSid: string, dedupeKey: string): boolean {
    return this.#cache.get(callSid)?.keys?.has(dedupeKey) === false;
  }

  /** Records the key of a new entry. */
  addKey(callSid: string, dedupeKey: string): void {
    const known = this.#cache.get(callSid);
    if (known?.keys === undefined) return;
    if (known.keys.size < MAX_KEYS) known.keys.add(dedupeKey);
    else this.#cache.set(callSid, {call: known.call});
  }

  /** Writes the call and returns its JSON. */
  write({before, after: call}: CallChange): string {
    const json = JSON.stringify(call);
    if (before === undefined) this.#insert.run(...columnsOf(call, json), call.callSid, call.firstOffset);
    else this.#rewrite(before, call, json);
    this.#addToCache(call, before === undefined);
    return json;
  }

  #rewrite(before: CallRecord, call: CallRecord, json: string): void {
    const {endedAt = null, updatedAt, firstOffset} = call;
    const progress = [wasAnswered(call) ? 1 : 0, updatedAt, json, checksumOf(json), firstOffset];
    if (sameInLists(before, call)) this.#updateProgress.run(...progress);
    else if (sameParties(before, call)) this.#updateEnd.run(endedAt, outcomeOf(call) ?? null, ...progress);
    else this.#update.run(...columnsOf(call, json), firstOffset);
  }

  /** Clears the cache, because it may differ from the database now. */
  clearCache(): void {
    this.#cache.clear();
  }

  #addToCache(call: CallRecord, isNew: boolean): void {
    const keys = isNew ? new Set<string>() : this.#cache.get(call.callSid)?.keys;
    this.#cache.delete(call.callSid);
    this.#cache.set(call.callSid, keys === undefined ? {call} : {call, keys});
    if (this.#cache.size <= MAX_CACHED) return;
    for (const oldest of this.#cache.keys()) {
      this.#cache.delete(oldest);
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
