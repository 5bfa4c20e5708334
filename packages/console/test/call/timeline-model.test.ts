/** The model of a call's timeline: bars and marks from two clocks. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {
  type Call,
  type CallDetail,
  type CallHistoryEvent,
  failureReason,
  hasEnded,
  type ProviderStatus,
  providerStatuses,
  toCallStatus,
} from '@hookswitch/protocol';
import fc from 'fast-check';
import {placeMarks} from '../../src/screens/call/mark-placement.ts';
import {offsetText} from '../../src/screens/call/offset-labels.ts';
import {createScale, ticksOf} from '../../src/screens/call/timeline-axis.ts';
import {buildTimeline, type Timeline} from '../../src/screens/call/timeline-model.ts';

const T0 = Date.parse('2026-03-01T12:00:00.000Z');
const iso = (ms: number) => new Date(T0 + ms).toISOString();

function call(providerStatus: ProviderStatus, more: Partial<Call> = {}): Call {
  const reason = failureReason(providerStatus);
  return {
    callSid: 'CA1',
    status: toCallStatus(providerStatus),
    providerStatus,
    ...(reason === undefined ? {} : {reason}),
    direction: 'outbound-api',
    from: '+15005550006',
    to: '+15550100001',
    createdAt: iso(0),
    updatedAt: iso(0),
    offset: 1,
    ...more,
  };
}

let lastOffset = 0;
type StatusEvent = Extract<CallHistoryEvent, {kind: 'status'}>;

/** Times in milliseconds after T0. */
function said(
  providerStatus: ProviderStatus,
  timestamp: number,
  receivedAt: number,
  more: Partial<StatusEvent> = {},
): CallHistoryEvent {
  lastOffset += 1;
  return {
    kind: 'status',
    offset: lastOffset,
    callSid: 'CA1',
    source: 'callback',
    verdict: 'applied',
    timestamp: iso(timestamp),
    receivedAt: iso(receivedAt),
    lagMs: receivedAt - timestamp,
    repeats: 0,
    providerStatus,
    status: toCallStatus(providerStatus),
    ...more,
  };
}

function detail(base: Call, events: readonly CallHistoryEvent[], more: Partial<CallDetail> = {}): CallDetail {
  return {...base, legs: [], events, ...more};
}

/** `phase from–to` in milliseconds after T0; `…` marks an open bar. */
function bars(timeline: Timeline, lane = 0): string[] {
  return (timeline.lanes[lane]?.bars ?? []).map(
    ({phase, from, to, isOpen}) => `${phase} ${from - T0}–${isOpen ? '…' : ''}${to - T0}`,
  );
}

const answered = [
  said('queued', 10, 10, {source: 'api'}),
  said('initiated', 1000, 1130),
  said('ringing', 2000, 2100),
  said('in-progress', 5000, 5080),
  said('completed', 17_000, 17_090, {duration: 12}),
];

test('an answered call has bars for dialing, ringing and talking, and an end', () => {
  const timeline = buildTimeline(detail(call('completed', {duration: 12}), answered), T0 + 99_000);
  assert.deepEqual(bars(timeline), ['dialing 10–2100', 'ringing 2100–5080', 'talking 5080–17090']);
  assert.deepEqual([timeline.from - T0, timeline.to - T0, timeline.isRunning], [0, 17_090, false]);
  assert.deepEqual(timeline.lanes[0]?.end, {
    at: T0 + 17_090,
    status: 'completed',
    providerStatus: 'completed',
  });
  assert.deepEqual(
    timeline.lanes[0]?.marks.map(({kind}) => kind),
    ['api', 'callback', 'callback', 'callback', 'callback'],
  );
});

test('a call in progress lasts until now; a clock that is behind cuts nothing off', () => {
  const ringing = detail(call('ringing'), answered.slice(0, 3));
  assert.deepEqual(bars(buildTimeline(ringing, T0 + 9000)), ['dialing 10–2100', 'ringing 2100–…9000']);
  const behind = buildTimeline(ringing, T0 - 60_000);
  assert.deepEqual(bars(behind), ['dialing 10–2100', 'ringing 2100–…2100']);
  assert.equal(behind.to - behind.from, 2100);
});

