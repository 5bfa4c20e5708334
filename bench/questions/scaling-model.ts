/**
 * What the model of docs/SCALING.md and its simulation make of measurements, beside these: for the question that has measured them to
 * put at its end. They are fitted to how long groups of each size lock the head and to what an entry costs in CPU; rates, sizes of
 * groups and latencies are what they predict.
 */
import {number, type Section, type Table} from '../report/section.ts';
import {figure} from '../report/statistics.ts';
import {compare, endTable, groupTable, PLANNED_ACK_MS} from '../scaling/comparison.ts';
import {calibrate} from '../scaling/costs.ts';
import type {AppendMeasurement, GroupMeasurement} from '../scaling/measured.ts';
import {isPinned} from '../servers/cores.ts';

/** One core for all servers, where the system divides them (see servers/cores.ts). */
const MEASURED_CORES = isPinned ? 1 : undefined;
const NODE_COUNTS = [1, 2, 3, 4, 8, 16];

export interface ScalingTablesOptions {
  /** Cores that the nodes had together when they were measured. @default 1 where servers are pinned, otherwise one each */
  readonly nodeCores?: number | undefined;
}

/**
 * Sentences and tables: what was measured, simulated and modelled, with how far the latter are off, and where the journal ends.
 * @throws Error — there are not enough measurements
 */
export function scalingTables(
  groups: readonly GroupMeasurement[],
  appends: readonly AppendMeasurement[],
  {nodeCores = MEASURED_CORES}: ScalingTablesOptions = {},
): Pick<Section, 'compared' | 'tables'> {
  const costs = calibrate(groups, appends);
  const {rates, latencies, errors} = compare(costs, appends, nodeCores);
  const off = (shares: readonly number[]) => {
    const {median, max} = figure(shares.map((share) => 100 * share));
    return `${number(median)} % at the median and ${number(max)} % at most`;
  };
  return {
    compared: [
      'The model of [SCALING.md](SCALING.md) and its simulation are fitted to how long groups lock the head (“fit”) and to the CPU of an',
      'entry. “Rates” and “latencies” are what follows from it beside what was measured, with the difference in brackets: rates are off by',
      `${off(errors.model)} in the model, by ${off(errors.simulated)} in the simulation (seeded, the same each`,
      'time). Measured latencies hold what the client and its connection take, and whatever else the machine did; the simulation knows of neither.',
      `“Prediction” is for nodes with a core each: where the journal ends, and what of it is answered in ${PLANNED_ACK_MS} ms at the mean.`,
    ],
    tables: [
      labelled('fit', groupTable(costs, groups)),
      labelled('rates', rates),
      labelled('latencies', latencies),
      labelled('prediction', endTable(costs, NODE_COUNTS)),
    ],
  };
}

/** With a name in its first cell: in a section with other tables it has to be found. */
function labelled(label: string, {head: [first = '', ...others], rows}: Table): Table {
  return {head: [`${label}: ${first}`, ...others], rows};
}
