/** The list of webhooks loses nothing, repeats nothing, and does not move while the user reads. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {WebhookPage, WebhookRecord} from '@hookswitch/protocol';
import fc from 'fast-check';
import {ApiError} from '../../src/api/api-error.ts';
import {
  type FeedQuery,
  type LoadedFeed,
  MAX_ROWS,
  WebhookFeed,
} from '../../src/screens/webhooks/webhook-feed.ts';

const PAGE = 10;

/** The gateway's log of webhooks. */
class Log {
  records: WebhookRecord[] = [];
  startedAt = 0;
  fault: Error | undefined;
  asked: FeedQuery[] = [];

  receive(count: number): void {
    for (let each = 0; each < count; each += 1) {
      const id = this.records.length + 1;
      this.records.push({id, receivedAt: `${this.startedAt}-${id}`} as WebhookRecord);
    }
  }

  restart(): void {
    this.startedAt += 1;
    this.records = [];
  }

  load = async ({after = 0, before}: FeedQuery): Promise<WebhookPage> => {
    this.asked.push({after, ...(before !== undefined && {before})});
    if (this.fault !== undefined) throw this.fault;
    const found = this.records.filter(({id}) => id > after && id < Number(before ?? Infinity)).toReversed();
    const webhooks = found.slice(0, PAGE);
    return {
      webhooks,
      ...(found.length > PAGE && {nextCursor: String(webhooks.at(-1)?.id)}),
      latest: this.records.length,
      counts: {accepted: this.records.length, refused: 0, failed: 0},
    };
  };
}

function setUp() {
  const log = new Log();
  let due: (() => void) | undefined;
  let look: (() => void) | undefined;
  let isHidden = false;
  const feed = new WebhookFeed({
    load: log.load,
    pollMs: 1000,
    ports: {
      now: () => 1,
      after: (_, run) => {
        due = run;
        return () => {
          if (due === run) due = undefined;
        };
      },
      isHidden: () => isHidden,
      onVisibility: (listener) => {
        look = listener;
        return () => {};
      },
    },
  });
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return {
    log,
    feed,
    settle,
    isDue: () => due !== undefined,
    poll: async () => {
      due?.();
      await settle();
    },
    setHidden: async (hidden: boolean) => {
      isHidden = hidden;
      look?.();
      await settle();
    },
    loaded: (): LoadedFeed => {
      const snapshot = feed.getSnapshot();
      assert.equal(snapshot.state, 'ready');
      return snapshot;
    },
    ids: () => {
      const snapshot = feed.getSnapshot();
      return snapshot.state === 'ready' ? snapshot.rows.map(({id}) => id) : [];
    },
  };
}

function down(from: number, to: number): number[] {
  return Array.from({length: from - to + 1}, (_, index) => from - index);
}

test('[H7] new webhooks are loaded with `after`, on several pages if needed, and prepended', async () => {
  const {log, feed, settle, poll, ids} = setUp();
  log.receive(3);
  feed.subscribe(() => {});
  await settle();
  assert.deepEqual(ids(), [3, 2, 1]);
  log.receive(25);
  await poll();
  assert.deepEqual(ids(), down(28, 1));
  assert.deepEqual(log.asked.slice(1), [{after: 2}, {after: 2, before: '19'}, {after: 2, before: '9'}]);
});

test('while paused or held, new webhooks are counted; when released or requested, they are shown', async () => {
  const {log, feed, settle, poll, ids, loaded} = setUp();
  log.receive(2);
  feed.subscribe(() => {});
  await settle();
  feed.setPaused(true);
  feed.setHeld(true);
  log.receive(2);
  await poll();
  log.receive(1);
  await poll();
  assert.deepEqual([ids(), loaded().waiting, loaded().counts.accepted], [[2, 1], 3, 5]);
  feed.setPaused(false);
  assert.deepEqual(ids(), [2, 1], 'the list is still held');
  feed.setHeld(false);
  assert.deepEqual([ids(), loaded().waiting], [[5, 4, 3, 2, 1], 0]);
  feed.setPaused(true);
  log.receive(1);
  await poll();
  feed.showNew();
  assert.deepEqual([ids(), loaded().waiting], [[6, 5, 4, 3, 2, 1], 0]);
});

