/** `kill -9` of one node: its sessions come back elsewhere. */
import type {FaultWorld} from '../fault-world.ts';

export interface KilledNode {
  /** Sessions that were cut off. */
  readonly sessions: number;
  /** From the kill until each of them was let in at another node. */
  readonly elsewhereMs: number;
  /** Until each was told of everything that was in the journal then. */
  readonly levelMs: number;
}

const CALLBACKS_AFTER = 20;

/** @param node its index; it runs again when this resolves */
export async function killNode(world: FaultWorld, node: number): Promise<KilledNode> {
  const {cluster, crowd} = world;
  const victim = cluster.nodes[node];
  const sessions = crowd.at(node);
  if (victim === undefined || sessions === 0) throw new Error('there is nobody at that node');
  const connections = crowd.connections;
  const killedAt = performance.now();
  await victim.server.kill();
  await world.waitFor(
    'the sessions to be let in elsewhere',
    () => crowd.connections >= connections + sessions,
  );
  const elsewhereMs = performance.now() - killedAt;
  await world.level();
  const levelMs = performance.now() - killedAt;
  await world.taken(CALLBACKS_AFTER);
  await cluster.startAgain(victim);
  return {sessions, elsewhereMs, levelMs};
}
