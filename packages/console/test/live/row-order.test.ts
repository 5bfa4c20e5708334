/** The table of live calls: rows keep their place while somebody points at them, and their order always. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {Call, CallStatus, ProviderStatus} from '@hookswitch/protocol';
import fc from 'fast-check';
import type {CallFilter} from '../../src/screens/live/call-filter.ts';
import {
  type Arrangement,
  arrangeRows,
  hasCallEnded,
  LINGER_MS,
  nextDeparture,
  noRows,
  type RowOrder,
} from '../../src/screens/live/row-order.ts';

const everything: CallFilter = {text: '', statuses: []};

const providerStatusOf: Readonly<Record<CallStatus, ProviderStatus>> = {
  initiating: 'initiated',
  ringing: 'ringing',
  'in-progress': 'in-progress',
  completed: 'completed',
  failed: 'busy',
};

function call(callSid: string, status: CallStatus = 'ringing', more: Partial<Call> = {}): Call {
  return {
    callSid,
    status,
    providerStatus: providerStatusOf[status],
    direction: 'outbound-api',
    from: '+15005550006',
    to: '+15550100001',
    createdAt: '2026-01-01T00:00:00.000Z',
    updatedAt: '2026-01-01T00:00:00.000Z',
    offset: 1,
    ...more,
  };
}

/** Arranges one after the other, as a page does; `sids` is what it shows, legs with a `>`. */
class Table {
  order: RowOrder = noRows;
  #last: Arrangement = {calls: [], filter: everything, isHeld: false, now: 0};

