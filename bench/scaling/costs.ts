/** What the model stands on: the costs of a group and of an entry, fitted to measurements. */
import {fit} from './least-squares.ts';
import type {AppendMeasurement, GroupMeasurement} from './measured.ts';

/** Microseconds of CPU. */
export interface CpuCosts {
  /** Of an entry, where it is appended. */
  readonly entryUs: number;
  /** Of a group that is committed. */
  readonly groupUs: number;
  /** Of an entry, for each other node that reads it. */
  readonly readEntryUs: number;
  /** Of a group, for each other node that is woken by it. */
  readonly readGroupUs: number;
}

export interface Costs {
  /** a: how long a group holds the head, whatever its size, in ms: three round trips and the fsync. */
  readonly groupMs: number;
  /** b: how much longer for each of its entries, in ms. */
  readonly entryMs: number;
  /** g: from a commit until the same node could have the head again, in ms: two round trips. */
  readonly gapMs: number;
  readonly node: CpuCosts;
  readonly postgres: CpuCosts;
  /** Of {@link entryMs}, what the node's thread is busy for; the rest is Postgres'. */
  readonly threadMs: number;
}

/** From `MAX_GROUP` of src/journal/postgres/writer/postgres-writer.ts: requests of one transaction, at most. */
export const MAX_GROUP = 500;

/** From `POLL_MS` of src/journal/postgres/tail/head-tail.ts: what a notification costs that was lost, in ms. */
export const POLL_MS = 700;

/** From `FAN_OUT_SLICE` of src/services/sessions/session-delivery.ts: 256 sessions are told in one turn of the event loop, about so many ms. */
export const TELL_SLICE_MS = 3;

const US_PER_MS = 1000;

/**
 * The costs that explain the measurements best, by relative errors.
 * @throws Error — one size of groups says nothing of what another one takes
 */
export function calibrate(groups: readonly GroupMeasurement[], appends: readonly AppendMeasurement[]): Costs {
  if (new Set(groups.map(({size}) => size)).size < 2)
    throw new Error('groups of two sizes at least are needed');
  const [groupMs = 0, entryMs = 0] = fit(
    groups.map(({size, lockedMs}) => ({factors: [1, size], value: lockedMs})),
  );
  // What of a cycle is not locked: the part that does not grow with the group is the gap, the rest whoever measured.
  const [gapMs = 0] = fit(
    groups.map(({size, lockedMs, perSecond}) => ({
      factors: [1, size],
      value: (size / perSecond) * US_PER_MS - lockedMs,
    })),
  );
  const node = cpuOf(appends, ({nodeCpuUs}) => nodeCpuUs);
  const postgres = cpuOf(appends, ({postgresCpuUs}) => postgresCpuUs);
  const threadMs = Math.min(Math.max(0, entryMs - postgres.entryUs / US_PER_MS), node.entryUs / US_PER_MS);
  return {groupMs, entryMs, gapMs, node, postgres, threadMs};
}

/** `us = entry + group / k + (n - 1) × (readEntry + readGroup / k)` for each entry, of all nodes together. */
function cpuOf(appends: readonly AppendMeasurement[], usOf: (append: AppendMeasurement) => number): CpuCosts {
  const [entryUs = 0, groupUs = 0, readEntryUs = 0, readGroupUs = 0] = fit(
    appends.map((append) => {
      const {nodes, groupSize} = append;
      const factors = [1, 1 / groupSize, nodes - 1, (nodes - 1) / groupSize];
      return {factors, value: usOf(append)};
    }),
  );
  return {entryUs, groupUs, readEntryUs, readGroupUs};
}

/** CPU of an entry in microseconds, all nodes or all of Postgres together, for `nodes` nodes and groups of `size`. */
export function entryCpuUs(costs: CpuCosts, nodes: number, size: number): number {
  const {entryUs, groupUs, readEntryUs, readGroupUs} = costs;
  return entryUs + groupUs / size + (nodes - 1) * (readEntryUs + readGroupUs / size);
}

/** How long a group of `size` holds the head, in ms. */
export function heldMs({groupMs, entryMs}: Costs, size: number): number {
  return groupMs + entryMs * size;
}
