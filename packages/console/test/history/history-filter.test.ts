/** The filter of the ended calls: as URL parameters, as a query, and as the period of the chart. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {
  callOutcomes,
  countedPeriod,
  cursorFromQuery,
  filterFromQuery,
  filterToQuery,
  fromLocalField,
  type HistoryFilter,
  ignoredFromQuery,
  isEmptyFilter,
  lastHours,
  listOnly,
  NO_FILTER,
  type Period,
  periodFault,
  toCallQuery,
  toLocalField,
  withCursor,
} from '../../src/screens/history/history-filter.ts';

const HOUR_MS = 3_600_000;
const NOW = Date.UTC(2026, 0, 31, 9, 30);

const instant = fc.integer({min: 0, max: Date.UTC(2200, 0)});
const period: fc.Arbitrary<Period> = fc.oneof(
  fc.constant<Period>({kind: 'all'}),
  fc.constantFrom(...lastHours).map((hours): Period => ({kind: 'last', hours})),
  fc.record({from: instant, to: instant}).map((both): Period => ({kind: 'between', ...both})),
  instant.map((from): Period => ({kind: 'between', from})),
);
const filter: fc.Arbitrary<HistoryFilter> = fc
  .record({
    text: fc.string({maxLength: 100}),
    outcomes: fc.subarray([...callOutcomes]),
    direction: fc.constantFrom('inbound' as const, 'outbound' as const, undefined),
    period,
    withLegs: fc.boolean(),
  })
  .map(({direction, ...rest}) => ({...rest, ...(direction !== undefined && {direction})}));

test('a filter survives the round trip through a URL', () => {
  fc.assert(fc.property(filter, (each) => assert.deepEqual(filterFromQuery(filterToQuery(each)), each)));
  assert.equal(filterToQuery(NO_FILTER), '');
});

test('any URL gives a filter and a valid query', () => {
  const texts = fc.oneof(
    fc.string(),
    fc.constantFrom('outcome=nonsense,busy&from=x&to=9999999-01-01&range=1h&direction=up&legs=1&cursor=-1'),
    fc.webQueryParameters(),
  );
  fc.assert(
    fc.property(texts, (query) => {
      const asked = toCallQuery(filterFromQuery(query), NOW);
      assert.equal(asked.status, 'ended');
      assert.ok((asked.q ?? '').length <= 100);
      cursorFromQuery(query);
    }),
  );
  assert.deepEqual(filterFromQuery('outcome=nonsense,busy&from=x&range=1h&direction=up&legs=1'), {
    ...NO_FILTER,
    outcomes: ['busy'],
  });
});

test('each unknown value in a URL is named', () => {
  const ignored = (query: string) => ignoredFromQuery(query).map(({name, value}) => `${name}=${value}`);
  assert.deepEqual(ignored('outcome=nonsense,busy,x&direction=up&legs=1&q=any&mine=1'), [
    'outcome=nonsense',
    'outcome=x',
    'direction=up',
    'legs=1',
  ]);
  assert.deepEqual(ignored('range=1h&from=x&to=9999999-01-01&cursor=-1'), [
    'range=1h',
    'from=x',
    'to=9999999-01-01',
    'cursor=-1',
  ]);
  assert.deepEqual(ignored('outcome=&direction=&from='), []);
  fc.assert(fc.property(filter, (each) => assert.deepEqual(ignored(filterToQuery(each)), [])));
});

test('[H2] a cursor is a positive number, is kept next to the filter, and is dropped with a new filter', () => {
  assert.equal(cursorFromQuery('cursor=181'), '181');
  for (const nonsense of ['', 'cursor=', 'cursor=0', 'cursor=-1', 'cursor=1e5', 'cursor=9999999999999999'])
    assert.equal(cursorFromQuery(nonsense), undefined, nonsense);
  assert.equal(withCursor('q=a', '7'), 'q=a&cursor=7');
  assert.equal(withCursor('q=a&cursor=7', undefined), 'q=a');
});

test('[H2] the list and the chart cover the same hours, at most as many as the gateway counts', () => {
  fc.assert(
    fc.property(period, instant, (each, now) => {
      if (periodFault(each) !== undefined) return;
      const {from, to = now, isPart} = countedPeriod(each, now);
      if (each.kind === 'between' && each.to === undefined && (each.from ?? 0) >= now) return;
      assert.ok(Math.ceil(to / HOUR_MS) - Math.floor(from / HOUR_MS) <= 31 * 24);
      const asked = toCallQuery({...NO_FILTER, period: each}, now);
      if (!isPart) assert.equal(new Date(from).toISOString(), asked.from);
    }),
  );
  assert.deepEqual(countedPeriod({kind: 'last', hours: 24}, NOW), {
    from: Date.UTC(2026, 0, 30, 10),
    isPart: false,
  });
  assert.equal(countedPeriod({kind: 'all'}, NOW).from, Date.UTC(2026, 0, 30, 10));
  assert.equal(countedPeriod({kind: 'between', from: Date.UTC(2025, 0)}, NOW).isPart, true);
});

test('a period that ends before its start is invalid; empty filters and list-only parts are detected', () => {
  assert.equal(periodFault({kind: 'between', from: 2, to: 1}), 'The end is before the start.');
  assert.equal(periodFault({kind: 'between', from: 1, to: 2}), undefined);
  assert.ok(isEmptyFilter({...NO_FILTER, text: '  '}));
  assert.ok(!isEmptyFilter({...NO_FILTER, period: {kind: 'last', hours: 24}}));
  assert.deepEqual(listOnly({...NO_FILTER, text: ' ', period: {kind: 'last', hours: 24}}), []);
  assert.deepEqual(
    listOnly({text: 'a', outcomes: ['busy'], direction: 'inbound', period: {kind: 'all'}, withLegs: true}),
    ['text', 'outcome', 'direction', 'legs'],
  );
});

test('a local time survives the round trip through its field, to the minute', () => {
  fc.assert(
    fc.property(instant, (ms) => {
      const minute = ms - (ms % 60_000);
      // In autumn, the repeated hour equals the hour before it.
      assert.ok(Math.abs((fromLocalField(toLocalField(minute)) ?? 0) - minute) <= HOUR_MS);
    }),
  );
  for (const nonsense of ['', '0002-01-01T00:00', 'x']) assert.equal(fromLocalField(nonsense), undefined);
});
