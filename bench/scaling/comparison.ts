/** What was measured, beside what the simulation and the model make of the costs that were fitted to it. */
import {number, type Table} from '../report/section.ts';
import type {AcrossFigures} from './benchmark-figures.ts';
import {type Costs, entryCpuUs, heldMs} from './costs.ts';
import type {AppendMeasurement, GroupMeasurement} from './measured.ts';
import {closedLoad, mostPerSecond, mostWithin, openLoad} from './model.ts';
import {type SimulationResult, simulate} from './simulate.ts';

const SEED = 1;
/** Enough for every caller to be answered so often. */
const ROUNDS = 20;
const FEWEST_ENTRIES = 4000;
const MOST_ENTRIES = 60_000;
const ACROSS_ENTRIES = 10_000;
const US_PER_S = 1_000_000;

/** The time within which a rate is given up as too much: mean of an answer, in ms. */
export const PLANNED_ACK_MS = 50;

/** `12.3 (+4 %)`: a value, and how far it is from what was measured. */
function against(value: number, measured: number): string {
  const percent = Math.round((value / measured - 1) * 100);
  return `${number(value)} (${percent > 0 ? '+' : percent < 0 ? '−' : '±'}${Math.abs(percent)} %)`;
}

export function groupTable(costs: Costs, groups: readonly GroupMeasurement[]): Table {
  return {
    head: ['entries in a group', 'locked, ms', 'a + b·k, ms', 'groups of it one after the other, entries/s'],
    rows: groups.map(({size, lockedMs, perSecond}) => [
      String(size),
      number(lockedMs),
      against(heldMs(costs, size), lockedMs),
      number(perSecond),
    ]),
  };
}

export interface Compared {
  readonly rates: Table;
  readonly latencies: Table;
  /** How far simulation and model are from the measured rates, as a share, at the median and at most. */
  readonly errors: Readonly<Record<'simulated' | 'model', readonly number[]>>;
}

/** @param nodeCores cores that the nodes had together, where it were fewer than nodes */
export function compare(
  costs: Costs,
  appends: readonly AppendMeasurement[],
  nodeCores: number | undefined,
): Compared {
  const errors = {simulated: [] as number[], model: [] as number[]};
  const rates: string[][] = [];
  const latencies: string[][] = [];
  for (const measured of appends) {
    const {nodes, inFlight, perSecond, groupSize, p50Ms, p99Ms} = measured;
    const cores = nodeCores === undefined ? {} : {nodeCores: Math.min(nodes, nodeCores)};
    const entries = Math.min(MOST_ENTRIES, Math.max(FEWEST_ENTRIES, ROUNDS * inFlight));
    const simulated = simulate({
      ...{costs, nodes, ...cores, entries, seed: SEED},
      load: {kind: 'closed', inFlight},
    });
    const model = closedLoad(costs, {nodes, inFlight, ...cores});
    errors.simulated.push(Math.abs(simulated.perSecond / perSecond - 1));
    errors.model.push(Math.abs(model.perSecond / perSecond - 1));
    const name = `${nodes}, ${inFlight}`;
    rates.push([
      name,
      number(perSecond),
      against(simulated.perSecond, perSecond),
      against(model.perSecond, perSecond),
      number(groupSize),
      number(simulated.groupSize),
      number(model.groupSize),
    ]);
    latencies.push([
      name,
      number(p50Ms),
      against(simulated.ack.p50Ms, p50Ms),
      number(p99Ms),
      against(simulated.ack.p99Ms, p99Ms),
      number(model.ackMs),
      across(simulated),
    ]);
  }
  return {
    rates: {
      head: ['nodes, under way', 'entries/s', 'simulated', 'model', 'a group', 'simulated', 'model'],
      rows: rates,
    },
    latencies: {
      head: [
        'nodes, under way',
        'p50, ms',
        'simulated',
        'p99, ms',
        'simulated',
        'mean, model',
        'A→B p50, simulated',
      ],
      rows: latencies,
    },
    errors,
  };
}

function across({across: {p50Ms}}: SimulationResult): string {
  return Number.isNaN(p50Ms) ? '–' : number(p50Ms);
}

