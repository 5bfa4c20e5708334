/**
 * Twilio's answers that the journal could not store are retried independently, and once more at shutdown
 * (H1).
 */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {pino} from 'pino';
import {JournalUnavailableError} from '../../../../src/errors/app-error.ts';
import {OutcomeRetryQueue} from '../../../../src/services/calls/outcome-retry-queue.ts';
import {ManualClock} from '../../../support/manual-clock.ts';

function bench() {
  const clock = new ManualClock();
  const subject = new OutcomeRetryQueue({clock, logger: pino({level: 'silent'})});
  const attempts: string[] = [];
  /** Queues a write that fails as long as `fault` returns an error. */
  const hold = (reference: string, fault: () => Error | undefined = () => undefined) =>
    subject.hold(reference, async () => {
      attempts.push(reference);
      const error = fault();
      if (error !== undefined) throw error;
    });
  const pass = async (ms: number) => {
    clock.advance(ms);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return {clock, subject, attempts, hold, pass};
}

const unavailable = () => new JournalUnavailableError('The disk is full.');

test('[H1] a failing write does not block the others', async () => {
  const {hold, pass, attempts, subject} = bench();
  hold('stuck', unavailable);
  hold('fine');
  await pass(1000);
  assert.deepEqual(attempts, ['stuck', 'fine']);
  await pass(1000);
  assert.deepEqual(attempts, ['stuck', 'fine', 'stuck']);
  await subject.stop();
});

test('[H1] a write that can never succeed is dropped, and a write that has to wait is kept', async () => {
  const {hold, pass, attempts, clock} = bench();
  let disk: Error | undefined = unavailable();
  hold('impossible', () => new Error('not a value of SQLite'));
  hold('waiting', () => disk);
  await pass(1000);
  disk = undefined;
  await pass(1000);
  await pass(1000);
  assert.deepEqual(attempts, ['impossible', 'waiting', 'waiting']);
  assert.equal(clock.timerCount, 0);
});

test('[H1] settling a write that can never succeed returns false and drops it', async () => {
  const {hold, subject, attempts} = bench();
  hold('impossible', () => new Error('not a value of SQLite'));
  assert.equal(await subject.settle('impossible'), false);
  assert.equal(await subject.settle('impossible'), false);
  assert.equal(attempts.length, 1);
});

test('[H1] stopping retries once more', async () => {
  const {hold, subject, attempts, clock} = bench();
  hold('one');
  hold('two', unavailable);
  await subject.stop();
  assert.deepEqual(attempts, ['one', 'two']);
  assert.equal(clock.timerCount, 0);
});

test('[H1] stopping does not wait for a disk that hangs', async () => {
  const {subject, clock} = bench();
  subject.hold('hangs', () => new Promise(() => {}));
  const stopped = subject.stop();
  clock.advance(1000);
  await stopped;
  assert.equal(clock.timerCount, 0);
});
