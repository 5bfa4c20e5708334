/** The order of live calls: rows never swap places, and do not move while the user points at them. */
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

/** Arranges repeatedly, as a page does. `shown` marks legs with `>`. */
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

test('a new call goes to the top; calls that appear together are sorted by their start', () => {
  const table = new Table();
  const early = call('A', 'ringing', {createdAt: '2026-01-01T00:00:01.000Z'});
  const late = call('B', 'ringing', {createdAt: '2026-01-01T00:00:02.000Z'});
  assert.deepEqual(table.arrange({calls: [late, early]}), ['B', 'A']);
  // A call is new when the page first sees it, independent of its timestamps.
  const old = call('C', 'ringing', {createdAt: '2025-01-01T00:00:00.000Z'});
  assert.deepEqual(table.arrange({calls: [early, late, old]}), ['C', 'B', 'A']);
});

test('in a held table, new calls are counted until the user shows them or releases the table', () => {
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

test('an ended call stays for a while, and while the table is held; then it is removed for good', () => {
  const table = new Table();
  table.arrange({calls: [call('A'), call('B')]});
  const calls = [call('A', 'completed'), call('B')];
  assert.deepEqual(table.arrange({calls, now: 1000}), ['B', 'A']);
  assert.equal(table.order.rows.get('A')?.life, 'ended');
  assert.equal(nextDeparture(table.order), 1000 + LINGER_MS);
  assert.deepEqual(table.arrange({now: 999 + LINGER_MS}), ['B', 'A']);
  assert.deepEqual(table.arrange({now: 1000 + LINGER_MS, isHeld: true}), ['B', 'A']);
  assert.deepEqual(table.arrange({now: 2000 + LINGER_MS, isHeld: false}), ['B']);
  // While the store remembers it, it is not new.
  assert.deepEqual(table.arrange({now: 3000 + LINGER_MS}), ['B']);
  assert.equal(nextDeparture(table.order), undefined);
  table.arrange({calls: [call('B')]});
  assert.equal(table.order.gone.size, 0);
});

test('a call that starts and ends between two updates is shown', () => {
  const table = new Table();
  assert.deepEqual(table.arrange({calls: [call('A', 'failed')]}), ['A']);
});

test('a call that is missing in a new snapshot has vanished', () => {
  const table = new Table();
  table.arrange({calls: [call('A'), call('B')]});
  assert.deepEqual(table.arrange({calls: [call('B')], now: 5}), ['B', 'A']);
  const row = table.order.rows.get('A');
  assert.deepEqual([row?.life, row?.overSince], ['vanished', 5]);
  // The call reappears at its previous place.
  assert.deepEqual(table.arrange({calls: [call('A'), call('B')]}), ['B', 'A']);
  assert.deepEqual(
    [table.order.rows.get('A')?.life, table.order.rows.get('A')?.overSince],
    ['in-progress', undefined],
  );
});

test('legs are below their call in any order of arrival, and are removed with it', () => {
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

test('a new leg in a held table waits, and is counted as a leg', () => {
  const table = new Table();
  table.arrange({calls: [call('A'), call('B')]});
  const calls = [call('A'), call('B'), call('L', 'ringing', {parentCallSid: 'B'})];
  assert.deepEqual(table.arrange({calls, isHeld: true}), ['B', 'A']);
  assert.deepEqual([table.order.newCalls, table.order.newLegs], [0, 1]);
});

test('calls that form a cycle of parents are shown, without an endless loop', () => {
  const table = new Table();
  const ring = [
    call('A', 'ringing', {parentCallSid: 'C'}),
    call('B', 'ringing', {parentCallSid: 'A'}),
    call('C', 'ringing', {parentCallSid: 'B'}),
    call('D', 'ringing', {parentCallSid: 'D'}),
  ];
  assert.deepEqual(table.arrange({calls: ring}).toSorted(), ['>B', '>C', 'A', 'D']);
});

test('a filter never reorders; in a held table, a row that stops matching stays', () => {
  const table = new Table();
  const calls = [call('A'), call('B', 'in-progress'), call('C')];
  table.arrange({calls});
  assert.deepEqual(table.arrange({filter: {text: '', statuses: ['ringing']}}), ['C', 'A']);
  const answered = [call('A'), call('B', 'ringing'), call('C', 'in-progress')];
  assert.deepEqual(table.arrange({calls: answered, isHeld: true}), ['C', 'A']);
  assert.equal(table.order.newCalls, 1);
  // A new filter is applied at once.
  assert.deepEqual(table.arrange({filter: {text: '', statuses: ['in-progress']}}), ['C']);
  assert.deepEqual(table.arrange({filter: everything}), ['C', 'B', 'A']);
});

test('without changes, the result is the same object, so that nothing renders', () => {
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

// --- Any sequence of events ------------------------------------------------------------------------------

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

test('for any events: a held table never moves; otherwise every call is shown once, with its legs, in a stable order', () => {
  fc.assert(
    fc.property(fc.array(step, {maxLength: 60}), (steps) => {
      const table = new Table();
      const calls = new Map<string, Call>();
      // A call's parent never changes.
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
        for (const sid of shown) assert.ok(after.rows.has(sid), 'each line has a row');
        if (isHeld && !showNew && after.filter === before.filter) {
          assert.deepEqual(after.lines, before.lines, 'a held table does not move');
          continue;
        }
        assert.deepEqual([after.newCalls, after.newLegs], [0, 0]);
        // Calls without parents never change their order.
        const roots = (order: RowOrder) =>
          order.lines.map(({callSid}) => callSid).filter((sid) => parents.get(sid) === undefined);
        const both = new Set(roots(before)).intersection(new Set(roots(after)));
        const kept = (order: RowOrder) => roots(order).filter((sid) => both.has(sid));
        assert.deepEqual(kept(after), kept(before), 'no two rows swap places');
        if (filter !== everything) continue;
        for (const known of calls.values()) {
          if (!hasCallEnded(known))
            assert.ok(shown.includes(known.callSid), 'every call in progress is shown');
          const parent = known.parentCallSid;
          const isWithParent =
            parent !== undefined && shown.includes(parent) && shown.includes(known.callSid);
          if (isWithParent && parents.get(parent) === undefined) {
            const between = after.lines.slice(shown.indexOf(parent) + 1, shown.indexOf(known.callSid) + 1);
            assert.ok(between.length > 0 && between.every(({isLeg}) => isLeg), 'legs are below their call');
          }
        }
      }
    }),
    {numRuns: 1000},
  );
});
