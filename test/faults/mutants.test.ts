/** A harness that finds nothing wrong with a broken gateway is broken itself. */
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import path from 'node:path';
import {test} from 'node:test';
import {findFault} from '../../chaos/faults/index.ts';
import {mutants} from '../../chaos/mutants/mutants.ts';
import {runRound} from '../../chaos/round.ts';

const root = path.join(import.meta.dirname, '../..');

for (const {name, what, fault: faultName, caughtBy, edits} of mutants) {
  test(`the mutant ${name} has its text in the sources`, () => {
    for (const {file, find} of edits)
      assert.equal(readFileSync(path.join(root, file), 'utf8').split(find).length, 2, `${file}: ${find}`);
  });

  test(`a gateway that ${what} (${name}) is caught under ${faultName}`, {timeout: 120_000}, async (t) => {
    const fault = findFault(faultName);
    const unavailable = fault.unavailable?.();
    if (unavailable !== undefined) {
      t.skip(unavailable);
      return;
    }
    const {violations} = await runRound({fault, seed: 101, size: 'short', mutant: name});
    const kinds = violations.map(({kind}) => kind);
    assert.ok(
      caughtBy.some((kind) => kinds.includes(kind)),
      `found only ${JSON.stringify(violations)}`,
    );
  });
}
