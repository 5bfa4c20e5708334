/** The first few of many sessions in a sort order, page by page. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {Session} from '../../../../src/services/sessions/session.ts';
import {
  type Position,
  positionOf,
  rankOf,
  SessionOrder,
} from '../../../../src/services/sessions/session-sort.ts';

const socket = {
  unsentBytes: 0,
  drainMark: 0,
  write: () => {},
  ping: () => {},
  close: () => {},
  terminate: () => {},
};

function session(id: string, fields: {now?: number; cursor?: number; unsentBytes?: number} = {}): Session {
  const {now = 0, cursor = 0, unsentBytes = 0} = fields;
  const made = new Session({
    id,
    principal: {user: 'ann', scopes: new Set()},
    socket: {...socket, unsentBytes},
    peer: {address: '', protocol: ''},
    now,
    monotonic: 0,
  });
  made.cursor = cursor;
  return made;
}

/** A small range of ranks, so that many are equal. */
const ranks = fc.array(fc.integer({min: -3, max: 3}), {maxLength: 80});

test('pages in any insertion order add up to the sorted list, with each session once', () => {
  fc.assert(
    fc.property(ranks, fc.integer({min: 1, max: 10}), fc.integer(), (list, size, salt) => {
      const all = list.map((rank, index) => ({
        rank,
        session: session(`${(index * 7919 + salt) % 1000}-${index}`),
      }));
      const sorted = all.toSorted((a, b) => b.rank - a.rank || (a.session.id < b.session.id ? -1 : 1));
      const paged: string[] = [];
      let after: Position | undefined;
      do {
        const sessionOrder = new SessionOrder(size, after);
        for (const each of all) sessionOrder.offer(each.rank, each.session);
        const page = sessionOrder.best();
        assert.ok(page.length <= size);
        paged.push(...page.map((each) => each.session.id));
        const last = page.at(-1);
        after = last === undefined ? undefined : positionOf(last);
      } while (after !== undefined);
      assert.deepEqual(
        paged,
        sorted.map((each) => each.session.id),
      );
    }),
  );
});

test('the sort orders are newest first, last active first, furthest behind first and most unsent first', () => {
  const early = session('early', {now: 1, cursor: 5, unsentBytes: 0});
  const late = session('late', {now: 2, cursor: 9, unsentBytes: 7});
  early.lastActivityAt = 3;
  assert.ok(rankOf.connected(late) > rankOf.connected(early));
  assert.ok(rankOf.activity(early) > rankOf.activity(late));
  assert.ok(rankOf.lag(early) > rankOf.lag(late));
  assert.ok(rankOf.unsent(late) > rankOf.unsent(early));
});
