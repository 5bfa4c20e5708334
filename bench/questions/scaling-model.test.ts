import assert from 'node:assert/strict';
import {test} from 'node:test';
import {sectionMarkdown} from '../report/section.ts';
import {entryCpuUs, heldMs} from '../scaling/costs.ts';
import {webhookCosts} from '../scaling/costs-of-tests.ts';
import type {AppendMeasurement, GroupMeasurement} from '../scaling/measured.ts';
import {simulate} from '../scaling/simulate.ts';
import {scalingTables} from './scaling-model.ts';

const groups: readonly GroupMeasurement[] = [1, 10, 100, 500].map((size) => {
  const lockedMs = heldMs(webhookCosts, size);
  return {size, lockedMs, perSecond: (size / (lockedMs + webhookCosts.gapMs)) * 1000};
});

/** What the simulation says, as if it had been measured. */
function measuredAs(nodes: number, inFlight: number): AppendMeasurement {
  const load = {kind: 'closed', inFlight} as const;
  const {perSecond, groupSize, ack} = simulate({costs: webhookCosts, nodes, load, entries: 6000, seed: 2});
  return {
    ...{nodes, inFlight, groupSize, perSecond, p50Ms: ack.p50Ms, p99Ms: ack.p99Ms},
    nodeCpuUs: entryCpuUs(webhookCosts.node, nodes, groupSize),
    postgresCpuUs: entryCpuUs(webhookCosts.postgres, nodes, groupSize),
  };
}

const asSimulated = [1, 2, 3].flatMap((nodes) => [6, 24, 96].map((each) => measuredAs(nodes, each * nodes)));

/** So many times as fast. */
function appends(factor: number): readonly AppendMeasurement[] {
  return asSimulated.map((append) => ({...append, perSecond: append.perSecond * factor}));
}

/** In per cent: of the model, of the simulation. */
function mostOff(factor: number): readonly number[] {
  const {compared} = scalingTables(groups, appends(factor), {nodeCores: 3});
  return [...compared.join(' ').matchAll(/([\d.]+) % at most/g)].map(([, percent]) => Number(percent));
}

test('what behaves as the simulation is found again by it, and nearly by the model', () => {
  const [model = Number.NaN, simulated = Number.NaN] = mostOff(1);
  assert.ok(model < 20, `${model}`);
  assert.ok(simulated < 5, `${simulated}`);
});

test('what is twice as fast as it should be is said to be', () => {
  for (const percent of mostOff(2)) assert.ok(percent > 40 && percent < 65, `${percent}`);
});

test('every figure is one, and every table can be told from the others', () => {
  const section = {title: 'Appends', targets: [], ...scalingTables(groups, appends(1))};
  assert.doesNotMatch(sectionMarkdown(section), /NaN|Infinity|undefined/);
  const labels = section.tables.map(({head: [first = '']}) => first.split(':')[0]);
  assert.deepEqual(labels, ['fit', 'rates', 'latencies', 'prediction']);
});
