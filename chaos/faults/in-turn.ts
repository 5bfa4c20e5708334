/** Several cluster faults, one after the other in one world. Each must leave everything repaired. */
import type {ClusterFault} from './cluster-fault.ts';
import * as nodes from './postgres-nodes.ts';
import * as server from './postgres-server.ts';

const parts: readonly ClusterFault[] = [
  nodes.nodeKilled,
  nodes.nodePaused,
  server.listenerKilled,
  server.headHeld,
  server.restarted,
  nodes.clockSkew,
  nodes.partitioned,
];

export const inTurn: ClusterFault = {
  name: 'pg-in-turn',
  description:
    'node killed, node paused, listeners killed, head locked, database restarted, clock skew, partition, one after the other',
  async strikeCluster(world, size) {
    for (const part of parts) {
      const startedAt = performance.now();
      await part.strikeCluster(world, size);
      world.note(`${part.name} ${Math.round(performance.now() - startedAt)} ms`);
    }
  },
};
