/**
 * The live feed holds the newest entries in memory. They always match the journal, even after old ones are
 * dropped.
 */
import assert from 'node:assert/strict';
import {mkdtemp, rm} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {test} from 'node:test';
import {type ProviderStatus, providerStatuses} from '@hookswitch/protocol';
import fc from 'fast-check';
import {pino} from 'pino';
import type {AppendResult} from '../../../../src/journal/appendable-journal.ts';
import type {JournalEntry} from '../../../../src/journal/call-event.ts';
import type {Journal} from '../../../../src/journal/journal.ts';
import {openJournal} from '../../../../src/journal/open-journal.ts';
import {LiveFeed} from '../../../../src/services/feed/live-feed.ts';
import {visibilityOf} from '../../../../src/services/feed/visibility.ts';
import {FailingJournal} from '../../../support/http/http-failing-journal.ts';
import {ManualClock} from '../../../support/manual-clock.ts';
import {until} from '../../../support/until.ts';
import {decodeFrame} from '../../../support/websocket/raw-websocket.ts';

const all = visibilityOf({user: 'ann', scopes: new Set(['calls:read:all'])}, 'all');
const sid = (call: number) => `CA${String(call).padStart(32, '0')}`;

interface Stage extends AsyncDisposable {
  readonly journal: Journal;
  readonly clock: ManualClock;
  append(call: number, providerStatus: ProviderStatus): Promise<AppendResult>;
}

async function setUp(): Promise<Stage> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'hookswitch-feed-'));
  const clock = new ManualClock();
  const journal = openJournal(`file:${path.join(folder, 'hookswitch.db')}`, {clock});
  await journal.open();
  let event = 0;
  return {
    journal,
    clock,
    append: (call, providerStatus) => {
      event += 1;
      const at = {happenedAt: 1000 * event, receivedAt: 1000 * event};
      const common = {dedupeKey: `e${event}`, source: 'callback', from: '+1', to: '+2'} as const;
      return journal.append({kind: 'status', callSid: sid(call), providerStatus, ...common, ...at});
    },
    [Symbol.asyncDispose]: async () => {
      await journal.close();
      await rm(folder, {recursive: true, force: true});
    },
  };
}

function offsetsIn(frames: Buffer | undefined): number[] {
  const offsets: number[] = [];
  for (let rest = frames; rest !== undefined; ) {
    const next = decodeFrame(rest);
    if (next === undefined) break;
    offsets.push((JSON.parse(next.frame.payload.toString()) as {offset: number}).offset);
    rest = rest.subarray(next.size);
  }
  return offsets;
}

/** Everything the feed has for `all` after a cursor. */
function drainFrom(feed: LiveFeed, after: number): number[] {
  const offsets: number[] = [];
  for (let cursor = after; cursor < feed.head; ) {
    const batch = feed.batch(all, cursor);
    const found = offsetsIn(batch.frames);
    assert.equal(found.length, batch.messages);
    assert.ok(batch.to > cursor && batch.to <= feed.head);
    offsets.push(...found);
    cursor = batch.to;
  }
  return offsets;
}

const statuses = fc.array(fc.record({call: fc.nat({max: 5}), status: fc.constantFrom(...providerStatuses)}), {
  minLength: 1,
  maxLength: 80,
});

