/** A round of the chaos harness as a test: a fault, a seed, and nothing may be wrong afterwards. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {findFault} from '../../chaos/faults/index.ts';
import {runRound} from '../../chaos/round.ts';

const TIMEOUT_MS = 120_000;

/** @param rules what `fault` puts to the test */
export function survives(name: string, {seed, rules}: {readonly seed: number; readonly rules: string}): void {
  const fault = findFault(name);
  void test(`${rules} ${name}, seed ${seed}: ${fault.what}`, {timeout: TIMEOUT_MS}, async (t) => {
    const unavailable = fault.unavailable?.();
    if (unavailable !== undefined) {
      t.skip(unavailable);
      return;
    }
    const {violations, acknowledged, notes} = await runRound({fault, seed, size: 'short'});
    t.diagnostic([`${acknowledged} acknowledged`, ...notes].join('; '));
    assert.deepEqual(violations, []);
  });
}
