/** A real primary and a real standby, with streaming replication that can be interrupted. */

import {until} from '../until.ts';
import {DatabaseLink} from './database-link.ts';
import {PostgresServer} from './postgres.ts';

export class PostgresPair implements AsyncDisposable {
  readonly primary: PostgresServer;
  readonly standby: PostgresServer;
  /** The replication connection. */
  readonly replication: DatabaseLink;
  /** The nodes' connection to the current primary. */
  readonly databaseLink: DatabaseLink;

  private constructor(
    parts: Pick<PostgresPair, 'primary' | 'standby' | 'replication'> & {databaseLink: DatabaseLink},
  ) {
    this.primary = parts.primary;
    this.standby = parts.standby;
    this.replication = parts.replication;
    this.databaseLink = parts.databaseLink;
  }

  /** Creates an empty database `name` on both servers. The standby is up to date. */
  static async open(name: string): Promise<PostgresPair> {
    const primary = await PostgresServer.create();
    await primary.query(`CREATE DATABASE ${name}`);
    const replication = await DatabaseLink.to(primary.port);
    // A copy of a stopped server replaces a base backup, whose program the npm package lacks.
    await primary.stop();
    const standby = await PostgresServer.create({
      copyOf: primary.dataFolder,
      files: {'standby.signal': ''},
      settings: {
        primary_conninfo: `host=127.0.0.1 port=${replication.port} user=postgres application_name=standby`,
        // Interval of the standby's reconnect attempts.
        wal_retrieve_retry_interval: '100ms',
      },
    });
    await primary.start();
    const pair = new PostgresPair({
      primary,
      standby,
      replication,
      databaseLink: await DatabaseLink.to(primary.port),
    });
    await pair.waitUntilStreaming();
    return pair;
  }

  /** Makes replication synchronous. */
  async makeSynchronous(): Promise<void> {
    await this.primary.query(`ALTER SYSTEM SET synchronous_standby_names = 'standby'`);
    await this.primary.query('SELECT pg_reload_conf()');
    await this.waitUntilStreaming(`sync_state = 'sync'`);
  }

  /** Waits until the standby follows the primary. */
  async waitUntilStreaming(condition = `state = 'streaming'`): Promise<void> {
    const found = `SELECT FROM pg_stat_replication WHERE ${condition}`;
    await until(async () => (await this.primary.query(found)).length > 0, {
      what: `the standby to follow: ${this.standby.log}`,
      timeoutMs: 30_000,
    });
  }

  /** Waits until the standby has replayed all commits of the primary so far. */
  async waitUntilReplicated(): Promise<void> {
    const [row] = await this.primary.query('SELECT pg_current_wal_lsn()::text AS at');
    await until(async () => {
      const [seen] = await this.standby.query(
        `SELECT pg_last_wal_replay_lsn() >= '${String(row?.['at'])}'::pg_lsn AS level`,
      );
      return seen?.['level'] === true;
    });
  }

  /** Promotes the standby. Resolves when it accepts writes. */
  async promote(): Promise<void> {
    const [row] = await this.standby.query('SELECT pg_promote(true, 30) AS promoted');
    if (row?.['promoted'] !== true) throw new Error(`the standby was not promoted: ${this.standby.log}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.databaseLink[Symbol.asyncDispose]();
    await this.replication[Symbol.asyncDispose]();
    await this.standby.dispose();
    await this.primary.dispose();
  }
}
