/** So many at once, so many in the queue, in their order; the rest is turned away. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {ConcurrencyLimiter} from '../../../src/auth/concurrency-limiter.ts';

test('so many pass at once, so many wait in order, the rest is turned away, and a failure frees its place', async () => {
  const gate = new ConcurrencyLimiter({maxConcurrent: 2, maxWaiting: 3});
  const begun: number[] = [];
  const ends: PromiseWithResolvers<string>[] = [];
  const passages = Array.from({length: 6}, (_, index) =>
    gate.run(() => {
      begun.push(index);
      const end = Promise.withResolvers<string>();
      ends.push(end);
      return end.promise;
    }),
  );
  assert.deepEqual(await passages[5], {kind: 'refused'});
  assert.deepEqual(begun, [0, 1]);
  ends[1]?.reject(new Error('broken'));
  await assert.rejects(passages[1] ?? assert.fail(), /broken/);
  await Promise.resolve();
  assert.deepEqual(begun, [0, 1, 2]);
  for (const index of [0, 2, 3, 4]) {
    ends[begun.indexOf(index)]?.resolve(`done ${index}`);
    assert.deepEqual(await passages[index], {kind: 'done', result: `done ${index}`});
    await Promise.resolve();
  }
  assert.deepEqual(begun, [0, 1, 2, 3, 4]);
  assert.deepEqual(await gate.run(async () => 'again'), {kind: 'done', result: 'again'});
});
