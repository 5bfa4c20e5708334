/** The journal's contract for several nodes on one database. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {setImmediate} from 'node:timers/promises';
import {Client} from 'pg';
import type {ReadResult} from '../../../src/journal/followable-journal.ts';
import type {Journal} from '../../../src/journal/journal.ts';
import type {CallHistory, HistoryEntry} from '../../../src/journal/queryable-journal.ts';
import {command, intent, START, status, wholeCall} from '../../support/journal/journal-events.ts';
import {openNodes} from '../../support/journal/journal-postgres-fixture.ts';
import {until} from '../../support/until.ts';

async function offsetsOf(journal: Journal, after = 0): Promise<readonly number[]> {
  const page = await journal.read(after, 100_000);
  assert.equal(page.kind, 'entries');
  return page.kind === 'entries' ? page.entries.map(({offset}) => offset) : [];
}

function oneTo(count: number): readonly number[] {
  return Array.from({length: count}, (_, index) => index + 1);
}

void test('[J3] two nodes that append concurrently assign offsets without gaps, and each reads all of them in order', async (t) => {
  const {nodes} = await openNodes(t, 2);
  const total = 2 * 600;
  const readers = nodes.map((node) => {
    const seen: number[] = [];
    const done = Promise.withResolvers<void>();
    let reading: Promise<void> = Promise.resolve();
    const follow = async () => {
      const page = await node.read(seen.at(-1) ?? 0, 50);
      if (page.kind !== 'entries') throw new Error('trimmed');
      seen.push(...page.entries.map(({offset}) => offset));
      if (seen.length >= total) done.resolve();
      else if (page.entries.length > 0) await follow();
    };
    node.onAppend(() => {
      reading = reading.then(follow);
      reading.catch(done.reject);
    });
    return {seen, done: done.promise};
  });
  const appends = nodes.map(async (node, index) => {
    const offsets: number[] = [];
    for (let round = 0; round < 30; round += 1) {
      const events = Array.from({length: 20}, (_, call) => status(`CA${index}-${round}-${call}`, 'ringing'));
      const results = await Promise.all(events.map((event) => node.append(event)));
      offsets.push(...results.map(({entry}) => entry.offset));
      // An acknowledged append is readable at this node, along with all earlier entries.
      assert.ok(node.head() >= Math.max(...offsets));
    }
    return offsets;
  });
  const [a = [], b = []] = await Promise.all(appends);
  // The nodes take turns in any order, but each node's own entries stay in order.
  for (const own of [a, b])
    assert.deepEqual(
      own,
      own.toSorted((x, y) => x - y),
    );
  assert.deepEqual(
    [...a, ...b].toSorted((x, y) => x - y),
    oneTo(total),
  );
  await Promise.all(readers.map(({done}) => done));
  for (const {seen} of readers) assert.deepEqual(seen, oneTo(total));
});

void test('[J3] a transaction that commits slowly is not skipped, and meanwhile nothing after it is readable', async (t) => {
  const {url, nodes} = await openNodes(t, 2);
  const [a, b] = nodes;
  assert.ok(a && b);
  await a.append(status('CA1', 'initiated'));
  // Another node that has written its entry and not committed it yet.
  const slow = new Client({connectionString: url});
  await slow.connect();
  try {
    await slow.query('BEGIN; SELECT * FROM hookswitch.journal_head FOR UPDATE');
    await slow.query(
      `INSERT INTO hookswitch.entries ("offset", dedupe_key, call_sid, verdict, event)
       VALUES (2, 'slow', 'CA-slow', 'applied', $1)`,
      [JSON.stringify(command('CA-slow', {dedupeKey: 'slow'}))],
    );
    let settled = false;
    const fast = b.append(status('CA1', 'ringing')).finally(() => {
      settled = true;
    });
    await until(async () => {
      const {rows} = await slow.query(
        `SELECT count(*)::int AS waiting FROM pg_stat_activity WHERE wait_event_type = 'Lock'`,
      );
      return rows[0].waiting === 1;
    });
    assert.equal(settled, false);
    assert.deepEqual(await offsetsOf(a), [1]);
    await slow.query('COMMIT');
    assert.equal((await fast).entry.offset, 3);
  } finally {
    await slow.end();
  }
  await until(() => a.head() === 3 && b.head() === 3);
  assert.deepEqual(await offsetsOf(a), [1, 2, 3]);
  assert.deepEqual(await offsetsOf(b), [1, 2, 3]);
});

void test('[J4] callbacks of one call that arrive at both nodes at once lead to one state', async (t) => {
  const {nodes} = await openNodes(t, 2);
  const calls = Array.from({length: 40}, (_, index) => `CA${index}`);
  const ends = ['completed', 'busy'] as const;
  await Promise.all(
    calls.flatMap((callSid) =>
      nodes.flatMap((node, index) => [
        node.append(status(callSid, 'ringing')),
        node.append(
          status(callSid, ends[index] ?? 'busy', {dedupeKey: `${callSid}:end:${index}`, sequence: 3}),
        ),
      ]),
    ),
  );
  const [a, b] = nodes;
  assert.ok(a && b);
  for (const callSid of calls) {
    const history: CallHistory | undefined = await a.callHistory(callSid);
    assert.deepEqual(history, await b.callHistory(callSid));
    const applied: readonly HistoryEntry[] =
      history?.entries.filter(({verdict}) => verdict === 'applied') ?? [];
    // The first final status stays. The other one and a later ringing are late.
    const ended: readonly HistoryEntry[] = applied.filter(({call}) => call?.endedAt !== undefined);
    assert.equal(ended.length, 1);
    assert.equal(history?.call.providerStatus, ended[0]?.call?.providerStatus);
    assert.equal(history?.call.offset, applied.at(-1)?.offset);
  }
});

void test('[J2] a webhook that both nodes receive at once is one entry', async (t) => {
  const {nodes} = await openNodes(t, 2);
  const events = Array.from({length: 50}, (_, index) => status(`CA${index}`, 'ringing'));
  const results = await Promise.all(
    nodes.map((node) => Promise.all(events.map((event) => node.append(event)))),
  );
  const [a = [], b = []] = results;
  for (const [index, {entry, repeated}] of a.entries()) {
    assert.deepEqual(b[index]?.entry, entry);
    assert.notEqual(b[index]?.repeated, repeated);
  }
  await Promise.all(nodes.map(async (node) => assert.deepEqual(await offsetsOf(node), oneTo(50))));
});

void test('[H1] an idempotency key that both nodes receive at once is one intent', async (t) => {
  const {nodes} = await openNodes(t, 2);
  const keys = Array.from({length: 20}, (_, index) => `key-${index}`);
  const results = await Promise.all(
    keys.flatMap((idempotencyKey) =>
      nodes.map((node, index) => node.openIntent(intent(`${idempotencyKey}-${index}`, {idempotencyKey}), 0)),
    ),
  );
  assert.equal(results.filter(({kind}) => kind === 'opened').length, keys.length);
  for (const result of results) {
    if (result.kind === 'exists') assert.equal(result.intent.state, 'open');
  }
});

void test('[J8] a node learns what another node has trimmed, and never returns a page with a gap', async (t) => {
  const {nodes} = await openNodes(t, 2);
  const [a, b] = nodes;
  assert.ok(a && b);
  for (const event of wholeCall('CA1')) await a.append(event);
  await a.append(status('CA2', 'ringing'));
  await until(() => b.head() === 5);
  assert.equal(await b.trim({endedBefore: START + 30_000, limit: 10}), 1);
  await a.append(status('CA3', 'ringing'));
  assert.deepEqual(await a.read(0, 10), {kind: 'too-old', oldest: 4});
  assert.deepEqual(await offsetsOf(a, 4), [5, 6]);
  assert.deepEqual(await b.read(0, 10), {kind: 'too-old', oldest: 4});
});

void test('[J8] readers that page while another node trims get no gap, or a notice that entries are gone', async (t) => {
  const {nodes} = await openNodes(t, 2);
  const [a, b] = nodes;
  assert.ok(a && b);
  const calls = Array.from({length: 150}, (_, index) => `CA${index}`);
  await Promise.all(calls.flatMap((callSid) => wholeCall(callSid)).map((event) => a.append(event)));
  const total = calls.length * 4;
  await until(() => b.head() === total);
  let trimming = true;
  const trim = a.trim({endedBefore: START + 30_000, limit: 1000}).finally(() => {
    trimming = false;
  });
  let pages = 0;
  while (trimming || pages === 0) {
    const cursor = (pages * 37) % total;
    const page: ReadResult = await b.read(cursor, 60);
    if (page.kind === 'entries') {
      const expected: readonly number[] = Array.from(
        {length: page.entries.length},
        (_, index) => cursor + 1 + index,
      );
      assert.deepEqual(
        page.entries.map(({offset}) => offset),
        expected,
      );
    } else assert.ok(page.oldest > cursor);
    pages += 1;
    // Reads from memory take no turn of the event loop, and the trim needs some.
    await setImmediate();
  }
  assert.equal(await trim, calls.length);
});

void test('[J1] a node that starts later has every entry and the same head', async (t) => {
  const {nodes} = await openNodes(t, 3);
  const [a, b, c] = nodes;
  assert.ok(a && b && c);
  for (const event of wholeCall('CA1')) await a.append(event);
  await until(() => b.head() === 4 && c.head() === 4);
  assert.deepEqual(await b.findCall('CA1'), await c.findCall('CA1'));
  assert.deepEqual(await b.activeCalls(), {offset: 4, calls: []});
});
