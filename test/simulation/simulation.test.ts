/**
 * Webhooks are shuffled, repeated, delayed and lost, clients connect, lag and change subscriptions, and the process is
 * killed. Afterwards every client must have received exactly the journal.
 *
 * `SEED=n npm test -- test/simulation` runs one seed, `SEEDS=n` runs n random seeds.
 */
import {test} from 'node:test';
import {simulate} from '../support/simulation/run.ts';

const SIZE = {calls: 40, clients: 5, kills: 3};

/** Seeds of every run. A seed that failed once stays here. */
const FIXED = [1, 2];

/** For a run that hangs. A normal run ends long before. */
const TIMEOUT_MS = 150_000;

const only = process.env['SEED'];
const more = Number(process.env['SEEDS'] ?? '1');
const random = Array.from({length: more}, () => Math.floor(Math.random() * 2 ** 31));

for (const seed of only === undefined ? [...FIXED, ...random] : [Number(only)]) {
  test(`[J2] [J4] [J7] [W11] [W12] every client received the journal (seed ${seed})`, {
    timeout: TIMEOUT_MS,
  }, async (t) => {
    const result = await simulate(seed, SIZE);
    t.diagnostic(`seed ${seed}: ${JSON.stringify(result)}`);
  });
}
