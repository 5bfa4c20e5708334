import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {type Costs, heldMs, MAX_GROUP} from './costs.ts';
import {journalCosts, webhookCosts} from './costs-of-tests.ts';
import {closedLoad, mostPerSecond, mostWithin, openLoad, type Prediction} from './model.ts';
import {type SimulationResult, simulate} from './simulate.ts';

/** How far the model may be from the simulation, as a share of it; docs/SCALING.md names these bounds. */
const BOUND = 0.25;
const SEED = 20_260_105;
const kinds: readonly (readonly [string, Costs])[] = [
  ['the journal alone', journalCosts],
  ['webhooks', webhookCosts],
];

function assertAgree(prediction: Prediction, simulated: SimulationResult, what: string): void {
  const pairs = {
    perSecond: [prediction.perSecond, simulated.perSecond],
    groupSize: [prediction.groupSize, simulated.groupSize],
    ackMs: [prediction.ackMs, simulated.ack.meanMs],
    acrossMs: [prediction.acrossMs, simulated.across.meanMs],
  };
  for (const [name, [model = 0, seen = 0]] of Object.entries(pairs)) {
    // With one node nothing goes across.
    if (Number.isNaN(model) && Number.isNaN(seen)) continue;
    assert.ok(
      Math.abs(model / seen - 1) <= BOUND,
      `${what}: ${name} ${model} in the model, ${seen} simulated`,
    );
  }
}

for (const [kind, costs] of kinds) {
  for (const nodes of [1, 2, 3, 6]) {
    test(`${kind}, ${nodes} nodes: model and simulation agree on requests that come at random, up to 70 % of what goes in`, () => {
      const most = mostPerSecond(costs, {nodes}).perSecond;
      for (const share of [0.02, 0.1, 0.3, 0.5, 0.7]) {
        const perSecond = share * most;
        const entries = Math.round(Math.min(40_000, Math.max(3000, 6 * perSecond)));
        const simulated = simulate({costs, nodes, load: {kind: 'open', perSecond}, entries, seed: SEED});
        const prediction = openLoad(costs, {nodes, perSecond});
        assert.ok(prediction !== undefined);
        assertAgree(prediction, simulated, `${Math.round(perSecond)}/s`);
      }
    });

    test(`${kind}, ${nodes} nodes: model and simulation agree on callers that ask again`, () => {
      for (const each of [1, 4, 16, 64, 256, 1024]) {
        const inFlight = each * nodes;
        const entries = Math.max(3000, 16 * inFlight);
        const simulated = simulate({costs, nodes, load: {kind: 'closed', inFlight}, entries, seed: SEED});
        assertAgree(closedLoad(costs, {nodes, inFlight}), simulated, `${inFlight} under way`);
      }
    });
  }
}

test('model and simulation agree on nodes that share a core', () => {
  for (const [nodes, inFlight] of [
    [2, 64],
    [3, 192],
  ] as const) {
    const options = {nodes, inFlight, nodeCores: 1};
    const load = {kind: 'closed', inFlight} as const;
    const simulated = simulate({costs: webhookCosts, ...options, load, entries: 8000, seed: SEED});
    assertAgree(closedLoad(webhookCosts, options), simulated, `${nodes} nodes on a core`);
  }
});

test('model and simulation agree on nodes with sessions to tell', () => {
  for (const [tellUs, perSecond] of [
    [200, 200],
    [2000, 200],
    [12_000, 30],
  ] as const) {
    const options = {nodes: 3, perSecond, tellUs};
    const load = {kind: 'open', perSecond} as const;
    const simulated = simulate({costs: webhookCosts, nodes: 3, load, tellUs, entries: 4000, seed: SEED});
    const prediction = openLoad(webhookCosts, options);
    assert.ok(prediction !== undefined);
    assertAgree(prediction, simulated, `${tellUs} µs to tell`);
  }
});

test('where the head is the limit, a journal ends at 500 / (a + 500 b), however many nodes there are', () => {
  const free = {entryUs: 0, groupUs: 0, readEntryUs: 0, readGroupUs: 0};
  const costs = {...journalCosts, node: free, threadMs: 0};
  const end = (MAX_GROUP / heldMs(costs, MAX_GROUP)) * 1000;
  for (const nodes of [2, 5, 40]) {
    const {perSecond, limit} = mostPerSecond(costs, {nodes});
    assert.ok(Math.abs(perSecond / end - 1) < 1e-9);
    assert.equal(limit, 'head');
  }
});

test('where reading is the limit, further nodes do not help', () => {
  const costs = {...journalCosts, node: {...journalCosts.node, readEntryUs: 200}};
  const most = (nodes: number) => mostPerSecond(costs, {nodes});
  assert.equal(most(8).limit, 'node');
  assert.ok(most(400).perSecond < 1_000_000 / costs.node.readEntryUs);
});

test('the more comes, the larger are groups and the longer is the wait; beyond the end there is no answer', () => {
  const shares = fc.tuple(
    fc.double({min: 0.01, max: 0.7, noNaN: true}),
    fc.double({min: 1.05, max: 1.4, noNaN: true}),
  );
  fc.assert(
    fc.property(
      fc.constantFrom(journalCosts, webhookCosts),
      fc.integer({min: 1, max: 12}),
      shares,
      (costs, nodes, [share, more]) => {
        const most = mostPerSecond(costs, {nodes}).perSecond;
        assert.equal(openLoad(costs, {nodes, perSecond: most * more}), undefined);
        const less = openLoad(costs, {nodes, perSecond: most * share * 0.8});
        const next = openLoad(costs, {nodes, perSecond: most * share});
        assert.ok(less !== undefined);
        // Not even an answer: it is nearer to the end than the model reaches.
        if (next === undefined) return;
        assert.ok(next.groupSize >= less.groupSize - 1e-6 && next.ackMs >= less.ackMs - 1e-6);
      },
    ),
    {numRuns: 60},
  );
});

test('what is answered within a time is what the model says of that rate', () => {
  const perSecond = mostWithin(journalCosts, {nodes: 3}, 20);
  assert.ok(Math.abs((openLoad(journalCosts, {nodes: 3, perSecond})?.ackMs ?? 0) - 20) < 0.1);
  assert.equal(Math.round(mostWithin(journalCosts, {nodes: 3}, 0.1)), 0);
});
