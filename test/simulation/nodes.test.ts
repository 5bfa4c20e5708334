/**
 * The simulation of `simulation.test.ts` with several gateways on one Postgres: a webhook comes to any of them, its copies to
 * others; whoever comes back comes to another one than it left. Nodes are killed, drained and started again, and once the
 * database crashes. Afterwards every client must have seen exactly the one journal.
 *
 * `SEED=n NODES=3 npm test -- test/simulation/nodes.test.ts` runs one seed, `SEEDS=n` so many random ones, and with `MUTANT=name` the
 * gateways are ones of `chaos/mutants`, with a promise broken: then it has to fail.
 */
import {describe, test} from 'node:test';
import {preload} from '../../chaos/world/preload.ts';
import {onPostgres} from '../support/simulation/deployment.ts';
import {simulate} from '../support/simulation/run.ts';

const SIZE = {calls: 40, clients: 6, kills: 2, drains: 1, databaseRestarts: 1};

/** Ends by itself well before: this is for what ends nothing any more. */
const TIMEOUT_MS = 150_000;

interface Run {
  readonly seed: number;
  readonly nodes: number;
}

/** In every run. A seed that has failed once is kept as a test of its own, below. */
const FIXED: readonly Run[] = [
  // Has found sessions that a node which was behind took back in time.
  {seed: 1, nodes: 2},
  {seed: 2, nodes: 3},
];

const only = process.env['SEED'];
const nodesOfOnly = Number(process.env['NODES'] ?? 3);
const mutant = process.env['MUTANT'];
const nodeFlags = mutant === undefined ? [] : [preload('mutate', {mutant})];
const more = Number(process.env['SEEDS'] ?? '1');
const random = Array.from({length: more}, () => Math.floor(Math.random() * 2 ** 31)).map((seed) => ({
  seed,
  nodes: 2 + (seed % 2),
}));
const runs = only === undefined ? [...FIXED, ...random] : [{seed: Number(only), nodes: nodesOfOnly}];

// Side by side: a drain waits for five seconds, in which nobody else has to.
void describe('several nodes on one Postgres', {concurrency: 3}, () => {
  for (const {seed, nodes} of runs) {
    const title = `[J2] [J4] [J7] [W11] [W12] [W15] everybody has seen the journal of ${nodes} nodes (seed ${seed})`;
    void test(title, {timeout: TIMEOUT_MS}, async (t) => {
      const again = () => `SEED=${seed} NODES=${nodes} npm test -- test/simulation/nodes.test.ts`;
      const result = await simulate(seed, {...SIZE, nodes, deploy: onPostgres(nodes, nodeFlags), again});
      t.diagnostic(`seed ${seed}, ${nodes} nodes: ${JSON.stringify(result)}`);
    });
  }
});
