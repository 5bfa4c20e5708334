/** The filter of the live calls: matching, and URL parameters. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {
  type CallFilter,
  type Filtered,
  filterFromQuery,
  filterToQuery,
  isEmptyFilter,
  isSameFilter,
  matchesFilter,
  statusFilters,
} from '../../src/screens/live/call-filter.ts';

const ringing: Filtered = {
  call: {
    callSid: 'CA0123456789abcdef0123456789abcdef',
    status: 'ringing',
    from: '+15005550006',
    to: '+15550100001',
    user: 'ada@example.com',
    metadata: {ticket: 'T-4711', vip: true},
  },
  life: 'in-progress',
};
const finds = (text: string, row: Filtered = ringing) => matchesFilter(row, {text, statuses: []});

test('every word of the text must occur in numbers, sid, user or metadata', () => {
  for (const text of ['', '  ', '0100001', 'CA0123', 'ADA@', 't-4711', 'vip: true', 'ticket', 'ada 4711'])
    assert.equal(finds(text), true, text);
  for (const text of ['bob', 'ada bob', '.*', '+15550100002']) assert.equal(finds(text), false, text);
});

test('a number is found in any notation', () => {
  for (const text of ['+1 (555) 010-0001', '555-010', '1.500.555', '(500) 555'])
    assert.equal(finds(text), true, text);
  // Two digits are not treated as a number, because they occur in nearly all.
  assert.equal(finds('0 1'), true);
  assert.equal(finds('(9)'), false);
});

test('a call matches any chosen status; all calls that are over match “ended”', () => {
  const by = (statuses: CallFilter['statuses'], row: Filtered) => matchesFilter(row, {text: '', statuses});
  assert.equal(by(['ringing', 'ended'], ringing), true);
  assert.equal(by(['in-progress'], ringing), false);
  assert.equal(by(['ended'], {...ringing, life: 'vanished'}), true);
  assert.equal(by(['ringing'], {...ringing, life: 'vanished'}), false);
  assert.equal(by(['ended'], {call: {...ringing.call, status: 'failed'}, life: 'ended'}), true);
});

test('the filter survives the round trip through a URL, and other parameters stay', () => {
  fc.assert(
    fc.property(
      fc.string({unit: 'binary', maxLength: 200}),
      fc.subarray([...statusFilters]),
      (text, statuses) => {
        // A lone surrogate cannot be part of a URL.
        fc.pre(text.isWellFormed());
        const filter = {text, statuses};
        const query = filterToQuery(filter, 'tab=2');
        assert.ok(isSameFilter(filterFromQuery(query), filter));
        assert.equal(new URLSearchParams(query).get('tab'), '2');
        assert.equal(filterToQuery(filter, query), query);
      },
    ),
  );
  assert.equal(filterToQuery({text: '', statuses: []}), '');
  assert.ok(isEmptyFilter(filterFromQuery('?q=&status=sleeping,,&x=1')));
  assert.deepEqual(filterFromQuery('status=ended,ringing'), {text: '', statuses: ['ringing', 'ended']});
  assert.equal(filterFromQuery(`q=${'a'.repeat(1000)}`).text.length, 200);
});
