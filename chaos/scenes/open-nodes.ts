/** Opens nodes of the journal for a scene. */
import {PostgresJournal} from '../../src/journal/postgres/postgres-journal.ts';
import {PostgresDatabase} from '../../src/postgres/postgres-database.ts';
import type {Stage} from './scene.ts';

/** Opens the nodes one after the other, as in a rollout. They are closed with the scene. */
export async function openNodes(
  {stack}: Stage,
  urls: readonly string[],
): Promise<readonly PostgresJournal[]> {
  const nodes: PostgresJournal[] = [];
  for (const [index, url] of urls.entries()) {
    const applicationName = `node-${index + 1}`;
    const node = new PostgresJournal({database: new PostgresDatabase({url, applicationName})});
    stack.defer(() => node.close());
    await node.open();
    nodes.push(node);
  }
  return nodes;
}
