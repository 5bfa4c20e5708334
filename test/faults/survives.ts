/** A round of the chaos harness as a test: a fault, a seed, and nothing may be wrong afterwards. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {findFault} from '../../chaos/faults/index.ts';
import {runRound} from '../../chaos/round.ts';

const TIMEOUT_MS = 120_000;

export interface SurvivesOptions {
  readonly seed: number;
  /** What the fault puts to the test. */
  readonly rules: string;
  /** Gateways that share a Postgres, for faults of those. */
  readonly nodes?: number;
}

export function survives(name: string, {seed, rules, nodes}: SurvivesOptions): void {
  const fault = findFault(name);
  const where = nodes === undefined ? '' : `, ${nodes} nodes`;
  void test(`${rules} ${name}${where}, seed ${seed}: ${fault.what}`, {timeout: TIMEOUT_MS}, async (t) => {
    const unavailable = fault.unavailable?.();
    if (unavailable !== undefined) {
      t.skip(unavailable);
      return;
    }
    const {violations, acknowledged, notes} = await runRound({
      fault,
      seed,
      size: 'short',
      ...(nodes === undefined ? {} : {nodes}),
    });
    t.diagnostic([`${acknowledged} acknowledged`, ...notes].join('; '));
    assert.deepEqual(violations, []);
  });
}
