/**
 * One connection that somebody keeps for himself: a transaction at a time, or notifications. It is given up after any
 * failure; a new one is cheaper than knowing what state the old one is in.
 */
import type {Client, Notification, QueryResult} from 'pg';
import {clientConfig, clientOf} from './client-config.ts';
import {toConnectError} from './failures.ts';
import type {PostgresAddress} from './postgres-url.ts';
import type {Row} from './rows.ts';
import {type SessionLimits, setUpSession} from './session-settings.ts';

/** A statement that is planned once per connection, under its name. */
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
    // Without a listener the event would end the process.
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
      // A server that refuses need not hang up.
      this.close();
      throw toConnectError(error, this.#password);
    }
  }

  /** Why nothing can be asked any more. */
  get broken(): Error | undefined {
    return this.#broken;
  }

  /** Process id of the server's side, also where a pooler is between. */
  get pid(): number {
    return this.#pid;
  }

  /** What the server has warned of since the last call. */
  takeWarnings(): readonly string[] {
    const warnings = this.#warnings;
    this.#warnings = [];
    return warnings;
  }

  /**
   * The rows of one statement. The error is the driver's own, since the caller may have to tell which it was.
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

  /** Statements without values, in one round trip; returns what the server says that it did last. @throws Error */
  async run(sql: string): Promise<string> {
    // Several statements have several results, against the library's types.
    const results: QueryResult | readonly QueryResult[] = await this.#client.query(sql);
    return (Array.isArray(results) ? results.at(-1) : results)?.command ?? '';
  }

  onNotification(listener: (notification: Notification) => void): void {
    this.#client.on('notification', listener);
  }

  /** Calls `listener` once the connection is of no use any more, for whatever reason. */
  onEnd(listener: () => void): void {
    this.#client.once('end', listener);
  }

  /** Gives the connection up. A statement under way fails; a server that does not answer is not waited for. */
  close(): void {
    this.#broken ??= new Error('the connection was given up');
    this.#client.end().catch(() => {
      // It may be gone already.
    });
  }

  #break(error: unknown): void {
    this.#broken ??= error instanceof Error ? error : new Error(String(error));
  }
}