test('states within one second keep their order, and each has a position', () => {
  const rush = [
    said('initiated', 1000, 1200),
    said('ringing', 1000, 1400),
    said('in-progress', 1000, 1300),
    said('completed', 1000, 1700, {duration: 20}),
  ];
  const timeline = buildTimeline(detail(call('completed', {duration: 20}), rush), T0 + 5000);
  // Ringing was received after the answer, so it started before 1300.
  assert.deepEqual(bars(timeline), ['dialing 1200–1300', 'ringing 1300–1300', 'talking 1300–1700']);
});

test('a bar starts within the second that Twilio named, a mark is at the time of receipt', () => {
  const late = [said('initiated', 0, 100), said('ringing', 1000, 9000), said('busy', 4000, 9100)];
  const timeline = buildTimeline(detail(call('busy'), late), T0 + 10_000);
  assert.deepEqual(bars(timeline), ['dialing 100–1999', 'ringing 1999–4999']);
  assert.deepEqual(
    timeline.lanes[0]?.marks.map(({at}) => at - T0),
    [100, 9000, 9100],
  );
});

test('[J4] late events add bars, are hollow, and do not change the end', () => {
  const events = [
    said('initiated', 0, 100),
    said('in-progress', 5000, 5100),
    said('ringing', 2000, 6000, {verdict: 'late'}),
    said('completed', 8000, 8100, {duration: 3}),
    said('failed', 9000, 9100, {verdict: 'late'}),
    said('completed', 8000, 9500, {verdict: 'duplicate', source: 'reconcile'}),
  ];
  const timeline = buildTimeline(detail(call('completed', {duration: 3}), events), T0 + 10_000);
  assert.deepEqual(bars(timeline), ['dialing 100–2999', 'ringing 2999–5100', 'talking 5100–8100']);
  assert.deepEqual(
    timeline.lanes[0]?.marks.filter(({isHollow}) => isHollow).map(({event}) => event.verdict),
    ['late', 'late', 'duplicate'],
  );
});

test('an event that arrives before its timestamp: the bar starts at its receipt, and the clock skew is reported', () => {
  const events = [said('initiated', 5000, 1000), said('ringing', 9000, 5500)];
  const timeline = buildTimeline(detail(call('ringing'), events), T0 + 8000);
  assert.deepEqual(bars(timeline), ['dialing 1000–5500', 'ringing 5500–…8000']);
  assert.equal(timeline.skewMs, 4000);
  assert.equal(buildTimeline(detail(call('completed'), answered), T0).skewMs, 0);
});

test('events from before the creation of the call extend the timeline', () => {
  const events = [said('ringing', -7000, 20), said('completed', -2000, 3000, {duration: 1})];
  const timeline = buildTimeline(detail(call('completed', {direction: 'inbound', duration: 1}), events), T0);
  assert.deepEqual(bars(timeline), ['ringing -6001–-2001', 'talking -2001–-1001']);
  assert.equal(timeline.lanes[0]?.bars[1]?.isInferred, true);
  assert.equal(timeline.from - T0, -6001);
});

test('a duration that is longer than the call is not used', () => {
  const events = [
    said('ringing', 0, 20, {direction: 'inbound'} as Partial<StatusEvent>),
    said('completed', 1000, 1100),
  ];
  const timeline = buildTimeline(detail(call('completed', {duration: 500}), events), T0);
  assert.deepEqual(bars(timeline), ['ringing 20–1100']);
});

test('with one event or none, the timeline still lasts at least a second', () => {
  const one = buildTimeline(detail(call('queued'), [said('queued', 0, 0, {source: 'api'})]), T0);
  assert.deepEqual(bars(one), ['dialing 0–…0']);
  assert.equal(one.to - one.from, 1000);
  const none = buildTimeline(
    detail(call('completed', {answeredAt: iso(3000), endedAt: iso(8000), duration: 5}), []),
    T0,
  );
  assert.deepEqual(bars(none), ['talking 3000–8000']);
  assert.equal(none.from, T0);
  const ended = buildTimeline(detail(call('busy'), []), T0);
  assert.deepEqual([bars(ended), ended.lanes[0]?.end], [[], undefined]);
});

