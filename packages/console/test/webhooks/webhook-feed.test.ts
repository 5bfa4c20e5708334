/** The list of what came in: nothing lost, nothing twice, nothing that moves while somebody reads. */
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

/** The gateway's log, as much of it as is asked for here. */
class Log {
  records: WebhookRecord[] = [];
  startedAt = 0;
  fault: Error | undefined;
  asked: FeedQuery[] = [];

  come(count: number): void {
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

test('[H7] what comes since is asked for with after, several pages if need be, and put in front', async () => {
  const {log, feed, settle, poll, ids} = setUp();
  log.come(3);
  feed.subscribe(() => {});
  await settle();
  assert.deepEqual(ids(), [3, 2, 1]);
  log.come(25);
  await poll();
  assert.deepEqual(ids(), down(28, 1));
  assert.deepEqual(log.asked.slice(1), [{after: 2}, {after: 2, before: '19'}, {after: 2, before: '9'}]);
});

test('paused or read, what comes waits and is counted; released, or asked for, it comes in', async () => {
  const {log, feed, settle, poll, ids, loaded} = setUp();
  log.come(2);
  feed.subscribe(() => {});
  await settle();
  feed.setPaused(true);
  feed.setHeld(true);
  log.come(2);
  await poll();
  log.come(1);
  await poll();
  assert.deepEqual([ids(), loaded().waiting, loaded().counts.accepted], [[2, 1], 3, 5]);
  feed.setPaused(false);
  assert.deepEqual(ids(), [2, 1], 'somebody still reads');
  feed.setHeld(false);
  assert.deepEqual([ids(), loaded().waiting], [[5, 4, 3, 2, 1], 0]);
  feed.setPaused(true);
  log.come(1);
  await poll();
  feed.showNew();
  assert.deepEqual([ids(), loaded().waiting], [[6, 5, 4, 3, 2, 1], 0]);
});

test('[H7] another process is found out: by fewer ids, or by another moment of the same id', async () => {
  const {log, feed, settle, poll, ids, loaded} = setUp();
  log.come(5);
  feed.subscribe(() => {});
  await settle();
  log.restart();
  log.come(2);
  await poll();
  assert.deepEqual([ids(), loaded().restarted], [[2, 1], true]);
  log.restart();
  log.come(4);
  await poll();
  assert.deepEqual(ids(), [4, 3, 2, 1]);
  assert.ok(loaded().rows.every(({receivedAt}) => receivedAt.startsWith('2-')));
});

test('a flood while somebody reads moves nothing, and is shown from its newest on, with the older ones behind', async () => {
  const {log, feed, settle, poll, ids, loaded} = setUp();
  log.come(3);
  feed.subscribe(() => {});
  await settle();
  feed.setHeld(true);
  log.come(200);
  await poll();
  assert.deepEqual(ids(), [3, 2, 1]);
  assert.equal(loaded().waiting, 50);
  log.come(1);
  await poll();
  feed.setHeld(false);
  assert.deepEqual(ids(), down(204, 154));
  assert.ok(loaded().hasMore);
  feed.loadMore();
  await settle();
  assert.deepEqual(ids(), down(204, 144));
});

test('hidden, nothing is asked; a failure leaves what is shown, and a 403 ends it', async () => {
  const {log, feed, settle, poll, ids, loaded, setHidden, isDue} = setUp();
  log.come(1);
  feed.subscribe(() => {});
  await settle();
  await setHidden(true);
  assert.ok(!isDue());
  log.come(1);
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

test('whatever happens in whatever order: newest first, each once, bounded, and nothing is missing between two rows', async () => {
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
        if (step.kind === 'come' && 'count' in step) log.come(step.count);
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
