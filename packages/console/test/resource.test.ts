/** The polling of a resource: one request at a time, none while hidden, none after the last unsubscribe. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {ApiError} from '../src/api/api-error.ts';
import {ResourceStore} from '../src/api/resource.ts';

/** A gateway and a page controlled by the test. */
function setUp({pollMs}: {readonly pollMs?: number} = {}) {
  const asked: {answer: (value: string) => void; fail: (error: unknown) => void; signal: AbortSignal}[] = [];
  const timers: {delayMs: number; run: () => void}[] = [];
  let hidden = false;
  let onVisibility = () => {};
  const store = new ResourceStore<string>({
    load: (signal) => {
      const {promise, resolve, reject} = Promise.withResolvers<string>();
      asked.push({answer: resolve, fail: reject, signal});
      return promise;
    },
    pollMs,
    ports: {
      now: () => 7,
      after: (delayMs, run) => {
        const timer = {delayMs, run};
        timers.push(timer);
        return () => {
          if (timers.includes(timer)) timers.splice(timers.indexOf(timer), 1);
        };
      },
      isHidden: () => hidden,
      onVisibility: (listener) => {
        onVisibility = listener;
        return () => {
          onVisibility = () => {};
        };
      },
    },
  });
  return {
    store,
    asked,
    timers,
    /** Runs the pending callbacks. */
    settle: () => new Promise<void>((resolve) => setImmediate(resolve)),
    tick: () => timers.shift()?.run(),
    hide: (value: boolean) => {
      hidden = value;
      onVisibility();
    },
  };
}

test('a resource loads, becomes ready, and polls only after the response', async () => {
  const {store, asked, timers, settle, tick} = setUp({pollMs: 1000});
  const states: string[] = [];
  store.subscribe(() => states.push(store.getSnapshot().state));
  assert.deepEqual(store.getSnapshot(), {state: 'loading'});
  assert.deepEqual([asked.length, timers.length], [1, 0]);
  asked[0]?.answer('one');
  await settle();
  assert.deepEqual(store.getSnapshot(), {state: 'ready', data: 'one', at: 7});
  assert.deepEqual(
    timers.map(({delayMs}) => delayMs),
    [1000],
  );
  tick();
  assert.deepEqual([asked.length, timers.length], [2, 0]);
  asked[1]?.answer('two');
  await settle();
  assert.deepEqual(states, ['ready', 'ready']);
});

test('a failed refresh keeps the data as stale and backs off; the next response recovers', async () => {
  const {store, asked, timers, settle, tick} = setUp({pollMs: 1000});
  store.subscribe(() => {});
  asked[0]?.answer('one');
  await settle();
  for (const expected of [2000, 4000, 8000, 16_000, 30_000, 30_000]) {
    tick();
    asked.at(-1)?.fail(new TypeError('fetch failed'));
    await settle();
    const now = store.getSnapshot();
    assert.ok(now.state === 'ready' && now.data === 'one' && now.stale?.code === 'unreachable');
    assert.equal(timers[0]?.delayMs, expected);
  }
  tick();
  asked.at(-1)?.answer('two');
  await settle();
  assert.deepEqual(store.getSnapshot(), {state: 'ready', data: 'two', at: 7});
});

test('a 500 fails; a 403 is forbidden and ends the polling', async () => {
  const {store, asked, timers, settle} = setUp({pollMs: 1000});
  store.subscribe(() => {});
  asked[0]?.fail(new ApiError('No.', {status: 500, code: 'internal'}));
  await settle();
  assert.equal(store.getSnapshot().state, 'failed');
  store.reload();
  assert.equal(store.getSnapshot().state, 'loading');
  asked[1]?.fail(new ApiError('No.', {status: 403, code: 'forbidden'}));
  await settle();
  assert.equal(store.getSnapshot().state, 'forbidden');
  assert.equal(timers.length, 0);
});

test('a hidden page does not poll; a visible one does, at once', async () => {
  const {store, asked, timers, settle, hide} = setUp({pollMs: 1000});
  store.subscribe(() => {});
  hide(true);
  asked[0]?.answer('one');
  await settle();
  assert.deepEqual([asked.length, timers.length], [1, 0]);
  hide(false);
  assert.equal(asked.length, 2);
  hide(true);
  hide(false);
  assert.equal(asked.length, 2, 'a request is in progress');
});

test('a reload during a request causes one more; unsubscribing aborts it and drops its response', async () => {
  const {store, asked, settle} = setUp();
  const leave = store.subscribe(() => {});
  store.reload();
  store.reload();
  assert.equal(asked.length, 1);
  asked[0]?.answer('one');
  await settle();
  assert.equal(asked.length, 2);
  leave();
  assert.equal(asked[1]?.signal.aborted, true);
  asked[1]?.answer('late');
  await settle();
  assert.deepEqual(store.getSnapshot(), {state: 'ready', data: 'one', at: 7});
});

test('after an outage, only requests with temporary errors are repeated', async () => {
  const {store, asked, settle} = setUp();
  store.subscribe(() => {});
  store.retry();
  assert.equal(asked.length, 1, 'a request is in progress');
  asked[0]?.fail(new ApiError('away', {status: 0, code: 'unreachable'}));
  await settle();
  store.retry();
  assert.equal(asked.length, 2);
  asked[1]?.answer('one');
  await settle();
  store.retry();
  assert.equal(asked.length, 2, 'the data is current');
  store.reload();
  asked[2]?.fail(new ApiError('no such thing', {status: 404, code: 'not_found'}));
  await settle();
  store.retry();
  assert.equal(asked.length, 3, 'a 404 is permanent');
});
