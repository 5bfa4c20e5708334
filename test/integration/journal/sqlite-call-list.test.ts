/** Call lists in SQLite: the cost limit of a page, and calls from before the filter columns existed. */
import assert from 'node:assert/strict';
import {DatabaseSync} from 'node:sqlite';
import {test} from 'node:test';
import {CallListQueries} from '../../../src/journal/sqlite/reader/call-list-queries.ts';
import {migrate} from '../../../src/journal/sqlite/schema.ts';
import {SqliteJournal} from '../../../src/journal/sqlite/sqlite-journal.ts';
import {transition} from '../../../src/journal/transition.ts';
import {START, status} from '../../support/journal/journal-events.ts';
import {temporaryDatabase} from '../../support/journal/journal-sqlite-fixture.ts';

test('[H2] a page scans a bounded number of calls, and following the cursor finds every match once', async (t) => {
  const {file} = temporaryDatabase(t);
  const journal = new SqliteJournal({file});
  await journal.open();
  const appends = Array.from({length: 95}, (_, index) =>
    journal.append(
      status(`CA${index}`, index % 5 === 3 ? 'completed' : 'busy', {
        ...(index % 23 === 5 || index === 58 ? {direction: 'inbound' as const} : {}),
        to: index === 3 || index === 60 ? '+4930777' : '+15550100002',
      }),
    ),
  );
  await Promise.all(appends);
  await journal.close();
  const database = new DatabaseSync(file);
  t.after(() => database.close());
  const lists = new CallListQueries((sql) => database.prepare(sql), {indexRows: 20, tableRows: 10});
  for (const [query, pages, expected] of [
    [{text: '777'}, 5, ['CA60', 'CA3']],
    [{text: '888'}, 5, []],
    [{outcomes: ['completed'] as const, createdFrom: START + 3_600_000 * 24 * 365}, 1, []],
    [
      {outcomes: ['completed', 'busy'] as const, direction: 'inbound' as const},
      8,
      ['CA74', 'CA58', 'CA51', 'CA28', 'CA5'],
    ],
  ] as const) {
    const found: string[] = [];
    let count = 0;
    let before: number | undefined;
    do {
      const page = JSON.parse(lists.list({...query, limit: 5, ...(before === undefined ? {} : {before})}));
      assert.ok(page.next === undefined || page.next < (before ?? Infinity));
      found.push(...page.calls.map((call: {callSid: string}) => call.callSid));
      before = page.next;
      count += 1;
    } while (before !== undefined);
    assert.deepEqual(found, expected);
    assert.equal(count, pages, JSON.stringify(query));
  }
});

test('[H2] calls of a database without the filter columns are found and counted', async (t) => {
  const {file} = temporaryDatabase(t);
  const old = new DatabaseSync(file);
  migrate(old, () => 'epoch-1', 1);
  const insert = old.prepare(
    `INSERT INTO calls (first_offset, call_sid, parent_call_sid, owner, ended_at, updated_at, record)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
  );
  for (const [index, event] of [
    status('CA1', 'completed', {from: '+4930777', direction: 'inbound'}),
    status('CA2', 'busy', {parentCallSid: 'CA1'}),
    status('CA3', 'ringing'),
  ].entries()) {
    const {call} = transition(undefined, event, index + 1, {owner: 'ann'});
    const {callSid, parentCallSid = null, endedAt = null, updatedAt} = call;
    insert.run(index + 1, callSid, parentCallSid, 'ann', endedAt, updatedAt, JSON.stringify(call));
  }
  old.close();
  const journal = new SqliteJournal({file});
  await journal.open();
  t.after(() => journal.close());
  const list = async (query: object) =>
    (await journal.listCalls({limit: 10, ...query})).calls.map(({callSid}) => callSid);
  assert.deepEqual(await list({}), ['CA3', 'CA2', 'CA1']);
  assert.deepEqual(await list({text: '30777'}), ['CA1']);
  assert.deepEqual(await list({outcomes: ['busy']}), ['CA2']);
  assert.deepEqual(await list({direction: 'inbound'}), ['CA1']);
  assert.deepEqual(await list({createdFrom: START, createdBefore: START + 4000, text: 'ca1'}), ['CA1']);
  const hour = START / 3_600_000;
  assert.deepEqual(await journal.callStatistics({fromHour: hour, toHour: hour + 1, owner: 'ann'}), [
    {hour, answered: 1, completed: 1, busy: 0, 'no-answer': 0, canceled: 0, failed: 0},
  ]);
});
