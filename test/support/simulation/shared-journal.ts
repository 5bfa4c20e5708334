/** A journal that many runs of a world share: each begins where the one before ended. */
import {mkdtempSync, rmSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type {Journal} from '../../../src/journal/journal.ts';
import {SqliteJournal} from '../../../src/journal/sqlite/sqlite-journal.ts';
import {createNode} from '../journal/journal-postgres-fixture.ts';
import {postgresServer} from '../postgres/postgres.ts';

export interface SharedJournal extends AsyncDisposable {
  /** What feed and sessions read. */
  readonly journal: Journal;
  /** Whoever appends: the same one, and other nodes where there are any. */
  readonly writers: readonly Journal[];
  readonly epoch: string;
  /** Calls so far, of all runs. */
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

/** Two nodes of one Postgres: what the one has to tell, the other one has mostly written. */
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
  if (journal === undefined || opening === undefined) throw new Error('there are two nodes');
  const all = undone.move();
  return {
    journal,
    writers: [...nodes.slice(1), ...nodes],
    epoch: opening.epoch,
    calls: 0,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}
