/** A harness that finds nothing wrong with a broken gateway is broken itself. */
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import path from 'node:path';
import {describe, test} from 'node:test';
import {findFault} from '../../chaos/faults/index.ts';
import type {Mutant} from '../../chaos/mutants/mutant.ts';
import {mutants} from '../../chaos/mutants/mutants.ts';
import {runRound} from '../../chaos/round.ts';

const root = path.join(import.meta.dirname, '../..');

/** Scenes are small, and wait most of the time for what does not come. */
const AT_ONCE = 3;

/** A round draws the same again, and not what the system does with it: a race that did not come gets another one. */
const SEEDS = [101, 102, 103];

const isScene = ({fault}: Mutant) => 'scene' in findFault(fault);

for (const mutant of mutants) testText(mutant);

for (const mutant of mutants.filter((one) => !isScene(one))) testCaught(mutant);

void describe('mutants of what nodes promise each other', {concurrency: AT_ONCE}, () => {
  for (const mutant of mutants.filter(isScene)) testCaught(mutant);
});

function testText({name, edits}: Mutant): void {
  void test(`the mutant ${name} has its text in the sources`, () => {
    for (const {file, find} of edits)
      assert.equal(readFileSync(path.join(root, file), 'utf8').split(find).length, 2, `${file}: ${find}`);
  });
}

function testCaught({name, what, fault: faultName, caughtBy}: Mutant): void {
  const title = `a gateway that ${what} (${name}) is caught under ${faultName}`;
  void test(title, {timeout: 120_000}, async (t) => {
    const fault = findFault(faultName);
    const unavailable = fault.unavailable?.();
    if (unavailable !== undefined) {
      t.skip(unavailable);
      return;
    }
    const found: string[] = [];
    for (const seed of SEEDS) {
      const {violations} = await runRound({fault, seed, size: 'short', mutant: name});
      if (violations.some(({kind}) => caughtBy.includes(kind))) return;
      found.push(JSON.stringify(violations));
    }
    assert.fail(`found only ${found.join(' and ')}`);
  });
}
