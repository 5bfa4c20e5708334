/** A journal shared by many runs of a world. Each run begins where the previous one ended. */
import {mkdtempSync, rmSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type {Journal} from '../../../src/journal/journal.ts';
import {SqliteJournal} from '../../../src/journal/sqlite/sqlite-journal.ts';
import {createNode} from '../journal/journal-postgres-fixture.ts';
import {postgresServer} from '../postgres/postgres.ts';

export interface SharedJournal extends AsyncDisposable {
  /** The journal of feed and sessions. */
  readonly journal: Journal;
  /** The journals that append: the same one, and other nodes if there are any. */
  readonly writers: readonly Journal[];
  readonly epoch: string;
  /** Number of calls in all runs so far. */
  calls: number;
}

export async function sharedSqliteJournal(): Promise<SharedJournal> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'hookswitch-world-'));
  const journal = new SqliteJournal({file: path.join(folder, 'hookswitch.db')});
  const {epoch} = await journal.open();
  return {
    journal,
    writers: [journal],
    epoch,
    calls: 0,
    async [Symbol.asyncDispose]() {
      await journal.close();
      rmSync(folder, {recursive: true, force: true});
    },
  };
}

/** Two nodes on one Postgres. Most entries come from the other node. */
export async function sharedPostgresJournal(): Promise<SharedJournal> {
  const server = await postgresServer();
  await using undone = new AsyncDisposableStack();
  const url = await server.databaseOf({after: (drop) => undone.defer(drop as () => Promise<void>)});
  const nodes = [createNode(url), createNode(url)];
  for (const node of nodes) undone.defer(() => node.close());
  const openings = [];
  for (const node of nodes) openings.push(await node.open());
  const [journal] = nodes;
  const [opening] = openings;
  if (journal === undefined || opening === undefined) throw new Error('expected two nodes');
  const all = undone.move();
  return {
    journal,
    writers: [...nodes.slice(1), ...nodes],
    epoch: opening.epoch,
    calls: 0,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}
