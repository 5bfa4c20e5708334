/**
 * The concurrency limiter: a fixed number runs at once, a fixed number waits in order, and the rest is
 * refused.
 */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {ConcurrencyLimiter} from '../../../src/auth/concurrency-limiter.ts';

test('the limiter runs up to its limit, queues in order, refuses the rest, and frees the slot of a failed task', async () => {
  const limiter = new ConcurrencyLimiter({maxConcurrent: 2, maxWaiting: 3});
  const begun: number[] = [];
  const ends: PromiseWithResolvers<string>[] = [];
  const passages = Array.from({length: 6}, (_, index) =>
    limiter.run(() => {
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
  assert.deepEqual(await limiter.run(async () => 'again'), {kind: 'done', result: 'again'});
});