test('legs have their own lanes, in order of creation', () => {
  const leg = (callSid: string, createdAt: number) =>
    call('ringing', {callSid, parentCallSid: 'CA1', direction: 'outbound-dial', createdAt: iso(createdAt)});
  const events = [...answered.slice(0, 4), said('ringing', 7000, 7100, {callSid: 'CA2'})];
  const timeline = buildTimeline(
    detail(call('in-progress'), events, {legs: [leg('CA3', 8000), leg('CA2', 7000)]}),
    T0 + 20_000,
  );
  assert.deepEqual(
    timeline.lanes.map(({call: {callSid}, isLeg}) => [callSid, isLeg]),
    [
      ['CA1', false],
      ['CA2', true],
      ['CA3', true],
    ],
  );
  assert.deepEqual(bars(timeline, 1), ['ringing 7100–…20000']);
  // This leg has no events.
  assert.deepEqual(bars(timeline, 2), ['ringing 8000–…20000']);
});

test('[J6] a bar has the time since which its state is unconfirmed', () => {
  const silent = detail(call('in-progress'), answered.slice(0, 4), {unconfirmedSince: iso(125_000)});
  const [, , talking] = buildTimeline(silent, T0 + 300_000).lanes[0]?.bars ?? [];
  assert.equal(talking?.unconfirmedFrom, T0 + 125_000);
  const [, , odd] = buildTimeline({...silent, unconfirmedSince: iso(-5)}, T0 + 300_000).lanes[0]?.bars ?? [];
  assert.equal(odd?.unconfirmedFrom, odd?.from);
});

test('in a call of hours, the idle time is shortened and the seconds around it stay visible', () => {
  const hours = 3 * 3_600_000;
  const events = [
    ...answered.slice(0, 4),
    said('completed', hours, hours + 200, {duration: hours / 1000 - 5}),
  ];
  const timeline = buildTimeline(detail(call('completed'), events), T0);
  assert.deepEqual(
    timeline.gaps.map(({from, to}) => [from - T0, to - T0]),
    [[5080, hours + 200]],
  );
  const {position} = createScale(timeline);
  assert.ok(position(T0 + 5080) > 0.7, 'the events take most of the width');
  const labels = ticksOf(timeline, 8).map(({label}) => label);
  assert.deepEqual(labels, ['0', '+1 s', '+2 s', '+3 s', '+4 s', '+5 s']);
});

test('a short idle time is drawn in full', () => {
  const events = [said('ringing', 0, 100), said('in-progress', 20_000, 20_100)];
  assert.deepEqual(buildTimeline(detail(call('in-progress'), events), T0 + 90_000).gaps, []);
  const only = buildTimeline(
    detail(call('in-progress', {createdAt: iso(100)}), [said('in-progress', 0, 100)]),
    T0 + 9e6,
  );
  assert.deepEqual(only.gaps, []);
});

test('offsets are formatted', () => {
  const words = [0, 200, 1000, 12_340, 59_999, 60_000, 150_000, 3_900_000, -2000].map(offsetText);
  assert.deepEqual(words, [
    '0',
    '+0.2 s',
    '+1 s',
    '+12.3 s',
    '+59.9 s',
    '+1:00',
    '+2:30',
    '+1:05:00',
    '−2 s',
  ]);
});

test('marks are stacked if there is no room, and grouped if the stack is full', () => {
  const events = [0, 10, 20, 30, 40, 900].map((at) => said('ringing', at, at));
  const timeline = buildTimeline(detail(call('ringing'), events), T0 + 1000);
  const placed = placeMarks(timeline.lanes[0]?.marks ?? [], createScale(timeline), {
    width: 500,
    spacing: 14,
    levels: 2,
  });
  assert.deepEqual(
    placed.map(({x, level, marks}) => [x, level, marks.length]),
    [
      [0, 0, 1],
      [5, 1, 2],
      [15, 0, 1],
      [20, 1, 1],
      [450, 0, 1],
    ],
  );
});

test('[J2] repeats are a hollow mark next to the original, and move no bar', () => {
  const events = [said('ringing', 0, 0), said('in-progress', 500, 500, {repeats: 2})];
  const once = [said('ringing', 0, 0), said('in-progress', 500, 500)];
  const timeline = buildTimeline(detail(call('in-progress'), events), T0 + 1000);
  const [lane] = timeline.lanes;
  assert.deepEqual(
    lane?.marks.map(({index, isHollow, repeats}) => [index, isHollow, repeats]),
    [
      [0, false, undefined],
      [1, false, undefined],
      [1, true, 2],
    ],
  );
  assert.deepEqual(lane?.bars, buildTimeline(detail(call('in-progress'), once), T0 + 1000).lanes[0]?.bars);
  const placed = placeMarks(lane?.marks ?? [], createScale(timeline), {width: 500, spacing: 14, levels: 2});
  assert.deepEqual(
    placed.map(({x, level}) => [x, level]),
    [
      [0, 0],
      [250, 0],
      [264, 0],
    ],
  );
});

