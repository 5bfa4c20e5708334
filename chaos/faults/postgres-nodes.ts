/** Cluster faults of nodes: killed, paused, clock skew, partition, rolling restart, duplicate callbacks. */
import {setTimeout as wait} from 'node:timers/promises';
import {until} from '../../test/support/until.ts';
import type {ClusterFault} from './cluster-fault.ts';

/** Time within which the sessions of a failed node must be caught up at another node. */
const ELSEWHERE_MS = 10_000;

export const nodeKilled: ClusterFault = {
  name: 'pg-node-killed',
  description: 'kill -9 of one node under load; its sessions are caught up elsewhere within 10 s',
  async strikeCluster(world, size) {
    for (let round = 0; round < (size === 'short' ? 1 : 4); round += 1) {
      const {gateway} = world.anyNode();
      await gateway.kill();
      await world.waitUntilCaughtUp(ELSEWHERE_MS, 'a kill');
      await world.waitForAcknowledged(20);
      await gateway.start();
    }
  },
};

export const nodePaused: ClusterFault = {
  name: 'pg-node-paused',
  description:
    'SIGSTOP of one node for longer than its leases (short: about 3 s, which is less), then SIGCONT; sessions caught up elsewhere within 10 s',
  async strikeCluster(world, size) {
    const node = world.anyNode();
    await world.waitUntilReady(node);
    node.gateway.signal('SIGSTOP');
    try {
      await until(() => !world.isReady(node), {what: 'the balancer to mark the node as down'});
      world.abandon(node);
      await world.waitUntilCaughtUp(ELSEWHERE_MS, 'a stop');
      await world.waitForAcknowledged(20);
      await wait(size === 'short' ? 1000 : world.random.int(12_000, 25_000));
    } finally {
      node.gateway.signal('SIGCONT');
    }
    await world.waitUntilReady(node);
    await world.waitForAcknowledged(20);
  },
};

export const clockSkew: ClusterFault = {
  name: 'pg-clock-skew',
  description: 'the wall clocks of nodes differ by minutes and hours',
  async strikeCluster(world) {
    const offsets = [-3_600_000, 120_000, 4_000_000];
    for (const [index, node] of world.nodes.entries())
      await world.control(node, {clockOffsetMs: offsets[index] ?? 0});
    await world.waitForAcknowledged(60);
    await world.waitUntilCaughtUp(ELSEWHERE_MS, 'skewed clocks');
    for (const node of world.nodes) await world.control(node, {clockOffsetMs: 0});
  },
};

export const partitioned: ClusterFault = {
  name: 'pg-node-cut-off',
  description:
    'packets between one node and the database are dropped; the other nodes continue, and the node recovers',
  async strikeCluster(world, size) {
    const node = world.anyNode();
    // Start with a ready node, so that only the partition can make it unready.
    await world.waitUntilReady(node);
    node.link.silence();
    try {
      await until(() => !world.isReady(node), {
        what: 'the partitioned node to become unready',
        timeoutMs: 20_000,
      });
      world.abandon(node);
      await world.waitUntilCaughtUp(ELSEWHERE_MS, 'a partition');
      await world.waitForAcknowledged(20);
      if (size === 'long') await wait(world.random.int(5000, 30_000));
    } finally {
      node.link.mend();
    }
    await world.waitUntilReady(node);
    await world.waitForAcknowledged(20);
  },
};

export const rollingRestart: ClusterFault = {
  name: 'pg-rolling-restart',
  description: 'each node in turn is stopped with SIGTERM and restarted under load; no 5xx at all',
  async strikeCluster(world) {
    const before = [...world.webhooks.failures.values()].reduce((sum, times) => sum + times, 0);
    for (const node of world.nodes) {
      const code = await node.gateway.terminate();
      if (code !== 0) world.violate('stuck', `a drained node exited with code ${code}`);
      await node.gateway.start();
      await world.waitUntilReady(node);
      await world.waitForAcknowledged(10);
    }
    const after = [...world.webhooks.failures.values()].reduce((sum, times) => sum + times, 0);
    if (after > before) world.violate('disturbed', `${after - before} webhooks got a 5xx`);
    await world.waitUntilCaughtUp(ELSEWHERE_MS, 'a rolling restart');
  },
};

export const repeatedAcross: ClusterFault = {
  name: 'pg-callbacks-repeated',
  description: 'every second callback arrives twice, mostly at two nodes',
  async strikeCluster(world, size) {
    world.simulator.setFaults({repeat: 0.5});
    await world.waitForAcknowledged(size === 'short' ? 100 : 400);
    world.note(`struck: ${JSON.stringify(world.simulator.faults().struck)}`);
    world.simulator.setFaults({});
  },
};
