import assert from 'node:assert/strict';
import {existsSync, statSync} from 'node:fs';
import {DatabaseSync} from 'node:sqlite';
import {type TestContext, test} from 'node:test';
import {setImmediate as turn} from 'node:timers/promises';
import type {Worker} from 'node:worker_threads';
import {JournalUnavailableError} from '../../../src/errors/app-error.ts';
import type {Journal} from '../../../src/journal/journal.ts';
import {SqliteJournal} from '../../../src/journal/sqlite/sqlite-journal.ts';
import {
  limitFileSize,
  mountSmallDisk,
  readOnlyFolder,
  setImmutable,
} from '../../support/journal/journal-disk.ts';
import {status} from '../../support/journal/journal-events.ts';
import {temporaryDatabase} from '../../support/journal/journal-sqlite-fixture.ts';

const parameters = {Filler: 'x'.repeat(2000)};

/**
 * Appends until every append is refused, and returns the acknowledged keys.
 *
 * The first refusal is not the end: reopening moves the WAL into the database, which can leave room for more.
 */
async function appendUntilRefused(journal: Journal): Promise<readonly string[]> {
  const acknowledged: string[] = [];
  let refusedInARow = 0;
  for (let index = 0; index < 5000; index += 20) {
    const before = acknowledged.length;
    const group = Array.from({length: 20}, (_, each) => status(`CA${index + each}`, 'ringing', {parameters}));
    for (const result of await Promise.allSettled(group.map((event) => journal.append(event)))) {
      if (result.status === 'fulfilled') acknowledged.push(result.value.entry.event.dedupeKey);
      else assert.ok(result.reason instanceof JournalUnavailableError, String(result.reason));
    }
    refusedInARow = acknowledged.length === before ? refusedInARow + 1 : 0;
    if (refusedInARow === 5) return acknowledged;
  }
  throw new Error('the disk did not fill up');
}

/**
 * Checks that every acknowledged entry exists once, without gaps, now and after a restart in the same epoch.
 */
async function assertWhole(journal: Journal, file: string, epoch: string, keys: readonly string[]) {
  const look = async (from: Journal) => {
    const page = await from.read(0, 100_000);
    if (page.kind !== 'entries') throw new Error('trimmed');
    assert.deepEqual(
      page.entries.map(({offset}) => offset),
      page.entries.map((_, index) => index + 1),
    );
    return page.entries.map(({event}) => event.dedupeKey);
  };
  const before = await look(journal);
  assert.deepEqual(before.filter((key) => keys.includes(key)).sort(), [...keys].sort());
  await journal.close();
  const again = new SqliteJournal({file});
  assert.deepEqual(await again.open(), {epoch, head: before.length});
  assert.deepEqual(await look(again), before);
  await again.close();
}

async function assertFillsUpAndRecovers(file: string, recover: () => void): Promise<void> {
  const journal = new SqliteJournal({file});
  const {epoch} = await journal.open();
  const acknowledged = await appendUntilRefused(journal);
  assert.ok(acknowledged.length > 0);
  await assert.rejects(
    Promise.all(
      Array.from({length: 50}, (_, index) =>
        journal.append(status(`CA-full-${index}`, 'ringing', {parameters})),
      ),
    ),
    JournalUnavailableError,
  );
  assert.deepEqual(await journal.read(journal.head(), 1), {kind: 'entries', entries: []});
  recover();
  await journal.probe();
  const {entry} = await journal.append(status('CA-after', 'ringing'));
  await assertWhole(journal, file, epoch, [...acknowledged, entry.event.dedupeKey]);
}

test('[J1] [H4] a full disk refuses appends, and the journal recovers when space is available again', async (t) => {
  const disk = mountSmallDisk(t, 1_500_000);
  // On a machine without mount permission, the next test takes the same path with a file size limit.
  if (disk === undefined) return t.skip('this system does not let a test mount a small disk');
  await assertFillsUpAndRecovers(`${disk.folder}/hookswitch.db`, () => disk.resize(64_000_000));
});

test('[J1] [H4] a file size limit refuses appends, and the journal recovers when the limit is gone', async (t) => {
  const {file} = temporaryDatabase(t);
  if (!limitFileSize(600_000))
    return t.skip('prlimit is not installed on this machine (apt-get install util-linux)');
  t.after(() => limitFileSize('unlimited'));
  await assertFillsUpAndRecovers(file, () => limitFileSize('unlimited'));
});