// --- Any history -----------------------------------------------------------------------------------------

const event = fc
  .record({
    providerStatus: fc.constantFrom(...providerStatuses),
    callSid: fc.constantFrom('CA1', 'CA2', 'CA9'),
    timestamp: fc.oneof(fc.integer({min: -20, max: 20}), fc.integer({min: -9000, max: 9000})),
    lag: fc.oneof(fc.integer({min: -3000, max: 3000}), fc.integer({min: -9_000_000, max: 9_000_000})),
    verdict: fc.constantFrom('applied' as const, 'late' as const, 'duplicate' as const),
    source: fc.constantFrom('callback' as const, 'api' as const, 'reconcile' as const),
  })
  .map(({providerStatus, timestamp, lag, ...more}) =>
    said(providerStatus, timestamp * 1000, timestamp * 1000 + lag, more),
  );

test('for any history: bars are in order, every mark is shown once, everything is within the timeline', () => {
  fc.assert(
    fc.property(
      fc.array(event, {maxLength: 20}),
      fc.constantFrom(...providerStatuses),
      fc.constantFrom(...providerStatuses),
      fc.integer({min: -1e7, max: 1e7}),
      fc.option(fc.nat(20_000), {nil: undefined}),
      fc.option(fc.integer({min: -1e6, max: 1e6}), {nil: undefined}),
      (events, status, legStatus, now, duration, silentSince) => {
        const leg = call(legStatus, {callSid: 'CA2', parentCallSid: 'CA1'});
        const root = call(status, {duration, ...(hasEnded(status) ? {endedAt: iso(5000)} : {})});
        const more = {
          legs: [leg],
          unconfirmedSince: silentSince === undefined ? undefined : iso(silentSince),
        };
        const timeline = buildTimeline(detail(root, events, more), T0 + now);
        const {from, to, gaps, lanes} = timeline;
        const isWithin = (time: number) => time >= from && time <= to;
        assert.ok(to - from >= 1000);
        assert.equal(lanes.flatMap(({marks}) => marks).length, events.length);
        for (const lane of lanes) {
          const phases = lane.bars.map(({phase}) => phase);
          assert.equal(new Set(phases).size, phases.length);
          let last = from;
          for (const bar of lane.bars) {
            assert.ok(bar.from >= last && bar.to >= bar.from && bar.to <= to);
            if (bar.unconfirmedFrom !== undefined)
              assert.ok(bar.unconfirmedFrom >= bar.from && bar.unconfirmedFrom <= bar.to);
            last = bar.to;
          }
          if (lane.end !== undefined) assert.ok(isWithin(lane.end.at) && lane.end.at >= last);
          assert.ok(lane.marks.every(({at}) => isWithin(at)));
        }
        const {position} = createScale(timeline);
        const times = [from, ...lanes.flatMap(({marks}) => marks.map(({at}) => at)), to].sort(
          (a, b) => a - b,
        );
        const places = times.map(position);
        assert.ok(places.every((place) => place >= 0 && place <= 1 + 1e-9));
        assert.ok(
          places.every((place, index) => place + 1e-9 >= (places[index - 1] ?? 0)),
          'time never goes back',
        );
        const ticks = ticksOf(timeline, 8);
        assert.ok(ticks.length > 0 && ticks.length <= 20, `${ticks.length} ticks`);
        assert.ok(ticks.every(({at}) => isWithin(at) && gaps.every((gap) => at <= gap.from || at >= gap.to)));
        for (const {marks} of lanes) {
          const placed = placeMarks(marks, {position}, {width: 800, spacing: 14, levels: 3});
          assert.deepEqual(new Set(placed.flatMap((each) => each.marks)), new Set(marks));
          for (const level of [0, 1, 2]) {
            const xs = placed.filter((each) => each.level === level).map(({x}) => x);
            assert.ok(xs.every((x, index) => index === 0 || x - (xs[index - 1] ?? 0) >= 14));
          }
        }
      },
    ),
    {numRuns: 1000},
  );
});
