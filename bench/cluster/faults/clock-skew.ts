/** The wall clocks of the nodes differ by minutes. */
import {percentile} from '../../report/statistics.ts';
import type {FaultWorld} from '../fault-world.ts';

export interface SkewedClocks {
  readonly events: number;
  /** From the first node whose sessions had an event until the last node. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Entries dated more than a minute before the previous entry. */
  readonly backwards: number;
  /** Entries recorded as late. */
  readonly late: number;
}

/** Clock offset of each node, in milliseconds. */
const OFFSETS_MS = [-300_000, 0, 300_000];
const CALLBACKS = 150;
const MINUTE_MS = 60_000;
/** Tolerance for the clock difference that a node measures. */
const SLACK_MS = 10_000;
const LOOK_EVERY_MS = 100;

export async function skewClocks(world: FaultWorld): Promise<SkewedClocks> {
  const {cluster} = world;
  await setClocks(world, OFFSETS_MS);
  const [row] = await cluster.sql('SELECT max("offset") AS head FROM hookswitch.entries');
  const head = Number(row?.['head']);
  const since = performance.now();
  await world.waitForAccepted(CALLBACKS);
  await world.waitUntilCaughtUp();
  const delays = cluster.nodes
    .flatMap((_, node) => world.crowd.delaysAt(node, since))
    .toSorted((a, b) => a - b);
  const [seen] = await cluster.sql(`SELECT count(*) AS events,
      count(*) FILTER (WHERE received_at < before - ${MINUTE_MS}) AS backwards,
      count(*) FILTER (WHERE verdict = 'late') AS late
    FROM (SELECT verdict, received_at, lag(received_at) OVER (ORDER BY "offset") AS before
      FROM (SELECT "offset", verdict, (event::json->>'receivedAt')::bigint AS received_at
        FROM hookswitch.entries WHERE "offset" > ${head}) AS entries) AS neighbours`);
  const backwards = Number(seen?.['backwards']);
  if (backwards === 0) throw new Error('the clocks did not differ: no entry is dated before its predecessor');
  await setClocks(
    world,
    OFFSETS_MS.map(() => 0),
  );
  return {
    events: Number(seen?.['events']),
    p50Ms: percentile(delays, 0.5),
    p99Ms: percentile(delays, 0.99),
    backwards,
    late: Number(seen?.['late']),
  };
}

/** Sets the clocks. Resolves when all nodes have reported these offsets. */
async function setClocks(world: FaultWorld, offsetsMs: readonly number[]): Promise<void> {
  for (const [node, clockOffsetMs] of offsetsMs.entries()) await world.control(node, {clockOffsetMs});
  await world.waitFor(
    'the nodes to notice their clocks',
    async () => {
      const rows = await world.cluster.sql(
        `SELECT clock_ahead_ms FROM hookswitch.nodes
         WHERE heartbeat_at > clock_timestamp() - interval '3 seconds' ORDER BY node_id`,
      );
      return (
        rows.length === offsetsMs.length &&
        rows.every((row, node) => Math.abs(Number(row['clock_ahead_ms']) - (offsetsMs[node] ?? 0)) < SLACK_MS)
      );
    },
    LOOK_EVERY_MS,
  );
}