test('[H7] a restart is detected by lower ids, or by another time of the same id', async () => {
  const {log, feed, settle, poll, ids, loaded} = setUp();
  log.receive(5);
  feed.subscribe(() => {});
  await settle();
  log.restart();
  log.receive(2);
  await poll();
  assert.deepEqual([ids(), loaded().restarted], [[2, 1], true]);
  log.restart();
  log.receive(4);
  await poll();
  assert.deepEqual(ids(), [4, 3, 2, 1]);
  assert.ok(loaded().rows.every(({receivedAt}) => receivedAt.startsWith('2-')));
});

test('a flood while the user reads moves nothing; afterwards the newest are shown, and older ones can be loaded', async () => {
  const {log, feed, settle, poll, ids, loaded} = setUp();
  log.receive(3);
  feed.subscribe(() => {});
  await settle();
  feed.setHeld(true);
  log.receive(200);
  await poll();
  assert.deepEqual(ids(), [3, 2, 1]);
  assert.equal(loaded().waiting, 50);
  log.receive(1);
  await poll();
  feed.setHeld(false);
  assert.deepEqual(ids(), down(204, 154));
  assert.ok(loaded().hasMore);
  feed.loadMore();
  await settle();
  assert.deepEqual(ids(), down(204, 144));
});

test('a hidden page does not poll; a failure keeps the rows; a 403 ends the polling', async () => {
  const {log, feed, settle, poll, ids, loaded, setHidden, isDue} = setUp();
  log.receive(1);
  feed.subscribe(() => {});
  await settle();
  await setHidden(true);
  assert.ok(!isDue());
  log.receive(1);
  await setHidden(false);
  assert.deepEqual(ids(), [2, 1]);
  log.fault = new ApiError('gone', {status: 0, code: 'unreachable'});
  await poll();
  assert.deepEqual([ids(), loaded().stale?.message], [[2, 1], 'gone']);
  log.fault = undefined;
  await poll();
  assert.equal(loaded().stale, undefined);
  log.fault = new ApiError('no', {status: 403, code: 'forbidden'});
  await poll();
  assert.equal(feed.getSnapshot().state, 'forbidden');
  assert.ok(!isDue());
});

test('for any events: newest first, each once, bounded, and without gaps', async () => {
  const steps = fc.array(
    fc.oneof(
      fc.record({kind: fc.constant('come' as const), count: fc.integer({min: 1, max: 70})}),
      fc.record({kind: fc.constantFrom('poll', 'hold', 'release', 'pause', 'resume', 'more', 'new')}),
    ),
    {maxLength: 60, size: 'max'},
  );
  await fc.assert(
    fc.asyncProperty(steps, async (plan) => {
      const {log, feed, settle, poll, ids} = setUp();
      feed.subscribe(() => {});
      await settle();
      for (const step of plan) {
        if (step.kind === 'come' && 'count' in step) log.receive(step.count);
        if (step.kind === 'hold' || step.kind === 'release') feed.setHeld(step.kind === 'hold');
        if (step.kind === 'pause' || step.kind === 'resume') feed.setPaused(step.kind === 'pause');
        if (step.kind === 'more') feed.loadMore();
        if (step.kind === 'new') feed.showNew();
        await (step.kind === 'poll' ? poll() : settle());
        const rows = ids();
        assert.ok(rows.length <= MAX_ROWS);
        const [first = 0] = rows;
        assert.deepEqual(rows, down(first, first - rows.length + 1));
      }
      feed.setHeld(false);
      feed.setPaused(false);
      await poll();
      assert.equal(ids()[0] ?? 0, log.records.length);
    }),
    {numRuns: 60},
  );
});
