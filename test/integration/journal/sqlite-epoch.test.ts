import assert from 'node:assert/strict';
import {
  closeSync,
  copyFileSync,
  cpSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import {test} from 'node:test';
import {JournalUnavailableError} from '../../../src/errors/app-error.ts';
import type {JournalOpening} from '../../../src/journal/followable-journal.ts';
import {SqliteJournal} from '../../../src/journal/sqlite/sqlite-journal.ts';
import {status} from '../../support/journal/journal-events.ts';
import {appendUntilKilled} from '../../support/journal/journal-process.ts';
import {temporaryDatabase} from '../../support/journal/journal-sqlite-fixture.ts';

/** Opens the journal, appends `count` entries whose keys start with `name`, and closes it. */
async function appendSome(file: string, name: string, count: number): Promise<JournalOpening> {
  const journal = new SqliteJournal({file});
  const opening = await journal.open();
  for (let index = 0; index < count; index += 1)
    await journal.append(status(`CA-${name}-${index}`, 'ringing'));
  await journal.close();
  return opening;
}

test('[W11] a restored database backup begins a new epoch and reports the loss', async (t) => {
  const {file} = temporaryDatabase(t);
  const {epoch} = await appendSome(file, 'a', 10);
  copyFileSync(file, `${file}.backup`);
  assert.equal((await appendSome(file, 'b', 5)).epoch, epoch);
  copyFileSync(`${file}.backup`, file);
  const restored = await appendSome(file, 'c', 3);
  assert.notEqual(restored.epoch, epoch);
  assert.deepEqual(restored.lost, {expected: 15, found: 10});
  const next = await appendSome(file, 'd', 0);
  assert.deepEqual(next, {epoch: restored.epoch, head: 13});
});

test('[W11] a restored backup of the whole folder begins a new epoch, although its mark matches', async (t) => {
  const {folder} = temporaryDatabase(t);
  const file = `${folder}/data/hookswitch.db`;
  const {epoch} = await appendSome(file, 'a', 10);
  cpSync(`${folder}/data`, `${folder}/backup`, {recursive: true});
  assert.equal((await appendSome(file, 'b', 5)).epoch, epoch);
  rmSync(`${folder}/data`, {recursive: true});
  renameSync(`${folder}/backup`, `${folder}/data`);
  const restored = await appendSome(file, 'c', 0);
  assert.notEqual(restored.epoch, epoch);
  assert.equal(restored.head, 10);
});

test('[W11] a lost database begins a new epoch and reports the loss', async (t) => {
  const {file} = temporaryDatabase(t);
  const {epoch} = await appendSome(file, 'a', 4);
  rmSync(file);
  const restored = await appendSome(file, 'b', 0);
  assert.notEqual(restored.epoch, epoch);
  assert.deepEqual(restored.lost, {expected: 4, found: 0});
});

for (const [what, damage] of [
  ['deleted', (mark: string) => rmSync(mark)],
  ['overwritten', (mark: string) => writeFileSync(mark, Buffer.alloc(8192, 'x'))],
  ['cut to nothing', (mark: string) => truncateSync(mark)],
] as const) {
  test(`[W11] a mark that was ${what} begins a new epoch`, async (t) => {
    const {file} = temporaryDatabase(t);
    const {epoch} = await appendSome(file, 'a', 4);
    damage(`${file}.mark`);
    const opening = await appendSome(file, 'b', 1);
    assert.notEqual(opening.epoch, epoch);
    assert.equal(opening.head, 4);
    assert.equal((await appendSome(file, 'c', 0)).epoch, opening.epoch);
  });
}

test('[W11] a torn write of the mark keeps the epoch, because the other slot is valid', async (t) => {
  const {file} = temporaryDatabase(t);
  const {epoch} = await appendSome(file, 'a', 4);
  const mark = readFileSync(`${file}.mark`);
  const generation = (at: number) => Number(mark.toString('latin1', at, at + 128).split(' ')[4]);
  const latest = generation(0) > generation(4096) ? 0 : 4096;
  overwrite(`${file}.mark`, latest + 60, 'torn');
  assert.equal((await appendSome(file, 'b', 1)).epoch, epoch);
});

test('[J7] [W11] a journal ahead of its mark, as after a power failure, keeps its epoch, and a copy behind it does not', async (t) => {
  const {file} = temporaryDatabase(t);
  await appendSome(file, 'a', 2);
  copyFileSync(file, `${file}.backup`);
  const {epoch} = await appendSome(file, 'b', 4);
  // The mark on disk is older than the journal. The mark's file stays the same.
  const mark = readFileSync(`${file}.mark`);
  await appendSome(file, 'c', 3);
  overwrite(`${file}.mark`, 0, mark);
  copyFileSync(file, `${file}.whole`);
  copyFileSync(`${file}.backup`, file);
  const restored = await appendSome(file, 'x', 0);
  assert.notEqual(restored.epoch, epoch);
  assert.deepEqual(restored.lost, {expected: 6, found: 2});
  overwrite(`${file}.mark`, 0, mark);
  copyFileSync(`${file}.whole`, file);
  assert.deepEqual(await appendSome(file, 'd', 1), {epoch, head: 9});
  assert.deepEqual(await appendSome(file, 'e', 0), {epoch, head: 10}, 'the mark has caught up');
});

test('[W11] the mark of another journal begins a new epoch', async (t) => {
  const {file, folder} = temporaryDatabase(t);
  const {epoch} = await appendSome(file, 'a', 4);
  await appendSome(`${folder}/other.db`, 'b', 2);
  renameSync(`${folder}/other.db.mark`, `${file}.mark`);
  assert.notEqual((await appendSome(file, 'c', 0)).epoch, epoch);
});

for (const [what, damage] of [
  ['cut in half', (wal: string) => truncateSync(wal, Math.floor(statSync(wal).size / 2))],
  ['deleted', (wal: string) => rmSync(wal)],
  [
    'changed by one byte in its middle',
    (wal: string) => {
      const at = Math.floor(statSync(wal).size / 2);
      overwrite(wal, at, Buffer.from([(readFileSync(wal)[at] ?? 0) ^ 0x10]));
    },
  ],
] as const) {
  test(`[J7] [W11] a WAL that was ${what} after kill -9 begins a new epoch and reports the loss`, async (t) => {
    const {file} = temporaryDatabase(t);
    const {epoch, acknowledged} = await appendUntilKilled(file, {firstCall: 0, acknowledgements: 60});
    damage(`${file}-wal`);
    const opening = await appendSome(file, 'x', 0);
    assert.notEqual(opening.epoch, epoch);
    assert.ok((opening.lost?.expected ?? 0) >= Math.max(...acknowledged.keys()));
    assert.equal(opening.lost?.found, opening.head);
  });
}

test('a damaged database is refused with its path and a remedy', async (t) => {
  const {file} = temporaryDatabase(t);
  await appendSome(file, 'a', 300);
  overwrite(file, 4096 * 5, Buffer.alloc(4096 * 20, 0x5a));
  const journal = new SqliteJournal({file});
  await assert.rejects(journal.open(), (error: unknown) => {
    assert.ok(error instanceof JournalUnavailableError);
    assert.match(error.message, /hookswitch\.db is damaged: .*Restore a backup, or move it away/s);
    return true;
  });
});

test('a file that is not a database is refused with its path', async (t) => {
  const {file} = temporaryDatabase(t);
  writeFileSync(file, 'this is not a database, although it is quite long '.repeat(50));
  await assert.rejects(new SqliteJournal({file}).open(), /hookswitch\.db is damaged/);
});

function overwrite(path: string, at: number, bytes: string | Buffer): void {
  const fd = openSync(path, 'r+');
  const buffer = Buffer.from(bytes);
  writeSync(fd, buffer, 0, buffer.length, at);
  closeSync(fd);
}
