/** Resuming: everything missed, once and in order, or a snapshot, but never a part (W3, W11, W12). */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {Journal} from '../../../src/journal/journal.ts';
import {startGateway} from '../../support/gateway/gateway.ts';
import {postWebhook, someCallSid, statusFields} from '../../support/twilio/signed-webhook.ts';
import {until} from '../../support/until.ts';
import type {TestClient} from '../../support/websocket/client.ts';
import {callSid, startSessionHost} from './session-host.ts';

const offsets = (client: TestClient) => client.of('call.status').map(({offset}) => offset);
const range = (first: number, last: number) =>
  Array.from({length: last - first + 1}, (_, index) => first + index);
const types = (client: TestClient) => client.messages.map(({type}) => type);

test('[W11] a resume at the head is recovered, repeats nothing, and continues with live entries', async () => {
  await using host = await startSessionHost();
  await host.appendCalls(5);
  const client = await host.session({resume: {epoch: host.epoch, offset: 5}});
  const ready = await client.ready();
  assert.deepEqual([ready.recovered, ready.offset], [true, 5]);
  await host.append(9, 'ringing');
  await client.receive('call.status');
  assert.deepEqual(types(client), ['session.ready', 'session.heartbeat', 'call.status']);
});

test('[W11] a resume at 0 before the first entry is recovered and continues live', async () => {
  await using host = await startSessionHost();
  const first = await host.session();
  const {epoch, offset} = first.position();
  assert.equal(offset, 0);
  first.terminate();
  await host.append(1, 'ringing');
  const client = await host.session({resume: {epoch, offset}});
  assert.equal((await client.ready()).recovered, true);
  // The heartbeat follows all missed entries.
  const caughtUp = await client.receive('session.heartbeat');
  assert.deepEqual(types(client), ['session.ready', 'call.status', 'session.heartbeat']);
  assert.equal(caughtUp.offset, client.of('call.status')[0]?.offset);
});

test('[W11] a resume in the middle gets every later entry once, in order, without a snapshot', async () => {
  await using host = await startSessionHost();
  await host.appendCalls(500);
  const client = await host.session({resume: {epoch: host.epoch, offset: 123}});
  await client.receive('call.status', ({offset}) => offset === 500);
  assert.deepEqual(offsets(client), range(124, 500));
  assert.equal(client.of('call.snapshot').length, 0);
});

test('[W11] a resume has no gap and no repetition while callbacks arrive', async () => {
  await using host = await startSessionHost();
  await host.appendCalls(100);
  let going = true;
  const flow = (async () => {
    for (let call = 1000; going; call += 1) await host.append(call, 'ringing');
  })();
  const clients: TestClient[] = [];
  for (let offset = 0; offset <= 100; offset += 10) {
    clients.push(host.connect({resume: {epoch: host.epoch, offset}}));
    const head = host.journal.head();
    await until(() => host.journal.head() > head + 2);
  }
  await Promise.all(clients.map((client) => client.ready()));
  going = false;
  await flow;
  await host.caughtUp();
  const head = host.journal.head();
  for (const [index, client] of clients.entries()) {
    await client.receive('call.status', ({offset}) => offset === head);
    assert.deepEqual(offsets(client), range(index * 10 + 1, head));
  }
});