test('[J1] [H4] a read-only WAL refuses appends and probes, and the journal recovers', async (t) => {
  const {file} = temporaryDatabase(t);
  const journal = new SqliteJournal({file});
  const {epoch} = await journal.open();
  const {entry} = await journal.append(status('CA1', 'ringing'));
  if (!setImmutable(`${file}-wal`, true)) {
    await journal.close();
    return t.skip('chattr +i does not work here: it needs root and e2fsprogs (apt-get install e2fsprogs)');
  }
  t.after(() => setImmutable(`${file}-wal`, false));
  await assert.rejects(journal.append(status('CA2', 'ringing')), JournalUnavailableError);
  await assert.rejects(journal.probe(), JournalUnavailableError);
  assert.equal(journal.head(), 1);
  setImmutable(`${file}-wal`, false);
  await journal.probe();
  const {entry: after} = await journal.append(status('CA2', 'ringing'));
  await assertWhole(journal, file, epoch, [entry.event.dedupeKey, after.event.dedupeKey]);
});

test('[J1] [W11] an unwritable mark refuses appends and probes, and the journal recovers', async (t) => {
  const {file} = temporaryDatabase(t);
  const journal = new SqliteJournal({file});
  const {epoch} = await journal.open();
  const {entry} = await journal.append(status('CA1', 'ringing'));
  if (!setImmutable(`${file}.mark`, true)) {
    await journal.close();
    return t.skip('chattr +i does not work here: it needs root and e2fsprogs (apt-get install e2fsprogs)');
  }
  t.after(() => setImmutable(`${file}.mark`, false));
  const event = status('CA2', 'ringing');
  await assert.rejects(journal.append(event), JournalUnavailableError);
  await assert.rejects(journal.probe(), JournalUnavailableError);
  assert.equal(journal.head(), 1);
  assert.deepEqual(await journal.read(1, 10), {kind: 'entries', entries: []});
  setImmutable(`${file}.mark`, false);
  await journal.probe();
  // The entry was committed but never acknowledged, so the retry finds it.
  assert.equal(journal.head(), 2);
  assert.equal((await journal.append(event)).repeated, true);
  await assertWhole(journal, file, epoch, [entry.event.dedupeKey, event.dedupeKey]);
});

test('a read-only folder is refused when the journal is opened', async (t) => {
  const folder = readOnlyFolder(t);
  if (folder === undefined) return t.skip('this system has no way to a read-only folder');
  await assert.rejects(new SqliteJournal({file: `${folder}/hookswitch.db`}).open(), JournalUnavailableError);
  await assert.rejects(
    new SqliteJournal({file: `${folder}/data/hookswitch.db`}).open(),
    JournalUnavailableError,
  );
});

test('a second gateway on the same database is refused, and admitted once the first has stopped', async (t) => {
  const {file} = temporaryDatabase(t);
  const first = new SqliteJournal({file});
  await first.open();
  await assert.rejects(new SqliteJournal({file}).open(), /hookswitch\.db is in use by another process/);
  await first.append(status('CA1', 'ringing'));
  await first.close();
  const second = new SqliteJournal({file});
  assert.equal((await second.open()).head, 1);
  await second.close();
});

test('a database of a newer version is refused and left unchanged', async (t) => {
  const {file} = temporaryDatabase(t);
  const journal = new SqliteJournal({file});
  await journal.open();
  await journal.close();
  const database = new DatabaseSync(file);
  database.exec('PRAGMA user_version = 999');
  database.close();
  await assert.rejects(new SqliteJournal({file}).open(), /schema version 999 .* newer Hookswitch/);
});

/** The journal's worker threads, writer first. */
async function openAndCatchWorkers(journal: SqliteJournal): Promise<readonly Worker[]> {
  const workers: Worker[] = [];
  const collectWorker = (worker: Worker) => workers.push(worker);
  process.on('worker', collectWorker);
  await journal.open();
  process.off('worker', collectWorker);
  return workers;
}

/** Retries until the journal has restarted its worker. */
async function untilAvailable<Result>(attempt: () => Promise<Result>): Promise<Result> {
  for (const deadline = performance.now() + 5000; ; ) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof JournalUnavailableError) || performance.now() > deadline) throw error;
      await turn();
    }
  }
}

for (const [index, name] of ['writer', 'reader'].entries()) {
  test(`[J7] if the ${name}'s thread ends, waiting requests are refused and the journal continues`, async (t) => {
    const {file} = temporaryDatabase(t);
    const faults: Error[] = [];
    const journal = new SqliteJournal({file, onFault: (fault) => faults.push(fault)});
    const workers = await openAndCatchWorkers(journal);
    const {entry: first} = await journal.append(status('CA-first', 'ringing'));
    const appends = Promise.allSettled(
      Array.from({length: 500}, (_, each) => journal.append(status(`CA${each}`, 'ringing'))),
    );
    const lists = Promise.allSettled(Array.from({length: 50}, () => journal.listCalls({limit: 10})));
    await turn();
    await workers[index]?.terminate();
    const acknowledged = [first.event.dedupeKey];
    for (const result of await appends) {
      if (result.status === 'fulfilled') acknowledged.push(result.value.entry.event.dedupeKey);
      else assert.ok(result.reason instanceof JournalUnavailableError);
    }
    for (const result of await lists) {
      if (result.status === 'rejected') assert.ok(result.reason instanceof JournalUnavailableError);
    }
    const again = await untilAvailable(() => journal.append(status('CA-after', 'ringing')));
    assert.equal((await untilAvailable(() => journal.findCall('CA-after')))?.offset, again.entry.offset);
    assert.match(faults.map(({message}) => message).join(), /worker thread of the journal ended/);
    const head = journal.head();
    const page = await journal.read(0, 10_000);
    assert.equal(page.kind === 'entries' ? page.entries.length : 0, head);
    await journal.close();
    const reopened = new SqliteJournal({file});
    const opening = await reopened.open();
    assert.equal(opening.head, head);
    assert.equal(opening.lost, undefined);
    for (const key of acknowledged) {
      const [callSid = ''] = key.split(':');
      assert.equal((await reopened.findCall(callSid))?.callSid, callSid);
    }
    await reopened.close();
  });
}

