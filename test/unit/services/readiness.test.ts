/** Ready or not (H4): one probe a second, bounded, and never again after a drain. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {Journal} from '../../../src/journal/journal.ts';
import {Readiness} from '../../../src/services/readiness.ts';
import {ManualClock} from '../../support/manual-clock.ts';

function readiness(probe: () => Promise<void>) {
  const clock = new ManualClock();
  let probes = 0;
  const counted = () => {
    probes += 1;
    return probe();
  };
  const subject = new Readiness({journal: {probe: counted} as unknown as Journal, clock});
  return {subject, clock, probes: () => probes};
}

test('[H4] however many ask, the disk is asked once a second', async () => {
  const {subject, clock, probes} = readiness(() => Promise.resolve());
  const states = await Promise.all(Array.from({length: 50}, () => subject.check()));
  assert.ok(states.every(({ready}) => ready));
  assert.equal(probes(), 1);
  clock.advance(999);
  await subject.check();
  assert.equal(probes(), 1);
  clock.advance(1);
  await subject.check();
  assert.equal(probes(), 2);
});

test('[H4] a disk that hangs is a disk that cannot be written: the answer comes after 2 s', async () => {
  const {subject, clock} = readiness(() => new Promise(() => {}));
  const state = subject.check();
  clock.advance(2000);
  assert.deepEqual(await state, {ready: false, draining: false, journal: 'unavailable'});
});

test('[H4] no timer is left behind by a probe that was answered', async () => {
  const {subject, clock} = readiness(() => Promise.reject(new Error('full')));
  assert.equal((await subject.check()).ready, false);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(clock.timerCount, 0);
});

test('[H4] draining is for good', async () => {
  const {subject, clock} = readiness(() => Promise.resolve());
  subject.drain();
  assert.deepEqual(await subject.check(), {ready: false, draining: true, journal: 'writable'});
  clock.advance(60_000);
  assert.equal((await subject.check()).ready, false);
});
