/**
 * The database that the nodes share. It has a pool for reads and coordination. The journal's writer, tail and
 * listener get a connection each. Every operation has a time limit on both sides, and every pool and queue
 * has a maximum size.
 *
 * Nothing here reconnects on a timer. The next query replaces a broken connection, and listeners retry by
 * themselves. So a database that returns is used at once, and one that is down is not flooded with attempts.
 */
import {Pool, type PoolClient} from 'pg';
import {JournalUnavailableError} from '../errors/app-error.ts';
import {clientConfig, clientOf} from './client-config.ts';
import {isStatementFault, sqlState, toPortError, toStartError, withServiceMessage} from './failures.ts';
import {refuseForeignTables} from './foreign-tables.ts';
import {migrate} from './migrate.ts';
import {migrations} from './migrations/index.ts';
import {PostgresConnection} from './postgres-connection.ts';
import {describeAddress, type PostgresAddress, parsePostgresUrl} from './postgres-url.ts';
import {numberOf, type Row, textOf} from './rows.ts';
import {assertOwnProcesses} from './session-pinning.ts';
import {migrationLimits, type SessionLimits, sessionLimits, setUpSession} from './session-settings.ts';

export interface PostgresDatabaseOptions {
  /** `postgres://user:password@host:5432/database`. */
  readonly url: string;
  /** Shown by the server for each connection, after the name in the URL. @default 'hookswitch' */
  readonly applicationName?: string;
  /** Size of the pool. @default 7 */
  readonly maxConnections?: number;
  /** Maximum number of queries that wait for a connection. Further queries are refused. @default 1000 */
  readonly maxWaiting?: number;
  /** Receives, once at start, settings that should be changed. */
  readonly onWarning?: (warning: string) => void;
}

/** Runs one statement and returns its rows. */
export type Query = (sql: string, values?: readonly unknown[]) => Promise<readonly Row[]>;

const OLDEST_VERSION = 140_000;
const INSUFFICIENT_PRIVILEGE = '42501';
const IDLE_MS = 30_000;
/** A changed DNS name is followed within this time, even if the old server keeps running. */
const LIFETIME_S = 300;

