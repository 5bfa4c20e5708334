import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {MAX_GROUP} from './costs.ts';
import {journalCosts, webhookCosts} from './costs-of-tests.ts';
import {type Load, type SimulationOptions, simulate} from './simulate.ts';
import {SimulatedHead} from './simulated-head.ts';
import {Timeline} from './timeline.ts';

const loads: fc.Arbitrary<Load> = fc.oneof(
  fc.record({kind: fc.constant('closed' as const), inFlight: fc.integer({min: 1, max: 3000})}),
  fc.record({kind: fc.constant('open' as const), perSecond: fc.integer({min: 50, max: 20_000})}),
);

const simulations: fc.Arbitrary<SimulationOptions> = fc.record({
  costs: fc.constantFrom(journalCosts, webhookCosts),
  nodes: fc.integer({min: 1, max: 6}),
  nodeCores: fc.integer({min: 1, max: 6}),
  load: loads,
  entries: fc.integer({min: 1, max: 3000}),
  seed: fc.integer(),
  spread: fc.constantFrom(0, 0.2, 1),
  tellUs: fc.constantFrom(0, 300),
});

test('each request is committed once and answered once, in the order in which its node was asked', () => {
  fc.assert(
    fc.property(simulations, (options) => {
      const {groups, answered} = simulate(options);
      const committed = groups.flatMap(({requests}) => requests);
      assert.equal(new Set(committed).size, options.entries);
      assert.equal(committed.length, options.entries);
      assert.equal(answered, options.entries);
      for (let node = 0; node < options.nodes; node += 1) {
        const own = groups.filter((group) => group.node === node).flatMap(({requests}) => requests);
        assert.deepEqual(
          own,
          [...own].sort((a, b) => a - b),
        );
      }
    }),
    {numRuns: 60},
  );
});

test('offsets have no gaps, no group is larger than it may be, and one node at a time has the head', () => {
  fc.assert(
    fc.property(simulations, (options) => {
      let [offset, freeAt] = [0, 0];
      for (const {first, last, requests, lockedAt, committedAt} of simulate(options).groups) {
        assert.equal(first, offset + 1);
        assert.equal(last, offset + requests.length);
        assert.ok(requests.length >= 1 && requests.length <= MAX_GROUP);
        assert.ok(lockedAt >= freeAt && committedAt >= lockedAt);
        [offset, freeAt] = [last, committedAt];
      }
      assert.equal(offset, options.entries);
    }),
    {numRuns: 60},
  );
});

test('a seed gives the same run again, another one another', () => {
  const load = {kind: 'open', perSecond: 2000} as const;
  const run = (seed: number) => simulate({costs: journalCosts, nodes: 3, load, entries: 2000, seed});
  assert.deepEqual(run(7), run(7));
  assert.notDeepEqual(run(7).ack, run(8).ack);
});

test('more than 500 are waiting: groups are full', () => {
  const load = {kind: 'closed', inFlight: 4000} as const;
  const {groups} = simulate({costs: journalCosts, nodes: 2, load, entries: 20_000, seed: 1});
  assert.equal(Math.max(...groups.map(({requests}) => requests.length)), MAX_GROUP);
});

test('whoever commits without the lock is refused', () => {
  const head = new SimulatedHead(() => 0);
  head.lock(0, () => {});
  assert.throws(() => head.commit(1, [0]), /node 1 commits, and 0 has the head/);
});

test('what is planned happens in order of time, then of planning', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({min: 0, max: 20}), {maxLength: 60}), (delays) => {
      const timeline = new Timeline();
      const seen: {readonly at: number; readonly place: number}[] = [];
      for (const [place, delay] of delays.entries())
        timeline.after(delay, () => seen.push({at: timeline.now, place}));
      timeline.run();
      const wanted = delays
        .map((at, place) => ({at, place}))
        .sort((a, b) => a.at - b.at || a.place - b.place);
      assert.deepEqual(seen, wanted);
    }),
  );
});
