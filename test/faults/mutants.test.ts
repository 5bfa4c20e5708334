/** Tests the harness: it must find every mutant. */
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import path from 'node:path';
import {describe, test} from 'node:test';
import {findFault} from '../../chaos/faults/index.ts';
import type {Mutant} from '../../chaos/mutants/mutant.ts';
import {mutants} from '../../chaos/mutants/mutants.ts';
import {runRound} from '../../chaos/round.ts';

const root = path.join(import.meta.dirname, '../..');

/** Scenes need little CPU and mostly wait, so several run at once. */
const AT_ONCE = 3;

/** A seed does not determine the scheduling of the system, so a race that did not occur gets another seed. */
const SEEDS = [101, 102, 103];

const isScene = ({fault}: Mutant) => 'scene' in findFault(fault);

for (const mutant of mutants) testText(mutant);

for (const mutant of mutants.filter((one) => !isScene(one))) testCaught(mutant);

void describe('mutants of promises between nodes', {concurrency: AT_ONCE}, () => {
  for (const mutant of mutants.filter(isScene)) testCaught(mutant);
});

function testText({name, edits}: Mutant): void {
  void test(`the sources contain the text of the mutant ${name}`, () => {
    for (const {file, find} of edits)
      assert.equal(readFileSync(path.join(root, file), 'utf8').split(find).length, 2, `${file}: ${find}`);
  });
}

function testCaught({name, description, fault: faultName, caughtBy}: Mutant): void {
  const title = `a gateway that ${description} (${name}) is caught under ${faultName}`;
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