  arrange(change: Partial<Arrangement>): string[] {
    this.#last = {...this.#last, showNew: false, ...change};
    this.order = arrangeRows(this.order, this.#last);
    return this.shown;
  }

  get shown(): string[] {
    return this.order.lines.map(({callSid, isLeg}) => (isLeg ? `>${callSid}` : callSid));
  }
}

test('a new call goes on top; what came at once is sorted by when it began', () => {
  const table = new Table();
  const early = call('A', 'ringing', {createdAt: '2026-01-01T00:00:01.000Z'});
  const late = call('B', 'ringing', {createdAt: '2026-01-01T00:00:02.000Z'});
  assert.deepEqual(table.arrange({calls: [late, early]}), ['B', 'A']);
  // Its clock may say otherwise: what the page hears of now is new.
  const old = call('C', 'ringing', {createdAt: '2025-01-01T00:00:00.000Z'});
  assert.deepEqual(table.arrange({calls: [early, late, old]}), ['C', 'B', 'A']);
});

test('held, new calls wait behind a count, until somebody asks for them or lets go', () => {
  const table = new Table();
  table.arrange({calls: [call('A')]});
  assert.deepEqual(table.arrange({calls: [call('A'), call('B')], isHeld: true}), ['A']);
  assert.deepEqual(table.arrange({calls: [call('A'), call('B'), call('C')]}), ['A']);
  assert.equal(table.order.newCalls, 2);
  assert.deepEqual(table.arrange({showNew: true}), ['C', 'B', 'A']);
  assert.equal(table.order.newCalls, 0);
  assert.deepEqual(table.arrange({calls: [call('A'), call('B'), call('C'), call('D')]}), ['C', 'B', 'A']);
  assert.deepEqual(table.arrange({isHeld: false}), ['D', 'C', 'B', 'A']);
});

test('a call that is over stays for a while, or until it is let go of; then it goes for good', () => {
  const table = new Table();
  table.arrange({calls: [call('A'), call('B')]});
  const calls = [call('A', 'completed'), call('B')];
  assert.deepEqual(table.arrange({calls, now: 1000}), ['B', 'A']);
  assert.equal(table.order.rows.get('A')?.life, 'ended');
  assert.equal(nextDeparture(table.order), 1000 + LINGER_MS);
  assert.deepEqual(table.arrange({now: 999 + LINGER_MS}), ['B', 'A']);
  assert.deepEqual(table.arrange({now: 1000 + LINGER_MS, isHeld: true}), ['B', 'A']);
  assert.deepEqual(table.arrange({now: 2000 + LINGER_MS, isHeld: false}), ['B']);
  // As long as the store remembers it, it is not news.
  assert.deepEqual(table.arrange({now: 3000 + LINGER_MS}), ['B']);
  assert.equal(nextDeparture(table.order), undefined);
  table.arrange({calls: [call('B')]});
  assert.equal(table.order.gone.size, 0);
});

test('a call that begins and ends between two looks is shown', () => {
  const table = new Table();
  assert.deepEqual(table.arrange({calls: [call('A', 'failed')]}), ['A']);
});

test('a call that a fresh snapshot does not have is over, and nobody here knows how', () => {
  const table = new Table();
  table.arrange({calls: [call('A'), call('B')]});
  assert.deepEqual(table.arrange({calls: [call('B')], now: 5}), ['B', 'A']);
  const row = table.order.rows.get('A');
  assert.deepEqual([row?.life, row?.overSince], ['vanished', 5]);
  // It was there after all: it comes back to where it was.
  assert.deepEqual(table.arrange({calls: [call('A'), call('B')]}), ['B', 'A']);
  assert.deepEqual(
    [table.order.rows.get('A')?.life, table.order.rows.get('A')?.overSince],
    ['in-progress', undefined],
  );
});

test('legs stand beneath their call, whichever came first, and go together with it', () => {
  const table = new Table();
  const leg = (sid: string, status: CallStatus = 'ringing') => call(sid, status, {parentCallSid: 'A'});
  assert.deepEqual(table.arrange({calls: [leg('L1')]}), ['L1']);
  table.arrange({calls: [leg('L1'), call('B')]});
  assert.deepEqual(table.arrange({calls: [leg('L1'), call('B'), call('A')]}), ['A', '>L1', 'B']);
  assert.deepEqual(table.arrange({calls: [call('A'), leg('L1'), leg('L2'), call('B')]}), [
    'A',
    '>L1',
    '>L2',
    'B',
  ]);
  const over = [call('A'), leg('L1', 'completed'), call('B')];
  assert.deepEqual(table.arrange({calls: over, now: LINGER_MS * 2}), ['A', '>L1', '>L2', 'B']);
  assert.deepEqual(table.arrange({now: LINGER_MS * 4}), ['A', '>L1', '>L2', 'B']);
  table.arrange({calls: [call('A', 'completed'), call('B')], now: LINGER_MS * 5});
  assert.deepEqual(table.arrange({now: LINGER_MS * 6}), ['B']);
});

test('a leg of a call that is pointed at waits too, and is counted as a leg', () => {
  const table = new Table();
  table.arrange({calls: [call('A'), call('B')]});
  const calls = [call('A'), call('B'), call('L', 'ringing', {parentCallSid: 'B'})];
  assert.deepEqual(table.arrange({calls, isHeld: true}), ['B', 'A']);
  assert.deepEqual([table.order.newCalls, table.order.newLegs], [0, 1]);
});

test('calls that name each other as parents are shown, and nothing hangs', () => {
  const table = new Table();
  const ring = [
    call('A', 'ringing', {parentCallSid: 'C'}),
    call('B', 'ringing', {parentCallSid: 'A'}),
    call('C', 'ringing', {parentCallSid: 'B'}),
    call('D', 'ringing', {parentCallSid: 'D'}),
  ];
  assert.deepEqual(table.arrange({calls: ring}).toSorted(), ['>B', '>C', 'A', 'D']);
});

test('a filter hides and never reorders; held, a row that stops matching stays under the pointer', () => {
  const table = new Table();
  const calls = [call('A'), call('B', 'in-progress'), call('C')];
  table.arrange({calls});
  assert.deepEqual(table.arrange({filter: {text: '', statuses: ['ringing']}}), ['C', 'A']);
  const answered = [call('A'), call('B', 'ringing'), call('C', 'in-progress')];
  assert.deepEqual(table.arrange({calls: answered, isHeld: true}), ['C', 'A']);
  assert.equal(table.order.newCalls, 1);
  // Another filter is obeyed at once.
  assert.deepEqual(table.arrange({filter: {text: '', statuses: ['in-progress']}}), ['C']);
  assert.deepEqual(table.arrange({filter: everything}), ['C', 'B', 'A']);
});

test('nothing new is the same object, so that nothing is rendered', () => {
  const table = new Table();
  const calls = [call('A'), call('B')];
  table.arrange({calls});
  const before = table.order;
  table.arrange({calls: [...calls], filter: {text: '', statuses: []}, now: 10, isHeld: true});
  assert.equal(table.order, before);
  table.arrange({calls: [call('A', 'in-progress'), calls[1] ?? call('B')]});
  assert.equal(table.order.lines, before.lines);
  assert.equal(table.order.rows.get('B'), before.rows.get('B'));
});

// --- Any sequence of events ------------------------------------------------------------------------------------------

const sids = ['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H'] as const;
const statuses: readonly CallStatus[] = ['initiating', 'ringing', 'in-progress', 'completed', 'failed'];

type Step =
  | {
      readonly kind: 'call';
      readonly sid: string;
      readonly status: CallStatus;
      readonly parent: string | undefined;
    }
  | {readonly kind: 'forget'; readonly sid: string}
  | {readonly kind: 'hold'; readonly isHeld: boolean}
  | {readonly kind: 'filter'; readonly filter: CallFilter}
  | {readonly kind: 'pass'; readonly ms: number}
  | {readonly kind: 'show-new'};

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('call' as const),
      sid: fc.constantFrom(...sids),
      status: fc.constantFrom(...statuses),
      parent: fc.option(fc.constantFrom(...sids), {nil: undefined, freq: 2}),
    }),
  },
  {weight: 1, arbitrary: fc.record({kind: fc.constant('forget' as const), sid: fc.constantFrom(...sids)})},
  {weight: 3, arbitrary: fc.record({kind: fc.constant('hold' as const), isHeld: fc.boolean()})},
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('filter' as const),
      filter: fc.constantFrom<CallFilter[]>(
        everything,
        {text: '', statuses: ['ringing']},
        {text: 'a', statuses: []},
        {text: '', statuses: ['ended', 'in-progress']},
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({kind: fc.constant('pass' as const), ms: fc.integer({min: 1, max: LINGER_MS})}),
  },
  {weight: 1, arbitrary: fc.record({kind: fc.constant('show-new' as const)})},
);

