/** Readiness (H4): one bounded probe per second, and never ready again after a drain. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {Journal} from '../../../../src/journal/journal.ts';
import {Readiness} from '../../../../src/services/health/readiness.ts';
import {ManualClock} from '../../../support/manual-clock.ts';

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

test('[H4] the disk is probed once a second for any number of requests', async () => {
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

test('[H4] if the first probe hangs, the node reports after 1 s that the journal is not writable', async () => {
  const {subject, clock} = readiness(() => new Promise(() => {}));
  const state = subject.check();
  clock.advance(1000);
  assert.deepEqual(await state, {ready: false, draining: false, journal: 'unavailable'});
});

test('[H4] after a recent write, a probe may take 2 s, and no request waits for it', async () => {
  let hangs = false;
  const {subject, clock} = readiness(() => (hangs ? new Promise(() => {}) : Promise.resolve()));
  assert.equal((await subject.check()).ready, true);
  hangs = true;
  const answers: boolean[] = [];
  for (let second = 1; second <= 3; second += 1) {
    clock.advance(500);
    const state = subject.check();
    clock.advance(1000);
    answers.push((await state).ready);
  }
  assert.deepEqual(answers, [true, false, false], 'after 1.5, 3 and 4.5 s');
});

test('[H4] a failed write is reported at once, even after successful writes', async () => {
  let fails = false;
  const {subject, clock} = readiness(() => (fails ? Promise.reject(new Error('full')) : Promise.resolve()));
  assert.equal((await subject.check()).ready, true);
  fails = true;
  clock.advance(1000);
  assert.equal((await subject.check()).ready, false);
});

test('[H4] an answered probe leaves no timer behind', async () => {
  const {subject, clock} = readiness(() => Promise.reject(new Error('full')));
  assert.equal((await subject.check()).ready, false);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(clock.timerCount, 0);
});

test('[H4] draining is permanent', async () => {
  const {subject, clock} = readiness(() => Promise.resolve());
  subject.drain();
  assert.deepEqual(await subject.check(), {ready: false, draining: true, journal: 'writable'});
  clock.advance(60_000);
  assert.equal((await subject.check()).ready, false);
});
