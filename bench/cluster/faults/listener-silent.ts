/** The connection on which one node hears of the others' appends goes dead without a word. */
import {percentile} from '../../report/statistics.ts';
import type {FaultWorld} from '../fault-world.ts';

export interface SilentListener {
  /** Events that the node was told of by nothing but its poll. */
  readonly events: number;
  /** From when another node's sessions had an event until this one's had it. */
  readonly p50Ms: number;
  readonly maxMs: number;
  /** The same before anything was broken. */
  readonly beforeMaxMs: number;
  /** Until it had another connection. */
  readonly replacedMs: number;
}

const NODE = 0;
const CALLBACKS_BEFORE = 60;
const FEWEST_EVENTS = 20;
const LOOK_EVERY_MS = 50;
const LISTENERS = `SELECT client_port FROM pg_stat_activity WHERE application_name LIKE '%listener'`;

export async function silenceListener(world: FaultWorld): Promise<SilentListener> {
  const {cluster, crowd, links} = world;
  // A node that appends itself reads what came before, and so would be told of it at once.
  world.targets = cluster.nodes.filter((_, index) => index !== NODE);
  const listenersNow = async () => (await cluster.sql(LISTENERS)).map((row) => Number(row['client_port']));
  const quietFrom = performance.now();
  await world.taken(CALLBACKS_BEFORE);
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
  if (delays.length < FEWEST_EVENTS) throw new Error(`only ${delays.length} events came meanwhile`);
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
