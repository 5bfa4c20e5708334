/**
 * A connection for one holder, which runs one transaction at a time or receives notifications. It is dropped
 * after any failure, because a new connection is cheaper than finding out the old one's state.
 */
import type {Client, Notification, QueryResult} from 'pg';
import {clientConfig, clientOf} from './client-config.ts';
import {toConnectError} from './failures.ts';
import type {PostgresAddress} from './postgres-url.ts';
import type {Row} from './rows.ts';
import {type SessionLimits, setUpSession} from './session-settings.ts';

/** A named statement, which the server plans once per connection. */
export interface PreparedStatement {
  readonly name: string;
  readonly text: string;
}

export class PostgresConnection {
  readonly #client: Client;
  readonly #limits: SessionLimits;
  readonly #password: string | undefined;
  #pid = 0;
  #broken: Error | undefined;
  #warnings: string[] = [];

  constructor(address: PostgresAddress, applicationName: string, limits: SessionLimits) {
    this.#client = new (clientOf(address))(clientConfig(address, applicationName, limits));
    this.#limits = limits;
    this.#password = address.password;
    // An error event without a listener would end the process.
    this.#client.on('error', (error) => this.#break(error));
    this.#client.on('end', () => this.#break(new Error('Connection terminated')));
    this.#client.on('notice', ({severity, message}) => {
      if (severity === 'WARNING' && message !== undefined) this.#warnings.push(message);
    });
  }

  /** @throws JournalUnavailableError */
  async connect(): Promise<void> {
    try {
      await this.#client.connect();
      this.#pid = await setUpSession(this.#client, this.#limits);
    } catch (error) {
      this.#break(error);
      // A server that refuses a client may keep the socket open.
      this.close();
      throw toConnectError(error, this.#password);
    }
  }

  /** The reason why the connection is unusable, or `undefined`. */
  get broken(): Error | undefined {
    return this.#broken;
  }

  /** Process id of the server process, even behind a pooler. */
  get pid(): number {
    return this.#pid;
  }

  /** Returns the server's warnings since the last call. */
  drainWarnings(): readonly string[] {
    const warnings = this.#warnings;
    this.#warnings = [];
    return warnings;
  }

  /**
   * Returns the rows of one statement. The error is the driver's own, because the caller may need its
   * SQLSTATE.
   * @throws Error
   */
  async query(
    statement: string | PreparedStatement,
    values: readonly unknown[] = [],
  ): Promise<readonly Row[]> {
    const config = typeof statement === 'string' ? {text: statement} : statement;
    const {rows} = await this.#client.query<Row>({...config, values: [...values]});
    return rows;
  }

  /** Runs statements without values in one round trip. Returns the last one's command tag. @throws Error */
  async run(sql: string): Promise<string> {
    // Several statements have several results, contrary to the library's types.
    const results: QueryResult | readonly QueryResult[] = await this.#client.query(sql);
    return (Array.isArray(results) ? results.at(-1) : results)?.command ?? '';
  }

  onNotification(listener: (notification: Notification) => void): void {
    this.#client.on('notification', listener);
  }

  /** Calls `listener` when the connection ends for any reason. */
  onEnd(listener: () => void): void {
    this.#client.once('end', listener);
  }

  /** Closes the connection without waiting for the server. A running statement fails. */
  close(): void {
    this.#broken ??= new Error('the connection was closed');
    this.#client.end().catch(() => {
      // The socket may be closed already.
    });
  }

  #break(error: unknown): void {
    this.#broken ??= error instanceof Error ? error : new Error(String(error));
  }
}
