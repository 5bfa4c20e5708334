/** Postgres journals on separate databases. */
import type {TestContext} from 'node:test';
import type {Fence} from '../../../src/journal/fence.ts';
import {
  PostgresJournal,
  type PostgresJournalOptions,
} from '../../../src/journal/postgres/postgres-journal.ts';
import {PostgresDatabase} from '../../../src/postgres/postgres-database.ts';
import {databaseOf, type PostgresServer, postgresServer} from '../postgres/postgres.ts';
import type {JournalFixture} from './journal-contract.ts';
import {RoundRobinJournal} from './journal-round-robin.ts';

export type NodeOptions = Omit<PostgresJournalOptions, 'database'>;

/** Creates a journal without opening it. */
export function createNode(url: string, options: NodeOptions = {}): PostgresJournal {
  return new PostgresJournal({...options, database: new PostgresDatabase({url})});
}

/** Opens `count` nodes on one new database. They are closed with the test. */
export async function openNodes(
  t: Pick<TestContext, 'after'>,
  count: number,
  options: NodeOptions = {},
): Promise<{readonly url: string; readonly nodes: readonly PostgresJournal[]}> {
  const url = await databaseOf(t);
  const nodes = Array.from({length: count}, () => createNode(url, options));
  t.after(() => Promise.all(nodes.map((node) => node.close())));
  await Promise.all(nodes.map((node) => node.open()));
  return {url, nodes};
}

/** Opens a journal on a new database: one node, or several nodes that take turns. */
export async function openPostgresFixture(count = 1): Promise<JournalFixture> {
  const disposals: (() => unknown)[] = [];
  const server = await postgresServer();
  template ??= createTemplate(server);
  const url = await server.databaseOf(
    {after: (dispose) => disposals.push(dispose as () => unknown)},
    await template,
  );
  return openOn({url, count}, async () => {
    for (const dispose of disposals) await dispose();
  });
}

/** A template database with the journal's tables, because creating them takes longer than most tests. */
let template: Promise<string> | undefined;

async function createTemplate(server: PostgresServer): Promise<string> {
  const name = 'journal_template';
  await server.query(`CREATE DATABASE ${name}`);
  const journal = createNode(server.url(name));
  await journal.open();
  await journal.close();
  return name;
}

async function openOn(
  where: {readonly url: string; readonly count: number},
  drop: () => Promise<void>,
): Promise<JournalFixture> {
  const nodes = Array.from({length: where.count}, () => createNode(where.url));
  const [only] = nodes;
  const journal = only !== undefined && nodes.length === 1 ? only : new RoundRobinJournal(nodes);
  const opening = await journal.open();
  return {
    journal,
    opening,
    fence: () => holdLease(where.url),
    async reopen() {
      await journal.close();
      return openOn(where, drop);
    },
    async dispose() {
      await journal.close();
      await drop();
    },
  };
}

/** Takes the lease as a node of the cluster does. */
async function holdLease(url: string): Promise<Fence> {
  const database = new PostgresDatabase({url, maxConnections: 1});
  try {
    await database.query(
      `INSERT INTO hookswitch.leases VALUES ('reconciler', gen_random_uuid(), 7, now() + interval '1 h')`,
    );
    return {name: 'reconciler', token: 7};
  } finally {
    await database.close();
  }
}
