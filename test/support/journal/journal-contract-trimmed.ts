/** The journal contract for trimmed calls, written against the port. Each adapter runs it. */
import assert from 'node:assert/strict';
import {describe, test} from 'node:test';
import type {JournalFixture} from './journal-contract.ts';
import {START, status, wholeCall} from './journal-events.ts';

const ENDED_BEFORE = {endedBefore: START + 30_000, limit: 10};

/** Runs this part of the contract on journals of `open`. */
export function describeTrimmedCalls(name: string, open: () => Promise<JournalFixture>): void {
  void describe(`${name} does not reopen a trimmed call`, () => {
    void test('[J2] [J8] events of a trimmed call change nothing, also after a restart', async () => {
      let fixture = await open();
      await fixture.journal.append(status('CA-other', 'ringing'));
      for (const event of wholeCall('CA-old')) await fixture.journal.append(event);
      const leg = {parentCallSid: 'CA-old'};
      await fixture.journal.append(status('CA-leg', 'completed', leg));
      assert.equal(await fixture.journal.trim(ENDED_BEFORE), 2);
      for (let round = 0; round < 2; round += 1) {
        const {journal} = fixture;
        const again = [...wholeCall('CA-old'), status('CA-leg', 'completed', leg)];
        // In one group and one by one, because a group decides each event after the ones before it.
        const results = await Promise.all(again.map((event) => journal.append(event)));
        results.push(await journal.append(status('CA-old', 'ringing', {dedupeKey: 'never-seen', ...leg})));
        for (const {entry, repeated} of results)
          assert.deepEqual(
            [entry.offset, entry.verdict, repeated, entry.call],
            [0, 'duplicate', true, undefined],
          );
        assert.equal(results[0]?.entry.event.callSid, 'CA-old');
        assert.equal(journal.head(), 6);
        assert.equal(await journal.findCall('CA-old'), undefined);
        assert.deepEqual(
          (await journal.listCalls({limit: 10})).calls.map(({callSid}) => callSid),
          ['CA-other'],
        );
        fixture = await fixture.reopen();
      }
      const {entry} = await fixture.journal.append(status('CA-new', 'ringing'));
      assert.deepEqual([entry.offset, entry.verdict], [7, 'applied']);
      await fixture.dispose();
    });
  });
}
