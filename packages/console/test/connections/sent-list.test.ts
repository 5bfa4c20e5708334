/** The paged list of a session's messages, and the session filter as URL parameters. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {SentPage, SessionInfo} from '@hookswitch/protocol';
import {
  beginSent,
  countNewer,
  summaryOf,
  withNewest,
  withOlder,
} from '../../src/screens/connections/sent-list.ts';
import {filterFromQuery, filterToQuery, openedToQuery} from '../../src/screens/connections/session-query.ts';

const session = {} as SessionInfo;

function page(offsets: readonly number[], nextCursor?: string): SentPage {
  const messages = offsets.map((offset) => ({offset, message: {type: 'call.status', offset}}));
  return {session, messages, from: 0, ...(nextCursor !== undefined && {nextCursor})};
}

function offsets({messages}: {messages: SentPage['messages']}): number[] {
  return messages.map(({offset}) => offset);
}

test('older pages go below and newer ones on top, without duplicates', () => {
  const list = withOlder(beginSent(page([9, 8], '8')), page([8, 7, 6]));
  assert.deepEqual(offsets(list), [9, 8, 7, 6]);
  assert.equal(list.nextCursor, undefined);
  assert.deepEqual(countNewer(list, page([11, 10, 9, 8], '8')), {count: 2, more: false});
  assert.deepEqual(offsets(withNewest(list, page([11, 10, 9, 8], '8'))), [11, 10, 9, 8, 7, 6]);
});

test('when more than a page of messages is new, the list starts over instead of having a gap', () => {
  const list = beginSent(page([3, 2, 1]));
  const newest = page([9, 8, 7], '7');
  assert.deepEqual(countNewer(list, newest), {count: 3, more: true});
  assert.deepEqual(withNewest(list, newest), beginSent(newest));
});

test('messages of a newer gateway are handled', () => {
  for (const message of [null, 7, 'text', [], {type: 7, callSid: {}}]) {
    assert.equal(typeof summaryOf(message).type, 'string');
    assert.equal(summaryOf(message).callSid, undefined);
  }
  assert.deepEqual(summaryOf({type: 'call.status', callSid: 'CA1', status: 'ringing', more: 1}), {
    type: 'call.status',
    callSid: 'CA1',
    status: 'ringing',
  });
});

test('the filter is read from the URL next to other parameters; invalid values are ignored', () => {
  const filter = {q: 'a & b', phase: 'blocked', sort: 'lag'} as const;
  assert.deepEqual(filterFromQuery(filterToQuery(filter, 'session=x')), filter);
  assert.equal(filterToQuery({q: '', sort: 'connected'}, filterToQuery(filter, 'session=x')), 'session=x');
  assert.equal(openedToQuery(undefined, 'session=x&sort=lag'), 'sort=lag');
  assert.deepEqual(filterFromQuery('phase=nonsense&sort=__proto__'), {q: '', sort: 'connected'});
});
