/** A client that takes every database connection and terminates those of the gateways. */
import {setTimeout as wait} from 'node:timers/promises';
import {Client} from 'pg';

const TAKERS = 4;
const RETRY_MS = 5;

export class ConnectionTaker {
  /** Whether the last attempt was refused, so that none is left. */
  hasAll = false;
  readonly #url: string;
  /** Kept to terminate the gateways' connections. */
  readonly #ender: Client;
  readonly #taken = new Set<Client>();
  #taking = true;
  #work: readonly Promise<void>[] = [];

  private constructor(url: string) {
    this.#url = url;
    this.#ender = clientOf(url);
  }

  /** Starts to take connections. */
  static async open(url: string): Promise<ConnectionTaker> {
    const taker = new ConnectionTaker(url);
    await taker.#ender.connect();
    taker.#work = Array.from({length: TAKERS}, () => taker.#take());
    return taker;
  }

  /** Number of connections it holds. */
  get taken(): number {
    return this.#taken.size;
  }

  /** Terminates the gateways' current connections and returns their number. The gateways may reconnect. */
  async terminateGateways(): Promise<number> {
    const {rows} = await this.#ender.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'hookswitch%'`,
    );
    return rows.length;
  }

  /** Closes all connections. */
  async release(): Promise<void> {
    this.#taking = false;
    await Promise.all(this.#work);
    await this.#ender.end();
    await Promise.all([...this.#taken].map((client) => client.end()));
  }

  async #take(): Promise<void> {
    while (this.#taking) {
      const client = clientOf(this.#url);
      const isTaken = await client.connect().then(
        () => true,
        () => false,
      );
      this.hasAll = !isTaken;
      if (isTaken) this.#taken.add(client);
      else await wait(RETRY_MS);
    }
  }
}

function clientOf(connectionString: string): Client {
  const client = new Client({connectionString, application_name: 'taker'});
  client.on('error', () => {});
  return client;
}