for (const [name, query] of [
  ['N beyond the head', (epoch: string) => `?epoch=${epoch}&offset=6`],
  ['another epoch', () => '?epoch=other&offset=3'],
  ['an empty epoch', () => '?epoch=&offset=3'],
  ['no epoch', () => '?offset=3'],
  ['no offset', (epoch: string) => `?epoch=${epoch}`],
  ['a negative offset', (epoch: string) => `?epoch=${epoch}&offset=-1`],
  ['an offset with a fraction', (epoch: string) => `?epoch=${epoch}&offset=1.5`],
  ['an offset that is not a number', (epoch: string) => `?epoch=${epoch}&offset=abc`],
  ['an offset in hexadecimal', (epoch: string) => `?epoch=${epoch}&offset=0x3`],
  ['an offset beyond the safe integers', (epoch: string) => `?epoch=${epoch}&offset=99999999999999999999`],
  ['an offset with an exponent', (epoch: string) => `?epoch=${epoch}&offset=1e0`],
  ['an empty offset', (epoch: string) => `?epoch=${epoch}&offset=`],
] as const) {
  test(`[W11] [W3] ${name}: not recovered, and a snapshot`, async () => {
    await using host = await startSessionHost();
    await host.appendCalls(5);
    const client = await host.session({query: query(host.epoch)});
    const ready = await client.ready();
    const snapshot = await client.receive('call.snapshot');
    assert.deepEqual([ready.recovered, ready.offset, snapshot.offset], [false, 5, 5]);
    assert.equal(snapshot.calls.length, 5);
    assert.deepEqual(types(client), ['session.ready', 'call.snapshot']);
  });
}

/** A journal with earlier entries when the services start. Records the reads. */
function withPast(entries: number, reads: number[]) {
  return (journal: Journal): Journal => {
    const [open, read] = [journal.open.bind(journal), journal.read.bind(journal)];
    const past = {
      kind: 'status',
      source: 'callback',
      providerStatus: 'ringing',
      from: '+1',
      to: '+2',
    } as const;
    return Object.assign(journal, {
      open: async () => {
        const opening = await open();
        const at = {happenedAt: 1000, receivedAt: 1000};
        const appended = range(1, entries).map((number) =>
          journal.append({...past, ...at, callSid: callSid(number), dedupeKey: `past:${number}`}),
        );
        await Promise.all(appended);
        return opening;
      },
      read: (after: number, limit: number) => {
        reads.push(after);
        return read(after, limit);
      },
    });
  };
}

test('[W11] resumes after a restart are served from memory, and are not counted as new deliveries', async () => {
  const reads: number[] = [];
  await using host = await startSessionHost({wrapJournal: withPast(300, reads)});
  reads.length = 0;
  const clients = [0, 100, 299].map((offset) => host.connect({resume: {epoch: host.epoch, offset}}));
  for (const client of clients) await client.receive('call.status', ({offset}) => offset === 300);
  assert.deepEqual(clients.map(offsets), [range(1, 300), range(101, 300), [300]]);
  assert.deepEqual(reads, []);
  await host.append(301, 'ringing');
  for (const client of clients) await client.receive('call.status', ({offset}) => offset === 301);
  const ages = async () => {
    const {values} = await host.metrics.eventAgeSeconds.get();
    return values.find(({metricName}) => metricName?.endsWith('_count'))?.value;
  };
  await until(async () => (await ages()) !== 0);
  assert.equal(await ages(), 1);
});

test("[W11] resumes from before the feed's memory share one read per page", async () => {
  const reads: number[] = [];
  await using host = await startSessionHost({feedBytes: 0, wrapJournal: withPast(300, reads)});
  reads.length = 0;
  const client = host.connect({resume: {epoch: host.epoch, offset: 10}});
  await client.receive('call.status', ({offset}) => offset === 300);
  assert.deepEqual(offsets(client), range(11, 300));
  // Pages start at fixed offsets, so that all resuming sessions share them.
  assert.deepEqual(reads, [0, 256]);
});

test('[W11] [J8] a resume at trimmed entries is not recovered, and gets a snapshot and no older entry', async () => {
  await using host = await startSessionHost({feedBytes: 2000});
  for (let call = 0; call < 40; call += 1) await host.append(call, 'completed');
  await host.appendCalls(40, {first: 100});
  assert.equal(await host.journal.trim({endedBefore: Date.now() + 1000, limit: 30}), 30);
  const trimmedTo = 30;
  const before = await host.session({resume: {epoch: host.epoch, offset: trimmedTo - 1}});
  assert.equal((await before.ready()).recovered, false);
  assert.equal((await before.receive('call.snapshot')).calls.length, 40);
  assert.deepEqual(offsets(before), []);
  const at = await host.session({resume: {epoch: host.epoch, offset: trimmedTo}});
  assert.equal((await at.ready()).recovered, true);
  await at.receive('call.status', ({offset}) => offset === 80);
  assert.deepEqual(offsets(at), range(31, 80));
});