test("[W12] from any cursor it holds, the feed returns the journal's entries in order", async () => {
  await fc.assert(
    fc.asyncProperty(statuses, fc.integer({min: 0, max: 20_000}), async (list, maxBytes) => {
      await using stage = await setUp();
      const {journal, clock} = stage;
      const feed = new LiveFeed({journal, clock, logger: pino({level: 'silent'}), maxBytes});
      await feed.start();
      const appended = list.map(({call, status}) => stage.append(call, status));
      await Promise.all(appended);
      await until(() => feed.head === list.length);
      const page = await journal.read(0, 1000);
      assert.ok(page.kind === 'entries');
      const pushed = page.entries.filter(({verdict}) => verdict === 'applied').map(({offset}) => offset);
      for (let cursor = feed.floor; cursor <= feed.head; cursor += 1) {
        assert.deepEqual(
          drainFrom(feed, cursor),
          pushed.filter((offset) => offset > cursor),
        );
      }
      const {calls} = await journal.activeCalls();
      assert.deepEqual(
        new Map([...feed.activeCalls()].map(({callSid, offset}) => [callSid, offset])),
        new Map(calls.map(({callSid, offset}) => [callSid, offset])),
      );
      feed.stop();
    }),
    {numRuns: 12, interruptAfterTimeLimit: 10_000},
  );
});

test('[W11] after a restart the feed holds the last entries and the last state of the calls', async () => {
  await fc.assert(
    fc.asyncProperty(statuses, fc.integer({min: 0, max: 20_000}), async (list, maxBytes) => {
      await using stage = await setUp();
      const {journal, clock} = stage;
      await Promise.all(list.map(({call, status}) => stage.append(call, status)));
      const feed = new LiveFeed({journal, clock, logger: pino({level: 'silent'}), maxBytes});
      await feed.start();
      assert.equal(feed.head, list.length);
      if (maxBytes === 20_000) assert.equal(feed.floor, 0);
      const page = await journal.read(0, 1000);
      assert.ok(page.kind === 'entries');
      const pushed = page.entries.filter(({verdict}) => verdict === 'applied').map(({offset}) => offset);
      for (let cursor = feed.floor; cursor <= feed.head; cursor += 1) {
        assert.deepEqual(
          drainFrom(feed, cursor),
          pushed.filter((offset) => offset > cursor),
        );
      }
      const {calls} = await journal.activeCalls();
      assert.deepEqual(
        new Map([...feed.activeCalls()].map(({callSid, offset}) => [callSid, offset])),
        new Map(calls.map(({callSid, offset}) => [callSid, offset])),
      );
      feed.stop();
    }),
    {numRuns: 12, interruptAfterTimeLimit: 10_000, examples: [[[{call: 1, status: 'ringing'}], 20_000]]},
  );
});

test('[J8] a feed whose next entries were trimmed restarts after them by itself', async () => {
  await using stage = await setUp();
  const journal = new FailingJournal(stage.journal);
  const feed = new LiveFeed({journal, clock: stage.clock, logger: pino({level: 'silent'})});
  await feed.start();
  await stage.append(1, 'ringing');
  await until(() => feed.head === 1);
  // The node is cut off while the others continue, until they have trimmed all of its entries.
  journal.failing.add('read');
  for (const [call, status] of [
    ...([1, 2, 3] as const).map((each) => [each, 'completed'] as const),
    [4, 'ringing'] as const,
  ])
    await stage.append(call, status);
  assert.equal(await stage.journal.trim({endedBefore: 1_000_000, limit: 10}), 3);
  journal.recover();
  stage.clock.advance(1000);
  await until(() => feed.head === 5);
  assert.deepEqual(
    [...feed.activeCalls()].map(({callSid}) => callSid),
    [sid(4)],
  );
  assert.deepEqual([feed.floor, drainFrom(feed, feed.floor)], [4, [5]]);
  await stage.append(4, 'in-progress');
  await until(() => feed.head === 6);
  feed.stop();
});

test('[W11] [J8] after a restart the feed holds at most 1000 entries, and none before a trimmed range', async () => {
  await using stage = await setUp();
  const {journal, clock} = stage;
  const restarted = async () => {
    const feed = new LiveFeed({journal, clock, logger: pino({level: 'silent'})});
    await feed.start();
    feed.stop();
    return [feed.floor, feed.head];
  };
  for (let call = 0; call < 20; call += 1) await stage.append(call, 'completed');
  assert.equal(await journal.trim({endedBefore: 1_000_000, limit: 15}), 15);
  assert.deepEqual(await restarted(), [15, 20]);
  await Promise.all(Array.from({length: 1200}, (_, call) => stage.append(100 + call, 'ringing')));
  assert.deepEqual(await restarted(), [220, 1220]);
});

