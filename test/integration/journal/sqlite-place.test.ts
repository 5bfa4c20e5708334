/**
 * Places where a SQLite journal cannot be: the error names the path and the next step, and nothing there
 * changes.
 */
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import {DatabaseSync} from 'node:sqlite';
import {type TestContext, test} from 'node:test';
import {JournalUnavailableError} from '../../../src/errors/app-error.ts';
import {inspectJournal} from '../../../src/journal/inspect-journal.ts';
import {SqliteJournal} from '../../../src/journal/sqlite/sqlite-journal.ts';
import {readOnlyFolder, setImmutable} from '../../support/journal/journal-disk.ts';
import {temporaryDatabase} from '../../support/journal/journal-sqlite-fixture.ts';

function folderOf(t: TestContext): string {
  return path.dirname(temporaryDatabase(t).file);
}

/** Both the gateway and the doctor report `reason` with the path. */
async function assertRefused(file: string, reason: RegExp): Promise<void> {
  await assert.rejects(new SqliteJournal({file}).open(), (error: unknown) => {
    assert.ok(error instanceof JournalUnavailableError, String(error));
    assert.match(error.message, reason);
    assert.ok(error.message.includes(path.basename(file)), error.message);
    assert.match(error.message, /DATABASE_URL/);
    return true;
  });
  assert.throws(() => inspectJournal(file), reason);
}

test('[C3] a folder is refused with a proposed file name, and nothing is created beside it', async (t) => {
  const folder = folderOf(t);
  const data = path.join(folder, 'data');
  mkdirSync(data);
  await assertRefused(
    data,
    /data is a folder\. Name a file in it: DATABASE_URL=file:.*data\/hookswitch\.db\.$/,
  );
  assert.deepEqual(readdirSync(folder), ['data']);
});

test('[C3] a file in place of a folder is named', async (t) => {
  const folder = folderOf(t);
  const letter = path.join(folder, 'letter');
  writeFileSync(letter, 'Dear reader');
  const reason = new RegExp(
    `cannot be created, because ${letter} is a file and not a folder\\. Move that away`,
  );
  await assertRefused(path.join(letter, 'h.db'), reason);
  await assertRefused(path.join(letter, 'more', 'h.db'), reason);
});

test('[C3] a file that is not a regular file is refused at once', async (t) => {
  const pipe = path.join(folderOf(t), 'pipe');
  execFileSync('mkfifo', [pipe]);
  await assertRefused(pipe, /is a device, a socket or a pipe/);
  await assertRefused('/dev/null', /is a device, a socket or a pipe/);
});

test('[C3] a circular link and an overlong name are refused', async (t) => {
  const folder = folderOf(t);
  const link = path.join(folder, 'link');
  symlinkSync(link, link);
  await assertRefused(link, /leads back to itself/);
  await assertRefused(path.join(folder, 'x'.repeat(300)), /path is too long/);
});

test('[C3] a read-only mount is reported as such', async (t) => {
  const folder = readOnlyFolder(t);
  if (folder === undefined) return t.skip('this system has no way to a read-only folder');
  const reason =
    process.getuid?.() === 0
      ? /mounted read-only\. Mount it writable/
      : /may not read and write .*chown, chmod/;
  await assertRefused(path.join(folder, 'h.db'), reason);
  await assertRefused(path.join(folder, 'data', 'h.db'), reason);
});

test('[C3] a write-protected file is reported as such', async (t) => {
  const {file} = temporaryDatabase(t);
  writeFileSync(file, '');
  if (process.getuid?.() !== 0) {
    chmodSync(file, 0o400);
    return assertRefused(file, /\(uid \d+\) may not read and write .*chown, chmod/);
  }
  if (!setImmutable(file, true))
    return t.skip('chattr +i does not work here: it needs root and e2fsprogs (apt-get install e2fsprogs)');
  try {
    await assertRefused(file, /\(uid 0\) may not change .*write protection/);
  } finally {
    setImmutable(file, false);
  }
});

/** Databases as other programs create them. */
const foreign: readonly (readonly [string, string, RegExp])[] = [
  ['tables', 'CREATE TABLE users (id int); CREATE TABLE posts (id int)', /\(tables "posts", "users"\)/],
  [
    'a table of the same name',
    'CREATE TABLE entries (id int); PRAGMA user_version = 5',
    /\(tables "entries"\)/,
  ],
  ['an application_id', 'PRAGMA application_id = 252006673', /\(it is marked as its own\)/],
  ['a version', 'PRAGMA user_version = 7', /\(it is marked as its own\)/],
];
for (const [what, sql, tables] of foreign)
  test(`[C3] the database of another program, with ${what}, is refused and left unchanged`, async (t) => {
    const {file} = temporaryDatabase(t);
    const database = new DatabaseSync(file);
    database.exec(sql);
    database.close();
    const before = readFileSync(file);
    await assertRefused(
      file,
      new RegExp(`is the database of another program ${tables.source} and was not changed`),
    );
    assert.deepEqual(readFileSync(file), before);
    assert.ok(!existsSync(`${file}-wal`));
  });

test('[C3] a file that is not a database is refused as such', async (t) => {
  const {file} = temporaryDatabase(t);
  writeFileSync(file, 'Dear reader, this is no database. '.repeat(100));
  await assertRefused(file, /it is not a SQLite database\..*If it never was a journal, name another file/);
});

test('an empty file becomes a new journal', async (t) => {
  const {file} = temporaryDatabase(t);
  writeFileSync(file, '');
  assert.equal(inspectJournal(file).head, 0);
  const journal = new SqliteJournal({file});
  t.after(() => journal.close());
  assert.equal((await journal.open()).head, 0);
});