test('[W11] a session whose next page was trimmed is closed with 1001, and never skips a gap', async () => {
  let pages = 0;
  const trimmed: {now?: () => Promise<void>} = {};
  await using host = await startSessionHost({
    feedBytes: 2000,
    wrapJournal: (journal) => {
      const read = journal.read.bind(journal);
      return Object.assign(journal, {
        read: async (after: number, limit: number) => {
          // In this session, two pages succeed, and then the entries are trimmed.
          if (limit <= 256 && ++pages === 3) await trimmed.now?.();
          return read(after, limit);
        },
      });
    },
  });
  for (let call = 0; call < 800; call += 1) void host.append(call, 'completed');
  await host.appendCalls(100, {first: 1000});
  trimmed.now = async () => {
    await host.journal.trim({endedBefore: Date.now() + 1000, limit: 600});
  };
  const client = host.connect({resume: {epoch: host.epoch, offset: 1}});
  assert.equal(await client.closed(), 1001);
  const seen = offsets(client);
  assert.deepEqual(seen, range(2, seen.at(-1) ?? 0));
  assert.ok(seen.length < 600);
  const again = await host.session({resume: client.position()});
  assert.equal((await again.ready()).recovered, false);
});

test('[W11] a session far behind the memory is served page by page from the journal', async () => {
  await using host = await startSessionHost({feedBytes: 4000});
  await host.appendCalls(3000);
  assert.ok(host.feed.floor > 2900);
  const far = await host.session({resume: {epoch: host.epoch, offset: 0}});
  const near = await host.session({resume: {epoch: host.epoch, offset: host.feed.floor - 1}});
  assert.equal((await far.ready()).recovered, true);
  const live = host.appendCalls(300, {first: 5000});
  await far.receive('call.status', ({offset}) => offset === 3300, 30_000);
  await live;
  await near.receive('call.status', ({offset}) => offset === 3300);
  assert.deepEqual(offsets(far), range(1, 3300));
  assert.equal(offsets(near).length, 3300 - (await near.ready()).offset);
});

test('[W11] a resume across a restart gets the entries that arrived without a listener', async () => {
  await using gateway = await startGateway();
  const postStatus = async (call: number, CallStatus: string) => {
    const fields = statusFields(gateway, {CallSid: someCallSid(call), CallStatus});
    assert.equal((await postWebhook(gateway, fields)).status, 204);
  };
  const first = await gateway.session();
  await postStatus(1, 'ringing');
  await first.receive('call.status');
  const position = first.position();
  await Promise.all([gateway.restart(), first.closed()]);
  assert.equal(first.closeCode, 1001);
  await postStatus(1, 'in-progress');
  await postStatus(2, 'ringing');
  await gateway.restart();
  await postStatus(1, 'completed');
  const second = await gateway.session({resume: position});
  const ready = await second.ready();
  assert.deepEqual([ready.recovered, ready.epoch], [true, position.epoch]);
  await second.receive('call.status', ({status}) => status === 'completed');
  assert.deepEqual(
    second.of('call.status').map(({callSid, providerStatus}) => [callSid, providerStatus]),
    [
      [someCallSid(1), 'in-progress'],
      [someCallSid(2), 'ringing'],
      [someCallSid(1), 'completed'],
    ],
  );
});