test('the feed holds nothing if the calls are ahead of the readable entries or the past is unreadable', async () => {
  await using stage = await setUp();
  const {journal, clock} = stage;
  await stage.append(1, 'ringing');
  await stage.append(2, 'ringing');
  const read = journal.read.bind(journal);
  const readings: readonly Journal['read'][] = [
    (after) => read(after, 1),
    () => Promise.reject(new Error('disk trouble')),
    () => Promise.resolve({kind: 'too-old', oldest: 2}),
  ];
  for (const reading of readings) {
    const odd = Object.assign(Object.create(journal) as Journal, {read: reading});
    // Private fields belong to the wrapped journal.
    for (const name of ['activeCalls', 'head', 'onAppend'] as const)
      Object.assign(odd, {[name]: journal[name].bind(journal)});
    const feed = new LiveFeed({journal: odd, clock, logger: pino({level: 'silent'})});
    await feed.start();
    assert.deepEqual([feed.floor, feed.head, feed.activeCallCount], [2, 2, 2]);
    feed.stop();
  }
});

test('an entry that arrives while the past is read is delivered without waiting for the next one', async () => {
  await using stage = await setUp();
  await stage.append(1, 'ringing');
  const read = stage.journal.read.bind(stage.journal);
  let first = true;
  const journal = Object.assign(stage.journal, {
    read: async (after: number, limit: number) => {
      const page = await read(after, limit);
      if (first) {
        first = false;
        await stage.append(2, 'ringing');
      }
      return page;
    },
  });
  const feed = new LiveFeed({journal, clock: stage.clock, logger: pino({level: 'silent'})});
  await feed.start();
  await until(() => feed.head === 2);
  assert.deepEqual(drainFrom(feed, 0), [1, 2]);
  feed.stop();
});

test('a lost notification costs a second, but never an entry', async () => {
  await using stage = await setUp();
  const silentJournal = Object.assign(stage.journal, {onAppend: () => () => {}});
  const feed = new LiveFeed({journal: silentJournal, clock: stage.clock, logger: pino({level: 'silent'})});
  await feed.start();
  await stage.append(1, 'ringing');
  assert.equal(feed.head, 0);
  stage.clock.advance(1000);
  await until(() => feed.head === 1);
  feed.stop();
});

test('the feed resumes after a journal that was unreadable for a while', async () => {
  await using stage = await setUp();
  const read = stage.journal.read.bind(stage.journal);
  let broken = true;
  const onAppend = stage.journal.onAppend.bind(stage.journal);
  const journal = Object.assign(stage.journal, {
    // A notification that carries no entries.
    onAppend: (listener: () => void) => onAppend(() => listener()),
    read: async (after: number, limit: number) => {
      if (broken) throw new Error('disk trouble');
      return read(after, limit);
    },
  });
  const feed = new LiveFeed({journal, clock: stage.clock, logger: pino({level: 'silent'})});
  await feed.start();
  await stage.append(1, 'ringing');
  await stage.append(1, 'completed');
  assert.equal(feed.head, 0);
  broken = false;
  stage.clock.advance(1000);
  await until(() => feed.head === 2);
  assert.deepEqual(drainFrom(feed, 0), [1, 2]);
  feed.stop();
});

test('the same query returns the same bytes until the head moves', async () => {
  await using stage = await setUp();
  const {journal, clock} = stage;
  const feed = new LiveFeed({journal, clock, logger: pino({level: 'silent'})});
  await feed.start();
  await stage.append(1, 'ringing');
  await until(() => feed.head === 1);
  const first = feed.batch(all, 0);
  assert.equal(feed.batch(all, 0), first);
  await stage.append(1, 'completed');
  await until(() => feed.head === 2);
  assert.deepEqual(offsetsIn(feed.batch(all, 0).frames), [1, 2]);
  feed.stop();
});

