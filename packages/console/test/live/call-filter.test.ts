/** The filter over live calls: what it finds, and how it reads as part of an address. */
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

test('text is looked for in numbers, sid, user and metadata, every word of it', () => {
  for (const text of ['', '  ', '0100001', 'CA0123', 'ADA@', 't-4711', 'vip: true', 'ticket', 'ada 4711'])
    assert.equal(finds(text), true, text);
  for (const text of ['bob', 'ada bob', '.*', '+15550100002']) assert.equal(finds(text), false, text);
});

test('a number is found however it is written', () => {
  for (const text of ['+1 (555) 010-0001', '555-010', '1.500.555', '(500) 555'])
    assert.equal(finds(text), true, text);
  // Two digits are in every number: that is no search for one.
  assert.equal(finds('0 1'), true);
  assert.equal(finds('(9)'), false);
});

test('statuses: any of the chosen; over is over, however it ended and whether its end was seen', () => {
  const by = (statuses: CallFilter['statuses'], row: Filtered) => matchesFilter(row, {text: '', statuses});
  assert.equal(by(['ringing', 'ended'], ringing), true);
  assert.equal(by(['in-progress'], ringing), false);
  assert.equal(by(['ended'], {...ringing, life: 'vanished'}), true);
  assert.equal(by(['ringing'], {...ringing, life: 'vanished'}), false);
  assert.equal(by(['ended'], {call: {...ringing.call, status: 'failed'}, life: 'ended'}), true);
});

test('an address holds the filter, and what is not ours in it stays', () => {
  fc.assert(
    fc.property(
      fc.string({unit: 'binary', maxLength: 200}),
      fc.subarray([...statusFilters]),
      (text, statuses) => {
        // Half a pair has no place in an address.
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
