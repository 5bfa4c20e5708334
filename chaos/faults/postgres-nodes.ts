/** Several gateways on one Postgres: one of them is killed, stands still, has the wrong time, is cut off, or all are replaced. */
import {setTimeout as wait} from 'node:timers/promises';
import {until} from '../../test/support/until.ts';
import type {ClusterFault} from './cluster-fault.ts';

/** How long sessions of a node that is gone may take until they are level at another. */
const ELSEWHERE_MS = 10_000;

export const nodeKilled: ClusterFault = {
  name: 'pg-node-killed',
  what: 'kill -9 of one node while callbacks go on; its sessions are level elsewhere within 10 s',
  async strikeCluster(world, size) {
    for (let round = 0; round < (size === 'short' ? 1 : 4); round += 1) {
      const {gateway} = world.anyNode();
      await gateway.kill();
      await world.level(ELSEWHERE_MS, 'a kill');
      await world.answers(20);
      await gateway.start();
    }
  },
};

export const nodePaused: ClusterFault = {
  name: 'pg-node-paused',
  what: 'SIGSTOP of one node for longer than its leases (short: about 3 s, less than that), then SIGCONT; level elsewhere within 10 s',
  async strikeCluster(world, size) {
    const node = world.anyNode();
    await world.ready(node);
    node.gateway.signal('SIGSTOP');
    try {
      await until(() => !world.isReady(node), {what: 'the balancer to notice'});
      world.abandon(node);
      await world.level(ELSEWHERE_MS, 'a stop');
      await world.answers(20);
      await wait(size === 'short' ? 1000 : world.random.int(12_000, 25_000));
    } finally {
      node.gateway.signal('SIGCONT');
    }
    await world.ready(node);
    await world.answers(20);
  },
};

export const clockSkew: ClusterFault = {
  name: 'pg-clock-skew',
  what: 'the wall clocks of nodes differ by minutes and hours',
  async strikeCluster(world) {
    const offsets = [-3_600_000, 120_000, 4_000_000];
    for (const [index, node] of world.nodes.entries())
      await world.control(node, {clockOffsetMs: offsets[index] ?? 0});
    await world.answers(60);
    await world.level(ELSEWHERE_MS, 'skewed clocks');
    for (const node of world.nodes) await world.control(node, {clockOffsetMs: 0});
  },
};

export const partitioned: ClusterFault = {
  name: 'pg-node-cut-off',
  what: 'packets between one node and the database are dropped; the others go on, and it comes back',
  async strikeCluster(world, size) {
    const node = world.anyNode();
    // One that is not ready for another reason would be taken for one that is cut off.
    await world.ready(node);
    node.link.silence();
    try {
      await until(() => !world.isReady(node), {
        what: 'the node that is cut off not to be ready',
        timeoutMs: 20_000,
      });
      world.abandon(node);
      await world.level(ELSEWHERE_MS, 'a partition');
      await world.answers(20);
      if (size === 'long') await wait(world.random.int(5000, 30_000));
    } finally {
      node.link.mend();
    }
    await world.ready(node);
    await world.answers(20);
  },
};

export const rollingRestart: ClusterFault = {
  name: 'pg-rolling-restart',
  what: 'one node after the other ends with SIGTERM and starts again under load; no 5xx at all',
  async strikeCluster(world) {
    const before = [...world.webhooks.failures.values()].reduce((sum, times) => sum + times, 0);
    for (const node of world.nodes) {
      const code = await node.gateway.terminate();
      if (code !== 0) world.violate('stuck', `a node that drained ended with ${code}`);
      await node.gateway.start();
      await world.ready(node);
      await world.answers(10);
    }
    const after = [...world.webhooks.failures.values()].reduce((sum, times) => sum + times, 0);
    if (after > before) world.violate('disturbed', `${after - before} webhooks were answered 5xx`);
    await world.level(ELSEWHERE_MS, 'a rolling restart');
  },
};

export const repeatedAcross: ClusterFault = {
  name: 'pg-callbacks-repeated',
  what: 'every second callback comes twice, mostly to two nodes',
  async strikeCluster(world, size) {
    world.simulator.setFaults({repeat: 0.5});
    await world.answers(size === 'short' ? 100 : 400);
    world.note(`struck: ${JSON.stringify(world.simulator.faults().struck)}`);
    world.simulator.setFaults({});
  },
};