test('a listener that throws does not prevent the others from being notified', async () => {
  await using stage = await setUp();
  const {journal, clock} = stage;
  const feed = new LiveFeed({journal, clock, logger: pino({level: 'silent'})});
  await feed.start();
  let notifications = 0;
  feed.onAdvance(() => {
    throw new Error('a fault');
  });
  feed.onAdvance(() => {
    notifications += 1;
  });
  await stage.append(1, 'ringing');
  await until(() => notifications === 1);
  feed.stop();
});

/** A feed at the head of a journal with two entries, whose listener the test calls, and a count of reads. */
async function followed(stage: Stage) {
  await stage.append(1, 'ringing');
  await stage.append(2, 'ringing');
  const read = stage.journal.read.bind(stage.journal);
  const seen = {reads: 0};
  let notify: (appended?: readonly JournalEntry[]) => void = () => {};
  const journal = Object.assign(stage.journal, {
    onAppend: (listener: typeof notify) => {
      notify = listener;
      return () => {};
    },
    read: (after: number, limit: number) => {
      seen.reads += 1;
      return read(after, limit);
    },
  });
  const feed = new LiveFeed({journal, clock: stage.clock, logger: pino({level: 'silent'})});
  await feed.start();
  seen.reads = 0;
  return {feed, seen, notify: (appended?: readonly JournalEntry[]) => notify(appended)};
}

test('[J3] entries that the writer returned are used without a read', async () => {
  await using stage = await setUp();
  const {feed, seen, notify} = await followed(stage);
  const {entry: third} = await stage.append(1, 'in-progress');
  const {entry: fourth} = await stage.append(2, 'completed');
  notify([third, fourth]);
  assert.equal(feed.head, 4, 'within the same turn');
  assert.equal(seen.reads, 0);
  assert.deepEqual(drainFrom(feed, 0), [1, 2, 3, 4]);
  assert.deepEqual([feed.activeCallCount, feed.activeCall(sid(1))?.providerStatus], [1, 'in-progress']);
  feed.stop();
});

test('[J3] [W12] entries with a gap, an overlap or a repetition are read, and each is delivered once', async () => {
  await using stage = await setUp();
  const {feed, seen, notify} = await followed(stage);
  const {entry: third} = await stage.append(1, 'in-progress');
  const {entry: fourth} = await stage.append(2, 'completed');
  notify([fourth]);
  await until(() => feed.head === 4);
  assert.equal(seen.reads, 1, 'a gap before the entry');
  notify([third, fourth]);
  notify([fourth]);
  notify([]);
  const {entry: fifth} = await stage.append(1, 'completed');
  notify([fourth, fifth]);
  await until(() => feed.head === 5);
  const {entry: sixth} = await stage.append(3, 'ringing');
  await stage.append(4, 'ringing');
  // Another entry has been committed since, so the feed has to read.
  notify([sixth]);
  await until(() => feed.head === 7);
  assert.deepEqual(drainFrom(feed, 0), [1, 2, 3, 4, 5, 6, 7]);
  feed.stop();
});

test('[J3] entries of this process reach its feed even if the journal cannot be read', async () => {
  await using stage = await setUp();
  const journal = Object.assign(stage.journal, {read: () => Promise.reject(new Error('disk trouble'))});
  const feed = new LiveFeed({journal, clock: stage.clock, logger: pino({level: 'silent'})});
  await feed.start();
  await stage.append(1, 'ringing');
  await Promise.all([stage.append(2, 'ringing'), stage.append(1, 'completed')]);
  await until(() => feed.head === 3);
  assert.deepEqual(drainFrom(feed, 0), [1, 2, 3]);
  feed.stop();
});