/** From a webhook at one node to a session at another. @param tellUs CPU of telling the one session of each node, in µs */
export function acrossTable(
  costs: Costs,
  figures: readonly AcrossFigures[],
  {tellUs, nodeCores}: {readonly tellUs: number; readonly nodeCores?: number},
): Table {
  return {
    head: ['nodes', 'callbacks/s', 'A→B p50, ms', 'simulated', 'p99, ms', 'simulated', 'mean, model'],
    rows: figures.map(({nodes, perSecond, p50Ms, p99Ms}) => {
      const options = {nodes, tellUs, ...(nodeCores === undefined ? {} : {nodeCores})};
      const load = {kind: 'open', perSecond} as const;
      const {across: simulated} = simulate({...options, costs, load, entries: ACROSS_ENTRIES, seed: SEED});
      const model = openLoad(costs, {...options, perSecond});
      return [
        String(nodes),
        number(perSecond),
        number(p50Ms),
        against(simulated.p50Ms, p50Ms),
        number(p99Ms),
        against(simulated.p99Ms, p99Ms),
        model === undefined ? '–' : number(model.acrossMs),
      ];
    }),
  };
}

/** Where a journal ends, for nodes with a core each. */
export function endTable(costs: Costs, counts: readonly number[]): Table {
  return {
    head: [
      'nodes that append',
      'entries/s at most',
      'what ends first',
      `entries/s, answered in ${PLANNED_ACK_MS} ms`,
      'simulated p99, ms',
      'A→B p99, ms',
      'Postgres, cores',
    ],
    rows: counts.map((nodes) => {
      const {perSecond, limit} = mostPerSecond(costs, {nodes});
      const planned = mostWithin(costs, {nodes}, PLANNED_ACK_MS);
      const entries = Math.round(Math.min(MOST_ENTRIES, Math.max(FEWEST_ENTRIES, 5 * planned)));
      const simulated = simulate({
        ...{costs, nodes, entries, seed: SEED},
        load: {kind: 'open', perSecond: planned},
      });
      const postgresUs = entryCpuUs(costs.postgres, nodes, simulated.groupSize);
      const isAcross = nodes > 1;
      return [
        String(nodes),
        number(perSecond),
        limit === 'head' ? 'the head' : 'a node’s thread',
        number(planned),
        number(simulated.ack.p99Ms),
        isAcross ? number(simulated.across.p99Ms) : '–',
        number((planned * postgresUs) / US_PER_S),
      ];
    }),
  };
}

/** What the costs are, with their symbols and units. */
export function costTable(costs: Costs): Table {
  const {groupMs, entryMs, gapMs, threadMs, node, postgres} = costs;
  return {
    head: ['symbol', 'here', 'what'],
    rows: [
      [
        '`a`',
        `${number(groupMs)} ms`,
        'the head is locked for a group, whatever its size: three round trips, one fsync',
      ],
      ['`b`', `${number(entryMs)} ms`, 'and so much longer for each of its entries'],
      [
        '`g`',
        `${number(gapMs)} ms`,
        'from a commit until the same node could have the head again: two round trips',
      ],
      ['`t`', `${number(threadMs)} ms`, 'of `b`, what the node’s thread works; the rest of it is Postgres’'],
      ...cpuRows('c', 'the node', node),
      ...cpuRows('p', 'Postgres', postgres),
    ],
  };
}

function cpuRows(symbol: string, of: string, costs: Costs['node']): string[][] {
  const {entryUs, groupUs, readEntryUs, readGroupUs} = costs;
  return [
    [`\`${symbol}e\``, `${number(entryUs)} µs`, `CPU of ${of} for an entry, where it comes in`],
    [`\`${symbol}g\``, `${number(groupUs)} µs`, `CPU of ${of} for a group`],
    [
      `\`${symbol}r\``,
      `${number(readEntryUs)} µs`,
      `CPU of ${of} for an entry, for each further node that reads it`,
    ],
    [
      `\`${symbol}w\``,
      `${number(readGroupUs)} µs`,
      `CPU of ${of} for a group, for each further node that it wakes`,
    ],
  ];
}
