/** Applies the planned disturbances one after the other: kills, drains, restarts, database restarts. */

import {until} from '../until.ts';
import type {PlannedAct} from './acts.ts';
import type {LoadClock} from './clock.ts';
import type {SimulatedNode, SimulatedNodes} from './nodes.ts';
import {must, type Trace} from './trace.ts';

export interface LivesOptions {
  readonly nodes: SimulatedNodes;
  readonly clock: LoadClock;
  readonly trace: Trace;
}

/** Time limit of a drain, which takes at least 5 s with several nodes. */
const DRAINED_WITHIN_MS = 45_000;

/** Resolves when all disturbances are over and every node runs. */
export async function live(acts: readonly PlannedAct[], options: LivesOptions): Promise<void> {
  const {nodes, clock, trace} = options;
  for (const act of acts) {
    await clock.reached(act.at);
    const release = clock.hold(act.meanwhile);
    try {
      if (act.what === 'restart-database') await nodes.restartDatabase();
      else {
        const node = await nodes.undisturbed(act.node);
        if (act.what === 'kill') await kill(node, act, nodes, trace);
        else await drain(node, act, options, release);
      }
    } finally {
      release();
    }
  }
}

async function kill(
  node: SimulatedNode,
  {at, alsoWhen}: Extract<PlannedAct, {what: 'kill'}>,
  nodes: SimulatedNodes,
  trace: Trace,
): Promise<void> {
  await nodes.kill(node, `at delivery ${at}`);
  // Kill it again during the start.
  for (const line of alsoWhen) {
    nodes.mustGoOn();
    node.gateway.spawn();
    await node.gateway.logged(line);
    await node.gateway.kill();
    trace.add('gateway', `${node.name} was killed again, after "${line}"`);
  }
  await nodes.start(node);
}

/** The load continues while the sessions move away and while the node restarts. Before, it may be held. */
async function drain(
  node: SimulatedNode,
  {meanwhile}: PlannedAct,
  {nodes, clock}: LivesOptions,
  release: () => void,
): Promise<void> {
  const before = node.sentAway;
  const ending = nodes.drain(node);
  await until(() => node.sentAway > before || node.state !== 'draining', {
    what: `the sessions of ${node.name} to be closed`,
    timeoutMs: DRAINED_WITHIN_MS,
  });
  release();
  const hold = clock.hold(meanwhile);
  try {
    must((await ending) === 0, 'gateway', `[C3] ${node.name} drained, but its exit code is not 0`);
    await nodes.start(node);
  } finally {
    hold();
  }
}
