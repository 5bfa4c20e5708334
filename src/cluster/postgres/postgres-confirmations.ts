/** Confirmations of silent calls in a table. */
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

  note({callSid, offset, forMs}: Confirmation): void {
    this.#database.query(NOTE, [callSid, offset, forMs / 1000]).catch((error: unknown) => {
      this.#logger.debug({err: error, callSid}, 'other nodes could not be told that a call was confirmed');
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

/** Look-ups are 60 a minute and confirm for 10 minutes at most: there are never so many. */
const MAX_LISTED = 2000;

// Whoever writes also sweeps: there are as many rows as calls that are silent, and no more.
const NOTE = `WITH swept AS (
  DELETE FROM hookswitch.confirmations WHERE confirmed_until < clock_timestamp() AND call_sid <> $1)
INSERT INTO hookswitch.confirmations (call_sid, "offset", confirmed_until)
VALUES ($1, $2, clock_timestamp() + make_interval(secs => $3))
ON CONFLICT (call_sid) DO UPDATE SET "offset" = excluded."offset", confirmed_until = excluded.confirmed_until`;

const LIST = `SELECT call_sid, "offset", (extract(epoch FROM confirmed_until - clock_timestamp()) * 1000)::bigint AS for_ms
FROM hookswitch.confirmations WHERE confirmed_until > clock_timestamp() LIMIT $1`;