export class PostgresDatabase {
  readonly #address: PostgresAddress;
  readonly #applicationName: string;
  readonly #maxWaiting: number;
  readonly #onWarning: (warning: string) => void;
  readonly #newPool: () => Pool;
  #pool: Pool;
  /** Replaced pools that still serve queries. */
  readonly #ending = new Set<Promise<void>>();
  #opening: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  /** @throws Error if the URL is invalid. Nothing is connected yet. */
  constructor(options: PostgresDatabaseOptions) {
    const {url, applicationName = 'hookswitch', maxConnections = 7, maxWaiting = 1000} = options;
    this.#address = parsePostgresUrl(url);
    this.#applicationName = [this.#address.applicationName, applicationName].filter(Boolean).join(' ');
    this.#maxWaiting = maxWaiting;
    this.#onWarning = options.onWarning ?? (() => {});
    this.#newPool = () => {
      const limits = this.#limits(sessionLimits);
      const pool = new Pool({
        ...clientConfig(this.#address, this.#applicationName, limits),
        Client: clientOf(this.#address),
        // The pool awaits this before it hands out the connection. Its types do not say so.
        // oxlint-disable-next-line typescript/no-misused-promises
        onConnect: (client) => setUpSession(client, limits),
        max: maxConnections,
        idleTimeoutMillis: IDLE_MS,
        maxLifetimeSeconds: LIFETIME_S,
        allowExitOnIdle: true,
      });
      // Ignored, because the next query replaces a broken idle connection and reports a lasting fault.
      pool.on('error', () => {});
      return pool;
    };
    this.#pool = this.#newPool();
  }

  /** Host, port and database name, without user and password. */
  get description(): string {
    return describeAddress(this.#address);
  }

  /**
   * Checks the database and migrates its tables, once per process. After a failure, it can be called again.
   * @throws JournalUnavailableError with a sentence that says what to do
   */
  open(): Promise<void> {
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  /** Checks the database without changing it. @throws JournalUnavailableError */
  check(): Promise<void> {
    return this.#atStart(async (connection) => {
      await this.#checkFacts(connection);
      await refuseForeignTables(connection);
    });
  }

  /**
   * Runs one statement on any connection. @throws JournalUnavailableError @throws Error if the statement is
   * faulty
   */
  async query(sql: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
    this.#assertRoom();
    try {
      return (await this.#pool.query<Row>(sql, [...values])).rows;
    } catch (error) {
      throw toPortError(error, this.#address.password);
    }
  }

  /**
   * Runs several statements in one transaction (`READ COMMITTED`). `work` may only await `query`, because the
   * server ends an idle transaction.
   * @throws JournalUnavailableError; the transaction may have committed or not @throws any error that `work`
   * throws
   */
  async transaction<Result>(work: (query: Query) => Promise<Result>): Promise<Result> {
    this.#assertRoom();
    const client = await this.#checkOut();
    let failure: unknown;
    try {
      await client.query('BEGIN');
      const result = await work(async (sql, values = []) => (await client.query<Row>(sql, [...values])).rows);
      await client.query('COMMIT');
      return result;
    } catch (error) {
      failure = error;
      // After an error of `work` or of one statement, the connection remains usable.
      if (isStatementFault(error) || !isFromDriver(error)) await client.query('ROLLBACK').catch(() => {});
      throw isFromDriver(error) ? toPortError(error) : error;
    } finally {
      client.release(failure !== undefined);
    }
  }

  /** Opens a connection for one holder, which must close it. @throws JournalUnavailableError */
  async connect(purpose: string, limits: SessionLimits = sessionLimits): Promise<PostgresConnection> {
    if (this.#closing !== undefined) throw closed();
    const name = `${this.#applicationName} ${purpose}`;
    const connection = new PostgresConnection(this.#address, name, this.#limits(limits));
    await connection.connect();
    return connection;
  }

  /**
   * Replaces the pool, because its connections may lead to a replaced server. Further queries use new
   * connections. Running and waiting queries finish on the old ones.
   */
  renew(): void {
    if (this.#closing !== undefined) return;
    const before = this.#pool;
    this.#pool = this.#newPool();
    const ending = endWhenServed(before).finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
  }

  /** Closes the pool. Holders of connections close those themselves. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= Promise.all([this.#pool.end(), ...this.#ending]).then(() => {});
    return this.#closing;
  }

  #open(): Promise<void> {
    for (const note of this.#address.notes) this.#onWarning(`DATABASE_URL: ${note}`);
    return this.#atStart(async (connection) => {
      await this.#checkFacts(connection);
      await refuseForeignTables(connection);
      await migrate(connection, migrations, ({id, name}) =>
        this.#onWarning(
          `migration ${id} (${name}) waits for a transaction that uses its tables, such as a backup; it continues by itself`,
        ),
      );
    });
  }

  /**
   * Runs `work` on a connection with long time limits. @throws JournalUnavailableError with all known details
   */
  async #atStart(work: (connection: PostgresConnection) => Promise<void>): Promise<void> {
    const opened: PostgresConnection[] = [];
    try {
      const connection = await this.connect('start', migrationLimits);
      opened.push(connection);
      const second = await this.connect('start');
      opened.push(second);
      await assertOwnProcesses(connection, second);
      second.close();
      await work(connection);
    } catch (error) {
      throw this.#explain(error);
    } finally {
      for (const connection of opened) connection.close();
    }
  }

  /** Adds the address, and the database's own message. */
  #explain(error: unknown): JournalUnavailableError {
    const known =
      sqlState(error) === INSUFFICIENT_PRIVILEGE
        ? this.#lacksRights(toPortError(error).cause)
        : toStartError(error);
    const {user} = this.#address;
    return new JournalUnavailableError(
      `DATABASE_URL (${this.description} as ${user}): ${withServiceMessage(known)}`,
      {
        cause: known.cause,
      },
    );
  }

  #limits(limits: SessionLimits): SessionLimits {
    const {connectMs = limits.connectMs} = this.#address;
    return {...limits, connectMs};
  }

  async #checkFacts(connection: PostgresConnection): Promise<void> {
    const [facts] = await connection.query(SELECT_FACTS);
    if (facts === undefined) throw new Error('the server returned no facts about itself');
    const version = numberOf(facts['version']);
    if (version < OLDEST_VERSION) {
      throw new JournalUnavailableError(
        `The database is PostgreSQL ${Math.floor(version / 10_000)}; Hookswitch needs 14 or newer.`,
      );
    }
    if (facts['standby'] === true) {
      throw new JournalUnavailableError(
        'The database is a read-only standby; DATABASE_URL must name the primary.',
      );
    }
    if (textOf(facts['encoding']) !== 'UTF8') {
      throw new JournalUnavailableError('The database is not encoded in UTF8; create it with ENCODING UTF8.');
    }
    this.#warn(facts);
  }

  #lacksRights(cause: unknown): JournalUnavailableError {
    const {user, database} = this.#address;
    return new JournalUnavailableError(
      `The database user ${user} may not create or change the schema "hookswitch": ` +
        `make it the owner of the database, or run GRANT CREATE ON DATABASE ${database} TO ${user}.`,
      {cause},
    );
  }

  #warn(facts: Row): void {
    if (facts['fsync'] === 'off') {
      this.#onWarning(
        'the database runs with fsync=off: a power failure loses or damages acknowledged entries; set fsync=on',
      );
    }
    if (facts['full_page_writes'] === 'off') {
      this.#onWarning(
        'the database runs with full_page_writes=off: a power failure can damage it; set it to on',
      );
    }
    const {ssl} = this.#address;
    if (ssl !== false && ssl.rejectUnauthorized === false) {
      this.#onWarning(
        'the certificate of the database is not verified (sslmode=require); verify-full verifies it',
      );
    }
  }

  async #checkOut(): Promise<PoolClient> {
    try {
      return await this.#pool.connect();
    } catch (error) {
      throw toPortError(error, this.#address.password);
    }
  }

  #assertRoom(): void {
    if (this.#closing !== undefined) throw closed();
    if (this.#pool.waitingCount >= this.#maxWaiting) {
      throw new JournalUnavailableError('Too much is waiting for the database.');
    }
  }
}

const SELECT_FACTS = `SELECT current_setting('server_version_num')::int AS version,
  pg_is_in_recovery() AS standby,
  current_setting('fsync') AS fsync,
  current_setting('full_page_writes') AS full_page_writes,
  current_setting('server_encoding') AS encoding`;

/** Whether the error comes from the server or the driver, not from the caller's own code. */
function isFromDriver(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return 'severity' in error || 'syscall' in error || /timeout|terminated|not queryable/i.test(error.message);
}

function closed(): JournalUnavailableError {
  return new JournalUnavailableError('The database connections are closed.');
}

/** Ends a pool once no query waits for a connection, because an ending pool hands out none. */
async function endWhenServed(pool: Pool): Promise<void> {
  if (pool.waitingCount > 0) {
    const {promise, resolve} = Promise.withResolvers<void>();
    const look = () => {
      if (pool.waitingCount === 0) resolve();
    };
    pool.on('acquire', look).on('remove', look);
    await promise;
  }
  try {
    await pool.end();
  } catch {
    // Nothing uses this pool anymore.
  }
}