/** Holds the database's write lock on another connection, so that the writer has to wait in its thread. */
function holdWriteLock(t: TestContext, file: string): DatabaseSync {
  const other = new DatabaseSync(file);
  t.after(() => {
    if (other.isOpen) other.close();
  });
  other.exec('BEGIN IMMEDIATE');
  return other;
}

test('[J1] the event loop and reads continue while the writer waits for the disk', async (t) => {
  const {file} = temporaryDatabase(t);
  const journal = new SqliteJournal({file});
  await journal.open();
  await journal.append(status('CA1', 'ringing'));
  const other = holdWriteLock(t, file);
  let acknowledged = false;
  const append = journal.append(status('CA2', 'ringing')).then(() => {
    acknowledged = true;
  });
  for (let turns = 0; turns < 200; turns += 1) {
    await turn();
    if (turns % 10 === 0) assert.equal((await journal.findCall('CA1'))?.callSid, 'CA1');
  }
  assert.equal(acknowledged, false);
  assert.equal(await journal.findCall('CA2'), undefined);
  other.exec('COMMIT');
  await append;
  await journal.close();
});

test('[J1] requests beyond the queue limit are refused at once, and queued requests are kept', async (t) => {
  const {file} = temporaryDatabase(t);
  const journal = new SqliteJournal({file, maxPending: 100});
  await journal.open();
  const other = holdWriteLock(t, file);
  const appends = Array.from({length: 150}, (_, index) => journal.append(status(`CA${index}`, 'ringing')));
  const refused = Promise.allSettled(appends.slice(100));
  for (const result of await refused) assert.equal(result.status, 'rejected');
  other.exec('COMMIT');
  assert.equal((await Promise.all(appends.slice(0, 100))).length, 100);
  assert.equal(journal.head(), 100);
  await journal.close();
});

test('[J1] an event that cannot be written fails alone and leaves no gap', async (t) => {
  const {file} = temporaryDatabase(t);
  const journal = new SqliteJournal({file});
  await journal.open();
  const broken = {...status('CA2', 'ringing'), dedupeKey: undefined as unknown as string};
  const results = await Promise.allSettled(
    [status('CA1', 'ringing'), broken, status('CA3', 'ringing')].map((event) => journal.append(event)),
  );
  assert.deepEqual(
    results.map((result) => (result.status === 'fulfilled' ? result.value.entry.offset : 'refused')),
    [1, 'refused', 2],
  );
  await journal.close();
});

test('the WAL stays small under continuous reads', async (t) => {
  const {file} = temporaryDatabase(t);
  const journal = new SqliteJournal({file});
  await journal.open();
  let reading = true;
  const readers = Promise.all(
    Array.from({length: 4}, async () => {
      while (reading) await journal.listCalls({limit: 100});
    }),
  );
  for (let round = 0; round < 40; round += 1) {
    await Promise.all(
      Array.from({length: 100}, (_, index) =>
        journal.append(status(`CA${round}-${index}`, 'ringing', {parameters})),
      ),
    );
  }
  const wal = statSync(`${file}-wal`).size;
  reading = false;
  await readers;
  assert.ok(wal < 8 * 1024 * 1024, `the WAL has ${wal} bytes`);
  await journal.close();
  assert.equal(existsSync(`${file}-wal`), false);
});

test('the files are readable by their owner only', async (t) => {
  const {folder} = temporaryDatabase(t);
  const file = `${folder}/data/deep/hookswitch.db`;
  const journal = new SqliteJournal({file});
  await journal.open();
  await journal.append(status('CA1', 'ringing'));
  const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);
  assert.equal(mode(`${folder}/data`), '700');
  assert.equal(mode(`${folder}/data/deep`), '700');
  for (const suffix of ['', '-wal', '-shm', '.mark', '.lock']) assert.equal(mode(file + suffix), '600');
  await journal.close();
});
