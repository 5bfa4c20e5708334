/** Applies the planned disturbances one after the other: kills, drains, restarts, database restarts. */

import {until} from '../until.ts';
import type {LoadClock} from './clock.ts';
import type {PlannedDisturbance} from './disturbances.ts';
import type {SimulatedNode, SimulatedNodes} from './nodes.ts';
import {must, type Trace} from './trace.ts';

export interface DisturbOptions {
  readonly nodes: SimulatedNodes;
  readonly clock: LoadClock;
  readonly trace: Trace;
}

/** Time limit of a drain, which takes at least 5 s with several nodes. */
const DRAINED_WITHIN_MS = 45_000;

/** Resolves when all disturbances are over and every node runs. */
export async function disturb(
  disturbances: readonly PlannedDisturbance[],
  options: DisturbOptions,
): Promise<void> {
  const {nodes, clock, trace} = options;
  for (const disturbance of disturbances) {
    await clock.reached(disturbance.at);
    const release = clock.hold(disturbance.overlap);
    try {
      if (disturbance.what === 'restart-database') await nodes.restartDatabase();
      else {
        const node = await nodes.undisturbed(disturbance.node);
        if (disturbance.what === 'kill') await kill(node, disturbance, nodes, trace);
        else await drain(node, disturbance, options, release);
      }
    } finally {
      release();
    }
  }
}

async function kill(
  node: SimulatedNode,
  {at, alsoWhen}: Extract<PlannedDisturbance, {what: 'kill'}>,
  nodes: SimulatedNodes,
  trace: Trace,
): Promise<void> {
  await nodes.kill(node, `at delivery ${at}`);
  // Kill it again during the start.
  for (const line of alsoWhen) {
    nodes.assertRunning();
    node.gateway.spawn();
    await node.gateway.waitForLog(line);
    await node.gateway.kill();
    trace.add('gateway', `${node.name} was killed again, after "${line}"`);
  }
  await nodes.start(node);
}

/** The load continues while the sessions move away and while the node restarts. Before, it may be held. */
async function drain(
  node: SimulatedNode,
  {overlap}: PlannedDisturbance,
  {nodes, clock}: DisturbOptions,
  release: () => void,
): Promise<void> {
  const before = node.closedSessions;
  const ending = nodes.drain(node);
  await until(() => node.closedSessions > before || node.state !== 'draining', {
    what: `the sessions of ${node.name} to be closed`,
    timeoutMs: DRAINED_WITHIN_MS,
  });
  release();
  const hold = clock.hold(overlap);
  try {
    must((await ending) === 0, 'gateway', `[C3] ${node.name} drained, but its exit code is not 0`);
    await nodes.start(node);
  } finally {
    hold();
  }
}
