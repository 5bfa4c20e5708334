/**
 * The database that the nodes share: a pool for reads and coordination, and connections of their own for whoever keeps one
 * (the journal's writer, its tail, its listener). Everything has a time limit on both sides, every pool and queue a bound.
 *
 * Nothing here reconnects on a timer: a connection that broke is replaced when somebody asks next, and those who listen
 * try again by themselves. So a database that comes back is in use at once, and one that is away is not knocked at.
 */
import {Pool, type PoolClient} from 'pg';
import {JournalUnavailableError} from '../errors/app-error.ts';
import {clientConfig, clientOf} from './client-config.ts';
import {isStatementFault, sqlState, tellAll, toPortError, toStartError} from './failures.ts';
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
  /** Shown by the server beside each connection, after the name that the URL gives. @default 'hookswitch' */
  readonly applicationName?: string;
  /** Connections of the pool. @default 7 */
  readonly maxConnections?: number;
  /** Questions waiting for a connection beyond which further ones are refused. @default 1000 */
  readonly maxWaiting?: number;
  /** Told once, at the start, of what should not stay as it is. */
  readonly onWarning?: (warning: string) => void;
}

/** Rows of one statement. */
export type Query = (sql: string, values?: readonly unknown[]) => Promise<readonly Row[]>;

const OLDEST_VERSION = 140_000;
const INSUFFICIENT_PRIVILEGE = '42501';
const IDLE_MS = 30_000;
/** A name that leads to another server is followed within so long, also where the server of before goes on. */
const LIFETIME_S = 300;

export class PostgresDatabase {
  readonly #address: PostgresAddress;
  readonly #applicationName: string;
  readonly #maxWaiting: number;
  readonly #onWarning: (warning: string) => void;
  readonly #newPool: () => Pool;
  #pool: Pool;
  /** Pools of before that still answer. */
  readonly #ending = new Set<Promise<void>>();
  #opening: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  /** @throws Error — the URL cannot be one; nothing is connected yet */
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
        // The pool awaits it before it gives the connection to anybody; its types do not say so.
        // oxlint-disable-next-line typescript/no-misused-promises
        onConnect: (client) => setUpSession(client, limits),
        max: maxConnections,
        idleTimeoutMillis: IDLE_MS,
        maxLifetimeSeconds: LIFETIME_S,
        allowExitOnIdle: true,
      });
      // Idle connections that break are replaced when they are needed; whoever needs one tells of it then.
      pool.on('error', () => {});
      return pool;
    };
    this.#pool = this.#newPool();
  }

  /** Where it is, without user and password. */
  get description(): string {
    return describeAddress(this.#address);
  }

  /**
   * Looks whether this is a database to work with, and brings its tables up to date. Once per process, whoever asks; a
   * failed one may be asked for again. @throws JournalUnavailableError — with one sentence that says what to do
   */
  open(): Promise<void> {
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  /** Looks whether this is a database to work with, and changes nothing. @throws JournalUnavailableError */
  check(): Promise<void> {
    return this.#atStart(async (connection) => {
      await this.#checkFacts(connection);
      await refuseForeignTables(connection);
    });
  }

  /** Rows of one statement, on any connection. @throws JournalUnavailableError @throws Error — a faulty statement */
  async query(sql: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
    this.#assertRoom();
    try {
      return (await this.#pool.query<Row>(sql, [...values])).rows;
    } catch (error) {
      throw toPortError(error, this.#address.password);
    }
  }

  /**
   * Several statements, all or nothing (`READ COMMITTED`). `work` only asks `query`; it must be quick, since the server
   * ends a transaction that stands still.
   * @throws JournalUnavailableError — then nothing may be known of whether it took effect @throws whatever `work` throws
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
      // An error of the work itself, or of one statement, leaves a connection that can be used on.
      if (isStatementFault(error) || !isFromDriver(error)) await client.query('ROLLBACK').catch(() => {});
      throw isFromDriver(error) ? toPortError(error) : error;
    } finally {
      client.release(failure !== undefined);
    }
  }

  /** A connection for one holder, who closes it. @throws JournalUnavailableError */
  async connect(purpose: string, limits: SessionLimits = sessionLimits): Promise<PostgresConnection> {
    if (this.#closing !== undefined) throw closed();
    const name = `${this.#applicationName} ${purpose}`;
    const connection = new PostgresConnection(this.#address, name, this.#limits(limits));
    await connection.connect();
    return connection;
  }

  /**
   * Whoever asks next has a connection that is made then: those there are may lead to a server whose place another one has taken.
   * What is being asked already, or waits for its turn, is answered on them.
   */
  renew(): void {
    if (this.#closing !== undefined) return;
    const before = this.#pool;
    this.#pool = this.#newPool();
    const ending = endWhenServed(before).finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
  }

  /** Closes the pool; those who keep a connection close theirs. Idempotent. */
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
          `step ${id} of the schema (${name}) waits for a transaction that uses its tables, such as a backup; it goes on by itself`,
        ),
      );
    });
  }

  /** Does `work` on a connection that may take its time. @throws JournalUnavailableError — with everything that is known */
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

  /** Says where it happened, and passes on what the database says of it. */
  #explain(error: unknown): JournalUnavailableError {
    const known =
      sqlState(error) === INSUFFICIENT_PRIVILEGE
        ? this.#lacksRights(toPortError(error).cause)
        : toStartError(error);
    const {user} = this.#address;
    return new JournalUnavailableError(`DATABASE_URL (${this.description} as ${user}): ${tellAll(known)}`, {
      cause: known.cause,
    });
  }

  #limits(limits: SessionLimits): SessionLimits {
    const {connectMs = limits.connectMs} = this.#address;
    return {...limits, connectMs};
  }

  async #checkFacts(connection: PostgresConnection): Promise<void> {
    const [facts] = await connection.query(SELECT_FACTS);
    if (facts === undefined) throw new Error('the server told nothing of itself');
    const version = numberOf(facts['version']);
    if (version < OLDEST_VERSION) {
      throw new JournalUnavailableError(
        `The database is PostgreSQL ${Math.floor(version / 10_000)}; Hookswitch needs 14 or newer.`,
      );
    }
    if (facts['standby'] === true) {
      throw new JournalUnavailableError(
        'The database is a read-only standby; DATABASE_URL has to name the primary.',
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
        `let it own the database, or GRANT CREATE ON DATABASE ${database} TO ${user}.`,
      {cause},
    );
  }

  #warn(facts: Row): void {
    if (facts['fsync'] === 'off') {
      this.#onWarning(
        'the database runs with fsync=off: a power cut loses or damages what was acknowledged; set fsync=on',
      );
    }
    if (facts['full_page_writes'] === 'off') {
      this.#onWarning('the database runs with full_page_writes=off: a power cut can damage it; set it to on');
    }
    const {ssl} = this.#address;
    if (ssl !== false && ssl.rejectUnauthorized === false) {
      this.#onWarning(
        'the certificate of the database is not checked (sslmode=require); verify-full checks it',
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

/** Whether the server or the driver threw it, and not whoever used them. */
function isFromDriver(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return 'severity' in error || 'syscall' in error || /timeout|terminated|not queryable/i.test(error.message);
}

function closed(): JournalUnavailableError {
  return new JournalUnavailableError('The database connections are closed.');
}

/** A pool that is told to end gives no connection to those who wait for one. */
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
    // Nobody uses it any more.
  }
}