test('whatever happens: held, no row moves; free, every call is there once, its legs beneath it, in one order', () => {
  fc.assert(
    fc.property(fc.array(step, {maxLength: 60}), (steps) => {
      const table = new Table();
      const calls = new Map<string, Call>();
      // A call's parent is part of what it is, and never changes.
      const parents = new Map<string, string | undefined>();
      let [isHeld, filter, now] = [false, everything, 0];
      for (const each of steps) {
        const before = table.order;
        if (each.kind === 'call') {
          if (!parents.has(each.sid)) parents.set(each.sid, each.parent);
          const known = calls.get(each.sid);
          if (known === undefined || !hasCallEnded(known))
            calls.set(each.sid, call(each.sid, each.status, {parentCallSid: parents.get(each.sid)}));
        } else if (each.kind === 'forget') calls.delete(each.sid);
        else if (each.kind === 'hold') isHeld = each.isHeld;
        else if (each.kind === 'filter') filter = each.filter;
        else if (each.kind === 'pass') now += each.ms;
        const showNew = each.kind === 'show-new';
        table.arrange({calls: calls.values(), filter, isHeld, now, showNew});
        const after = table.order;

        const shown = after.lines.map(({callSid}) => callSid);
        assert.equal(new Set(shown).size, shown.length, 'each once');
        for (const sid of shown) assert.ok(after.rows.has(sid), 'each line has its row');
        if (isHeld && !showNew && after.filter === before.filter) {
          assert.deepEqual(after.lines, before.lines, 'held, nothing moves');
          continue;
        }
        assert.deepEqual([after.newCalls, after.newLegs], [0, 0]);
        // Calls without parents keep their order for life.
        const roots = (order: RowOrder) =>
          order.lines.map(({callSid}) => callSid).filter((sid) => parents.get(sid) === undefined);
        const both = new Set(roots(before)).intersection(new Set(roots(after)));
        const kept = (order: RowOrder) => roots(order).filter((sid) => both.has(sid));
        assert.deepEqual(kept(after), kept(before), 'no two rows change places');
        if (filter !== everything) continue;
        for (const known of calls.values()) {
          if (!hasCallEnded(known))
            assert.ok(shown.includes(known.callSid), 'every call in progress is there');
          const parent = known.parentCallSid;
          const isWithParent =
            parent !== undefined && shown.includes(parent) && shown.includes(known.callSid);
          if (isWithParent && parents.get(parent) === undefined) {
            const between = after.lines.slice(shown.indexOf(parent) + 1, shown.indexOf(known.callSid) + 1);
            assert.ok(
              between.length > 0 && between.every(({isLeg}) => isLeg),
              'legs stand beneath their call',
            );
          }
        }
      }
    }),
    {numRuns: 1000},
  );
});
