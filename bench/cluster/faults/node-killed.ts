/** `kill -9` of one node. Its sessions reconnect to other nodes. */
import type {FaultWorld} from '../fault-world.ts';

export interface KilledNode {
  /** Sessions that were disconnected. */
  readonly sessions: number;
  /** From the kill until each of them was connected to another node. */
  readonly reconnectedMs: number;
  /** From the kill until each had everything in the journal at that moment. */
  readonly caughtUpMs: number;
}

const CALLBACKS_AFTER = 20;

/** Kills the node with index `node`, and starts it again before it resolves. */
export async function killNode(world: FaultWorld, node: number): Promise<KilledNode> {
  const {cluster, crowd} = world;
  const victim = cluster.nodes[node];
  const sessions = crowd.sessionsAt(node);
  if (victim === undefined || sessions === 0) throw new Error('there is no session at that node');
  const connections = crowd.connections;
  const killedAt = performance.now();
  await victim.server.kill();
  await world.waitFor(
    'the sessions to reconnect elsewhere',
    () => crowd.connections >= connections + sessions,
  );
  const reconnectedMs = performance.now() - killedAt;
  await world.waitUntilCaughtUp();
  const caughtUpMs = performance.now() - killedAt;
  await world.waitForAccepted(CALLBACKS_AFTER);
  await cluster.restart(victim);
  return {sessions, reconnectedMs, caughtUpMs};
}
