/**
 * Remembers the most recently trimmed calls. Twilio's signatures never expire, so a copy of an old webhook
 * can arrive after its call was trimmed. It must not create the call again (J2).
 */
import type {DatabaseSync, StatementSync} from 'node:sqlite';
import {MAX_TRIMMED_CALLS, trimmedCallKey} from '../../trimmed-call-key.ts';

export const CREATE_TRIMMED_CALLS = `CREATE TABLE forgotten_calls (
     number  INTEGER PRIMARY KEY,     -- 1, 2, 3 … in the order in which they were trimmed
     call    INTEGER NOT NULL UNIQUE  -- 64 bits of the SHA-256 of the call's sid
   ) STRICT;`;

export class TrimmedCalls {
  readonly #max: number;
  readonly #find: StatementSync;
  readonly #insert: StatementSync;
  readonly #shrink: StatementSync;

  constructor(database: DatabaseSync, max = MAX_TRIMMED_CALLS) {
    this.#max = max;
    this.#find = database.prepare('SELECT 1 FROM forgotten_calls WHERE call = ?');
    this.#insert = database.prepare('INSERT OR IGNORE INTO forgotten_calls (call) VALUES (?)');
    this.#shrink = database.prepare(
      'DELETE FROM forgotten_calls WHERE number <= (SELECT max(number) FROM forgotten_calls) - ?',
    );
  }

  has(callSid: string): boolean {
    return this.#find.get(trimmedCallKey(callSid)) !== undefined;
  }

  add(callSids: readonly string[]): void {
    for (const callSid of callSids) this.#insert.run(trimmedCallKey(callSid));
    if (callSids.length > 0) this.#shrink.run(this.#max);
  }
}