test('[W11] a subscription during a page read gets its snapshot after the page, without losing an entry', async () => {
  const subscribed = Promise.withResolvers<void>();
  await using host = await startSessionHost({
    feedBytes: 2000,
    wrapJournal: (journal) => {
      const read = journal.read.bind(journal);
      const late = async (after: number, limit: number) => {
        // Not the first page, because session.ready arrives with it.
        if (limit === 256 && after > 10) await subscribed.promise;
        return read(after, limit);
      };
      return Object.assign(journal, {read: late});
    },
  });
  await host.appendCalls(600);
  const client = await host.session({resume: {epoch: host.epoch, offset: 10}});
  const {sessionId} = await client.ready();
  const before = host.describe(sessionId)?.lastActivityAt;
  await until(() => new Date().toISOString() !== before);
  client.send({type: 'call.subscribe', calls: 'all', requestId: 's'});
  await until(() => host.describe(sessionId)?.lastActivityAt !== before);
  assert.equal(host.describe(sessionId)?.phase, 'reading');
  subscribed.resolve();
  const snapshot = await client.receive('call.snapshot');
  assert.equal(snapshot.requestId, 's');
  await client.receive('call.status', ({offset}) => offset === 600);
  assert.deepEqual(offsets(client), range(11, 600));
  assert.equal(client.messages.at(-1), snapshot);
});

test('[W2] requests before session.ready are answered after it', async () => {
  const asked = Promise.withResolvers<void>();
  await using host = await startSessionHost({
    feedBytes: 2000,
    wrapJournal: (journal) => {
      const read = journal.read.bind(journal);
      const late = async (after: number, limit: number) => {
        if (limit === 256) await asked.promise;
        return read(after, limit);
      };
      return Object.assign(journal, {read: late});
    },
  });
  await host.appendCalls(100);
  const client = host.connect({resume: {epoch: host.epoch, offset: 5}});
  await client.opened();
  client.send({type: 'nonsense', requestId: 'early'});
  client.send({type: 'call.subscribe', calls: [], requestId: 'subscribed'});
  const opening = await until(() =>
    [...host.sessions.sessionList.list()].find(({phase}) => phase === 'opening'),
  );
  await until(() => (host.describe(opening.sessionId)?.subscription ?? 'all') !== 'all');
  asked.resolve();
  await client.receive('call.snapshot');
  assert.deepEqual(types(client), ['session.ready', 'error', 'session.heartbeat', 'call.snapshot']);
  assert.equal(client.of('error')[0]?.requestId, 'early');
});

test('[W11] an unreadable journal closes with 4500, and the next attempt succeeds', async () => {
  let failures = 1;
  await using host = await startSessionHost({
    feedBytes: 2000,
    wrapJournal: (journal) => {
      const read = journal.read.bind(journal);
      return Object.assign(journal, {
        read: async (after: number, limit: number) => {
          if (limit <= 256 && failures-- > 0) throw new Error('disk trouble');
          return read(after, limit);
        },
      });
    },
  });
  await host.appendCalls(100);
  const resume = {epoch: host.epoch, offset: 1};
  assert.equal(await host.connect({resume}).closed(), 4500);
  const client = await host.session({resume});
  await client.receive('call.status', ({offset}) => offset === 100);
  assert.deepEqual(offsets(client), range(2, 100));
});

test('sessions that close during their catch-up leave nothing behind', async () => {
  await using host = await startSessionHost({feedBytes: 2000});
  await host.appendCalls(2000);
  for (let round = 0; round < 10; round += 1) {
    const clients = range(1, 10).map((offset) => host.connect({resume: {epoch: host.epoch, offset}}));
    for (const client of clients.slice(0, 5)) client.ws.once('open', () => client.terminate());
    for (const client of clients.slice(5)) client.ws.once('message', () => client.terminate());
    await Promise.all(clients.map((client) => client.closed()));
  }
  await until(() => host.sessions.openCount === 0);
  assert.doesNotMatch(host.logs.join(''), /"level":"error"/);
});
