/** The LISTEN connection of one node goes silent. */
import {percentile} from '../../report/statistics.ts';
import type {FaultWorld} from '../fault-world.ts';

export interface SilentListener {
  /** Events that the node received only through its poll. */
  readonly events: number;
  /** From the first delivery at another node until this node's delivery. */
  readonly p50Ms: number;
  readonly maxMs: number;
  /** The same before the fault. */
  readonly beforeMaxMs: number;
  /** Until the node had replaced the connection. */
  readonly replacedMs: number;
}

const NODE = 0;
const CALLBACKS_BEFORE = 60;
const FEWEST_EVENTS = 20;
const LOOK_EVERY_MS = 50;
const LISTENERS = `SELECT client_port FROM pg_stat_activity WHERE application_name LIKE '%listener'`;

export async function silenceListener(world: FaultWorld): Promise<SilentListener> {
  const {cluster, crowd, links} = world;
  // A node that appends reads the earlier entries itself, and would need no notification.
  world.targets = cluster.nodes.filter((_, index) => index !== NODE);
  const listenersNow = async () => (await cluster.sql(LISTENERS)).map((row) => Number(row['client_port']));
  const quietFrom = performance.now();
  await world.waitForAccepted(CALLBACKS_BEFORE);
  const before = crowd.delaysAt(NODE, quietFrom);
  const listeners = await listenersNow();
  const silentAt = performance.now();
  if (!listeners.some((port) => links[NODE]?.silenceOne(port) === true))
    throw new Error('the node has no listener');
  await world.waitFor(
    'another listener',
    async () => (await listenersNow()).some((port) => !listeners.includes(port)),
    LOOK_EVERY_MS,
  );
  const replacedMs = performance.now() - silentAt;
  const delays = crowd.delaysAt(NODE, silentAt).toSorted((a, b) => a - b);
  if (delays.length < FEWEST_EVENTS) throw new Error(`only ${delays.length} events arrived during the fault`);
  links[NODE]?.mend();
  world.targets = cluster.nodes;
  return {
    events: delays.length,
    p50Ms: percentile(delays, 0.5),
    maxMs: percentile(delays, 1),
    beforeMaxMs: Math.max(...before),
    replacedMs,
  };
}
