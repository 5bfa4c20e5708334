/** Call lists in SQLite: the cost limit of a page, and calls from before the filter columns existed. */
import assert from 'node:assert/strict';
import {DatabaseSync} from 'node:sqlite';
import {test} from 'node:test';
import type {CallRecord} from '../../../src/journal/call-event.ts';
import {facetValues} from '../../../src/journal/sqlite/facet-columns.ts';
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

test('[H2] the columns of a call say what its record says, whichever of them an event changed', async (t) => {
  const {file} = temporaryDatabase(t);
  const journal = new SqliteJournal({file});
  await journal.open();
  await journal.openIntent(
    {
      reference: 'ref-1',
      user: 'ann',
      from: '+15550100001',
      to: '+4930777',
      requestHash: '',
      createdAt: START,
    },
    0,
  );
  for (const event of [
    status('CA1', 'ringing'),
    status('CA1', 'in-progress'),
    status('CA1', 'completed'),
    status('CA2', 'initiated'),
    status('CA2', 'busy'),
    // Whose it is, and where it went, becomes known only with its end.
    status('CA3', 'ringing', {to: '+15550100009'}),
    status('CA3', 'completed', {reference: 'ref-1'}),
    status('CA4', 'ringing', {parentCallSid: 'CA3'}),
    status('CA4', 'no-answer', {parentCallSid: 'CA3'}),
  ])
    await journal.append(event);
  await journal.close();
  const database = new DatabaseSync(file);
  t.after(() => database.close());
  const rows = database.prepare('SELECT * FROM calls ORDER BY first_offset').all();
  assert.equal(rows.length, 4);
  for (const row of rows) {
    const call = JSON.parse(String(row['record'])) as CallRecord;
    const {created_at, way, outcome, answered, search, owner, parent_call_sid, ended_at, updated_at} = row;
    assert.deepEqual([created_at, way, outcome, answered, search], facetValues(call), call.callSid);
    const expected = [call.owner ?? null, call.parentCallSid ?? null, call.endedAt ?? null, call.updatedAt];
    assert.deepEqual([owner, parent_call_sid, ended_at, updated_at], expected, call.callSid);
  }
  assert.equal(rows[2]?.['owner'], 'ann');
});

test('[H2] calls without an owner are in no index by owner, and a database that had them there is changed', async (t) => {
  const {file} = temporaryDatabase(t);
  const old = new DatabaseSync(file);
  migrate(old, () => 'epoch-1', 5);
  const insert = old.prepare(
    `INSERT INTO calls (first_offset, call_sid, owner, ended_at, updated_at, record) VALUES (?, ?, ?, ?, 0, ?)`,
  );
  for (const [index, [sid, owner, providerStatus]] of (
    [
      ['CA1', 'ann', 'ringing'],
      ['CA2', null, 'ringing'],
      ['CA3', 'ann', 'busy'],
      ['CA4', null, 'busy'],
    ] as const
  ).entries()) {
    const {call} = transition(undefined, status(sid, providerStatus), index + 1, {});
    const record = owner === null ? call : {...call, owner};
    insert.run(index + 1, sid, owner, call.endedAt ?? null, JSON.stringify(record));
  }
  old.close();
  const journal = new SqliteJournal({file});
  await journal.open();
  const list = async (query: object) =>
    (await journal.listCalls({limit: 10, ...query})).calls.map(({callSid}) => callSid);
  assert.deepEqual(await list({owner: 'ann'}), ['CA3', 'CA1']);
  assert.deepEqual(await list({owner: 'ann', state: 'active'}), ['CA1']);
  assert.deepEqual(await list({state: 'active'}), ['CA2', 'CA1']);
  assert.deepEqual(await list({}), ['CA4', 'CA3', 'CA2', 'CA1']);
  await journal.close();
  const database = new DatabaseSync(file);
  t.after(() => database.close());
  const rows = (index: string, where: string) =>
    database.prepare(`SELECT count(*) AS rows FROM calls INDEXED BY ${index} WHERE ${where}`).get()?.['rows'];
  assert.equal(rows('calls_by_owner', 'owner IS NOT NULL'), 2);
  assert.equal(rows('calls_in_progress_by_owner', 'ended_at IS NULL AND owner IS NOT NULL'), 1);
  assert.throws(() => rows('calls_by_owner', 'owner IS NULL'), /no query solution/);
});
