/** Deletes ended calls with their legs, entries and intents (J8). */
import type {DatabaseSync, StatementSync} from 'node:sqlite';
import {numberOf, type Row, textOf} from '../rows.ts';
import type {TrimmedCalls} from './trimmed-calls.ts';

/**
 * Time that an intent without a call is kept after the retention, in milliseconds: its callback may be late.
 */
const UNBOUND_INTENT_GRACE_MS = 24 * 60 * 60 * 1000;

export class TrimStatements {
  readonly #roots: StatementSync;
  readonly #legs: StatementSync;
  readonly #lastEntry: StatementSync;
  readonly #raiseTrimmedTo: StatementSync;
  readonly #deleteEntries: StatementSync;
  readonly #deleteRows: readonly StatementSync[];
  readonly #deleteIntents: StatementSync;
  readonly #trimmedCalls: TrimmedCalls;

  constructor(database: DatabaseSync, trimmedCalls: TrimmedCalls) {
    this.#trimmedCalls = trimmedCalls;
    // A call and its legs are deleted together, once all of them have ended. `updated_at` protects calls with
    // recent evidence: they have entries near the head, and trimming those would make every earlier resume
    // impossible.
    this.#roots = database.prepare(
      `SELECT call_sid, first_offset FROM calls AS root
       WHERE ended_at < :before AND updated_at < :before
         AND NOT EXISTS (SELECT 1 FROM calls AS parent WHERE parent.call_sid = root.parent_call_sid)
         AND NOT EXISTS (SELECT 1 FROM calls AS leg WHERE leg.parent_call_sid = root.call_sid
           AND (leg.ended_at IS NULL OR leg.ended_at >= :before OR leg.updated_at >= :before))
       ORDER BY ended_at LIMIT :limit`,
    );
    this.#legs = database.prepare('SELECT call_sid, first_offset FROM calls WHERE parent_call_sid = ?');
    this.#lastEntry = database.prepare('SELECT max("offset") AS last FROM entries WHERE call_offset = ?');
    this.#raiseTrimmedTo = database.prepare('UPDATE meta SET trimmed_to = max(trimmed_to, ?)');
    this.#deleteEntries = database.prepare('DELETE FROM entries WHERE call_offset = ?');
    this.#deleteRows = ['intents', 'calls'].map((table) =>
      database.prepare(`DELETE FROM ${table} WHERE call_sid = ?`),
    );
    this.#deleteIntents = database.prepare('DELETE FROM intents WHERE call_sid IS NULL AND created_at < ?');
  }

  /** Trims at most `limit` calls, or one call with all its legs, and returns the number of trimmed calls. */
  trim(endedBefore: number, limit: number): number {
    let trimmed = 0;
    for (const row of this.#roots.all({before: endedBefore, limit})) {
      const family = [row, ...this.#legs.all(textOf(row['call_sid']))];
      if (trimmed > 0 && trimmed + family.length > limit) break;
      for (const call of family) this.#deleteCall(call);
      this.#trimmedCalls.add(family.map((call) => textOf(call['call_sid'])));
      trimmed += family.length;
    }
    this.#deleteIntents.run(endedBefore - UNBOUND_INTENT_GRACE_MS);
    return trimmed;
  }

  #deleteCall({call_sid: sid, first_offset: callOffset}: Row): void {
    const last = this.#lastEntry.get(numberOf(callOffset))?.['last'];
    if (typeof last === 'number') this.#raiseTrimmedTo.run(last);
    this.#deleteEntries.run(numberOf(callOffset));
    for (const statement of this.#deleteRows) statement.run(textOf(sid));
  }
}
