/** Runs a round of the chaos harness as a test: one fault, one seed, no violations. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {findFault} from '../../chaos/faults/index.ts';
import {runRound} from '../../chaos/round.ts';

const TIMEOUT_MS = 120_000;

export interface SurvivesOptions {
  readonly seed: number;
  /** IDs of the rules that the fault tests. */
  readonly rules: string;
  /** Gateways on one Postgres, for cluster faults. */
  readonly nodes?: number;
}

export function survives(name: string, {seed, rules, nodes}: SurvivesOptions): void {
  const fault = findFault(name);
  const where = nodes === undefined ? '' : `, ${nodes} nodes`;
  void test(`${rules} ${name}${where}, seed ${seed}: ${fault.description}`, {
    timeout: TIMEOUT_MS,
  }, async (t) => {
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
