/**
 * Intents to dial. They are stored before the request to Twilio, and bound to the call once an event names
 * them.
 */
import type {DatabaseSync, StatementSync} from 'node:sqlite';
import type {DialIntent} from '../../dial-intent.ts';
import type {OpenIntentResult} from '../../dial-intent-store.ts';
import {checksumOf} from '../checksum.ts';
import {intentJson, textOf} from '../rows.ts';

const opened: OpenIntentResult = {kind: 'opened'};
const OPENED = JSON.stringify(opened);

/** Selects by user, key and earliest creation time. A rejected intent frees its key. */
export const SELECT_INTENT_BY_KEY = `SELECT intent, state, call_sid, reference FROM intents
  WHERE user = ? AND idempotency_key = ? AND created_at >= ? AND state <> 'rejected'
  ORDER BY created_at LIMIT 1`;

export class IntentStatements {
  readonly #find: StatementSync;
  readonly #findByKey: StatementSync;
  readonly #insert: StatementSync;
  readonly #reject: StatementSync;
  readonly #bind: StatementSync;

  constructor(database: DatabaseSync) {
    this.#find = database.prepare('SELECT intent FROM intents WHERE reference = ?');
    this.#findByKey = database.prepare(SELECT_INTENT_BY_KEY);
    // The same intent again means that a request was repeated because its response was lost. It is stored
    // already.
    this.#insert = database.prepare(
      `INSERT INTO intents (reference, user, idempotency_key, state, created_at, intent, checksum)
       VALUES (?, ?, ?, 'open', ?, ?, ?) ON CONFLICT (reference) DO NOTHING`,
    );
    // An intent with a call cannot be rejected: Twilio's callback is more reliable than its response.
    this.#reject = database.prepare(
      `UPDATE intents SET state = 'rejected' WHERE reference = ? AND state = 'open'`,
    );
    this.#bind = database.prepare(
      `UPDATE intents SET state = 'placed', call_sid = ? WHERE reference = ? AND call_sid IS NULL`,
    );
  }

  /** Returns JSON of an {@link OpenIntentResult}. */
  open(intent: DialIntent, keysSince: number): string {
    const {reference, user, idempotencyKey = null, createdAt} = intent;
    const earlier =
      idempotencyKey === null ? undefined : this.#findByKey.get(user, idempotencyKey, keysSince);
    if (earlier !== undefined && earlier['reference'] !== reference)
      return `{"kind":"exists","intent":${intentJson(earlier)}}`;
    const json = JSON.stringify(intent);
    this.#insert.run(reference, user, idempotencyKey, createdAt, json, checksumOf(json));
    return OPENED;
  }

  reject(reference: string): undefined {
    this.#reject.run(reference);
  }

  find(reference: string): DialIntent | undefined {
    const row = this.#find.get(reference);
    return row === undefined ? undefined : (JSON.parse(textOf(row['intent'])) as DialIntent);
  }

  /** Binds the intent to the first root call that names it. */
  bind(reference: string, rootCallSid: string): void {
    this.#bind.run(rootCallSid, reference);
  }
}
