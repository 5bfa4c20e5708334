/** Stores confirmations of silent calls in a table. */
import type {Logger} from 'pino';
import type {PostgresDatabase} from '../../postgres/postgres-database.ts';
import {numberOf, textOf} from '../../postgres/rows.ts';
import type {Confirmation, Confirmations} from '../confirmations.ts';

export interface PostgresConfirmationsOptions {
  readonly database: PostgresDatabase;
  readonly logger: Logger;
}

export class PostgresConfirmations implements Confirmations {
  readonly #database: PostgresDatabase;
  readonly #logger: Logger;

  constructor({database, logger}: PostgresConfirmationsOptions) {
    this.#database = database;
    this.#logger = logger;
  }

  publish(confirmations: readonly Confirmation[]): void {
    // One row per call, because an upsert must not touch a row twice. Sorted, so that two upserts cannot
    // deadlock.
    const latest = new Map(confirmations.map((each) => [each.callSid, each]));
    const rows = [...latest.values()].sort((a, b) => (a.callSid < b.callSid ? -1 : 1));
    if (rows.length === 0) return;
    const columns = [
      rows.map(({callSid}) => callSid),
      rows.map(({offset}) => offset),
      rows.map(({forMs}) => forMs / 1000),
    ];
    this.#database.query(PUBLISH, columns).catch((error: unknown) => {
      this.#logger.debug(
        {err: error, calls: rows.length},
        'cluster: could not share lookup results with the other nodes',
      );
    });
  }

  async list(): Promise<readonly Confirmation[]> {
    const rows = await this.#database.query(LIST, [MAX_LISTED]);
    return rows.map((row) => ({
      callSid: textOf(row['call_sid']),
      offset: numberOf(row['offset']),
      forMs: numberOf(row['for_ms']),
    }));
  }
}

/** Limits the result. Other nodes show further calls as unconfirmed. */
const MAX_LISTED = 10_000;

// Every write also deletes expired rows, so the table never has more rows than there are silent calls.
const PUBLISH = `WITH swept AS (
  DELETE FROM hookswitch.confirmations WHERE confirmed_until < clock_timestamp() AND call_sid <> ALL ($1::text[]))
INSERT INTO hookswitch.confirmations (call_sid, "offset", confirmed_until)
SELECT call_sid, "offset", clock_timestamp() + make_interval(secs => seconds)
FROM unnest($1::text[], $2::bigint[], $3::double precision[]) AS noted (call_sid, "offset", seconds)
ON CONFLICT (call_sid) DO UPDATE SET "offset" = excluded."offset", confirmed_until = excluded.confirmed_until`;

const LIST = `SELECT call_sid, "offset", (extract(epoch FROM confirmed_until - clock_timestamp()) * 1000)::bigint AS for_ms
FROM hookswitch.confirmations WHERE confirmed_until > clock_timestamp() LIMIT $1`;
