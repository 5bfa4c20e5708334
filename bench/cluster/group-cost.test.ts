import assert from 'node:assert/strict';
import {test} from 'node:test';
import {databaseOf, postgresServer} from '../../test/support/postgres/postgres.ts';
import {measureGroups} from './group-cost.ts';

test('a group is one transaction with one event per call', async (t) => {
  const databaseUrl = await databaseOf(t);
  const measured = await measureGroups({databaseUrl, sizes: [1, 5], groups: 4, warmUpGroups: 2});
  assert.deepEqual(
    measured.map(({size}) => size),
    [1, 5],
  );
  for (const {lockedMs, perSecond} of measured) assert.ok(lockedMs > 0 && perSecond > 0);
  const server = await postgresServer();
  const groups = await server.query(
    `SELECT count(*)::int AS entries, count(DISTINCT call_sid)::int AS calls, min(verdict) AS verdict
     FROM hookswitch.entries GROUP BY xmin::text ORDER BY min("offset")`,
    new URL(databaseUrl).pathname.slice(1),
  );
  const group = (size: number) => ({entries: size, calls: size, verdict: 'applied'});
  assert.deepEqual(groups, [...Array<object>(6).fill(group(1)), ...Array<object>(6).fill(group(5))]);
});
