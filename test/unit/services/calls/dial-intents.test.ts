/**
 * How long a request waits for an earlier request with the same key that another node may be dialing (H1).
 *
 * Uses a real journal.
 */
import assert from 'node:assert/strict';
import {type TestContext, test} from 'node:test';
import {pino} from 'pino';
import {SqliteJournal} from '../../../../src/journal/sqlite/sqlite-journal.ts';
import {DialIntents} from '../../../../src/services/calls/dial-intents.ts';
import {intent, status} from '../../../support/journal/journal-events.ts';
import {temporaryDatabase} from '../../../support/journal/journal-sqlite-fixture.ts';
import {ManualClock} from '../../../support/manual-clock.ts';
import {until} from '../../../support/until.ts';

/** An intent of age `ageMs` without a call. */
async function openIntent(t: TestContext, ageMs = 0) {
  const clock = new ManualClock();
  const journal = new SqliteJournal({file: temporaryDatabase(t).file});
  await journal.open();
  t.after(() => journal.close());
  const intents = new DialIntents({journal, clock, logger: pino({level: 'silent'}), mayHaveOthers: true});
  const first = intent('ref-1', {idempotencyKey: 'key', createdAt: clock.now() - ageMs});
  await journal.openIntent(first, 0);
  const known = await journal.findIntent('ref-1');
  assert.ok(known);
  return {clock, journal, intents, callOf: () => intents.callOf(known, first.requestHash)};
}

const unknown = {code: 'submission_unknown', status: 504};

test('[H1] a request does not wait for an answer that this node has lost', async (t) => {
  const {intents, callOf} = await openIntent(t);
  intents.markUnanswered('ref-1');
  await assert.rejects(callOf(), unknown);
});

test('[H1] no request waits for a dial that has ended, at any node', async (t) => {
  const {callOf} = await openIntent(t, 30_000);
  await assert.rejects(callOf(), unknown);
});

test('[H1] a request waits at most 5 s for a dial that another node may have in progress', async (t) => {
  const {clock, journal, callOf} = await openIntent(t);
  const waited = callOf();
  assert.equal(clock.timerCount, 1);
  await journal.append(status('CA1', 'queued', {reference: 'ref-1'}));
  clock.advance(100);
  assert.equal((await waited).callSid, 'CA1');

  const {clock: otherClock, callOf: callWithoutDial} = await openIntent(t);
  const refused = assert.rejects(callWithoutDial(), unknown);
  const startedAt = otherClock.monotonic();
  await until(() => {
    if (otherClock.timerCount > 0) otherClock.advance(100);
    return otherClock.monotonic() - startedAt >= 5000;
  });
  await refused;
});
