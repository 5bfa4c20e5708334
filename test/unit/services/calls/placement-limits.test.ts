/** The accounting of slots and allowances (E). */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {LocalPlacementLedger} from '../../../../src/cluster/local-placement-ledger.ts';
import type {CallRecord} from '../../../../src/journal/call-event.ts';
import {RateLimit} from '../../../../src/rate-limit/rate-limit.ts';
import {PlacementLimits} from '../../../../src/services/calls/placement-limits.ts';
import type {LiveFeed} from '../../../../src/services/feed/live-feed.ts';
import {ManualClock} from '../../../support/manual-clock.ts';

/** The part of a feed that the limits read. */
class Feed {
  head = 0;
  calls: Partial<CallRecord>[] = [];

  activeCalls() {
    return this.calls.values();
  }

  advance(head: number, calls: Partial<CallRecord>[]): void {
    this.head = head;
    this.calls = calls;
  }
}

function limits(maxActiveCalls: number, maxCallsPerMinute = 1000) {
  const feed = new Feed();
  const clock = new ManualClock();
  const subject = new PlacementLimits({
    feed: feed as unknown as LiveFeed,
    ledger: new LocalPlacementLedger({clock}),
    allowedDestinations: 'any',
    maxCallsPerMinute,
    maxActiveCalls,
  });
  return {feed, clock, subject};
}

const refused = {code: 'rate_limited'};

test('[E] a slot is released once, even if release is called repeatedly', async () => {
  const {subject} = limits(2);
  const release = await subject.admit('a');
  await subject.admit('a');
  await assert.rejects(subject.admit('a'), refused);
  release();
  release();
  await subject.admit('a');
  await assert.rejects(subject.admit('a'), refused);
});

test('[E] a call holds its slot until the feed has caught up with the journal', async () => {
  const {feed, subject} = limits(1);
  const release = await subject.admit('a');
  release(5);
  await assert.rejects(subject.admit('a'), refused, 'written, but not in the feed yet');
  feed.advance(4, []);
  await assert.rejects(subject.admit('a'), refused);
  feed.advance(5, [{callSid: 'CA1'}]);
  await assert.rejects(subject.admit('a'), refused, 'the feed counts the call now');
  feed.advance(6, []);
  await subject.admit('a');
});

test('[E] a write that the feed has already seen frees its slot at once', async () => {
  const {feed, subject} = limits(1);
  feed.advance(9, []);
  (await subject.admit('a'))(9);
  await subject.admit('a');
});

test('[E] slots are shared, allowances are per user, and a refusal for lack of a slot costs no allowance', async () => {
  const {subject} = limits(2, 1);
  const release = await subject.admit('a');
  await assert.rejects(subject.admit('a'), refused);
  const other = await subject.admit('b');
  await assert.rejects(subject.admit('c'), refused);
  release();
  other();
  await subject.admit('c');
});

test('[E] legs use no slots of their own', async () => {
  const {feed, subject} = limits(2);
  feed.advance(3, [{callSid: 'CA1'}, {callSid: 'CA2', parentCallSid: 'CA1'}]);
  await subject.admit('a');
  await assert.rejects(subject.admit('a'), refused);
});

test('[E] the rate refills evenly up to one minute’s worth, and a refusal says how long to wait', () => {
  const clock = new ManualClock();
  const rate = new RateLimit({perMinute: 6, clock});
  for (let taken = 0; taken < 6; taken += 1) assert.equal(rate.take('a'), undefined);
  assert.equal(rate.take('a'), 10_000);
  assert.equal(rate.take('b'), undefined, 'each key has its own allowance');
  clock.advance(9000);
  assert.equal(rate.take('a'), 1000);
  clock.advance(1000);
  assert.equal(rate.take('a'), undefined);
  clock.advance(3_600_000);
  for (let taken = 0; taken < 6; taken += 1) assert.equal(rate.take('a'), undefined);
  assert.notEqual(rate.take('a'), undefined);
  rate.refund('a');
  assert.equal(rate.take('a'), undefined);
  clock.advance(3_600_000);
  rate.refund('a');
  for (let taken = 0; taken < 6; taken += 1) rate.take('a');
  assert.notEqual(rate.take('a'), undefined, 'a refund never exceeds the allowance');
});

test('[E] a jump of the wall clock does not affect the rate', () => {
  const clock = new ManualClock();
  const rate = new RateLimit({perMinute: 1, clock});
  rate.take('a');
  clock.jumpWall(86_400_000);
  assert.notEqual(rate.take('a'), undefined);
});

test('[E] thousands of users are forgotten once their allowance is full, and not before', () => {
  const clock = new ManualClock();
  const rate = new RateLimit({perMinute: 1, clock});
  for (let user = 0; user < 10_000; user += 1) rate.take(`user-${user}`);
  rate.take('one more');
  assert.notEqual(rate.take('user-0'), undefined);
  clock.advance(60_000);
  rate.take('another');
  assert.equal(rate.take('user-1'), undefined);
});
