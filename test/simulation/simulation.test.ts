/**
 * Webhooks shuffled, repeated, late and lost; clients that come and go, lag and change their minds; and the process
 * killed in the middle of it. Afterwards every client must have seen exactly the journal.
 *
 * `SEED=n npm test -- test/simulation` runs one seed, `SEEDS=n` so many random ones.
 */
import {test} from 'node:test';
import {simulate} from '../support/simulation/run.ts';

const SIZE = {calls: 40, clients: 5, kills: 3};

/** In every run. A seed that has failed once is kept as a test of its own, below. */
const FIXED = [1, 2];

/** Ends by itself well before: this is for what ends nothing any more. */
const TIMEOUT_MS = 150_000;

const only = process.env['SEED'];
const more = Number(process.env['SEEDS'] ?? '1');
const random = Array.from({length: more}, () => Math.floor(Math.random() * 2 ** 31));

for (const seed of only === undefined ? [...FIXED, ...random] : [Number(only)]) {
  test(`[J2] [J4] [J7] [W11] [W12] everybody has seen the journal (seed ${seed})`, {
    timeout: TIMEOUT_MS,
  }, async (t) => {
    const result = await simulate(seed, SIZE);
    t.diagnostic(`seed ${seed}: ${JSON.stringify(result)}`);
  });
}
