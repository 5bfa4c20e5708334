/** Does to the nodes what the plan says, one thing after the other: killed, drained, started again, their database stopped. */

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

/** A drain among nodes takes 5 s at least; what takes this long does not end. */
const DRAINED_WITHIN_MS = 45_000;

/** Resolves once every act is over, and every node runs. */
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
  // Also in the middle of starting.
  for (const line of alsoWhen) {
    nodes.mustGoOn();
    node.gateway.spawn();
    await node.gateway.logged(line);
    await node.gateway.kill();
    trace.add('gateway', `${node.name} was killed again, after "${line}"`);
  }
  await nodes.start(node);
}

/** While its sessions go elsewhere, and while it starts again, the load goes on; in the seconds before, it need not. */
async function drain(
  node: SimulatedNode,
  {meanwhile}: PlannedAct,
  {nodes, clock}: LivesOptions,
  release: () => void,
): Promise<void> {
  const before = node.sentAway;
  const ending = nodes.drain(node);
  await until(() => node.sentAway > before || node.state !== 'draining', {
    what: `the sessions of ${node.name} to be sent away`,
    timeoutMs: DRAINED_WITHIN_MS,
  });
  release();
  const hold = clock.hold(meanwhile);
  try {
    must((await ending) === 0, 'gateway', `[C3] ${node.name} drained, and did not end with 0`);
    await nodes.start(node);
  } finally {
    hold();
  }
}
