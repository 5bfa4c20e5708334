/** Places where a SQLite journal cannot be: the error names path and next step, and nothing is changed there. */
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

/** Both the gateway and the doctor say `reason`, with the path. */
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

test('[C3] a folder is refused with the name of a file in it, and nothing is made beside it', async (t) => {
  const folder = folderOf(t);
  const data = path.join(folder, 'data');
  mkdirSync(data);
  await assertRefused(
    data,
    /data is a folder\. Name a file in it: DATABASE_URL=file:.*data\/hookswitch\.db\.$/,
  );
  assert.deepEqual(readdirSync(folder), ['data']);
});

test('[C3] a file where a folder should be is named', async (t) => {
  const folder = folderOf(t);
  const letter = path.join(folder, 'letter');
  writeFileSync(letter, 'Dear reader');
  const reason = new RegExp(`cannot be made, since ${letter} is a file and not a folder\\. Move that away`);
  await assertRefused(path.join(letter, 'h.db'), reason);
  await assertRefused(path.join(letter, 'more', 'h.db'), reason);
});

test('[C3] what is no ordinary file is refused at once', async (t) => {
  const pipe = path.join(folderOf(t), 'pipe');
  execFileSync('mkfifo', [pipe]);
  await assertRefused(pipe, /is a device, a socket or a pipe/);
  await assertRefused('/dev/null', /is a device, a socket or a pipe/);
});

test('[C3] a link that leads to itself, and a name that is too long', async (t) => {
  const folder = folderOf(t);
  const link = path.join(folder, 'link');
  symlinkSync(link, link);
  await assertRefused(link, /leads back to itself/);
  await assertRefused(path.join(folder, 'x'.repeat(300)), /path is too long/);
});

test('[C3] a disk that is mounted read-only is said to be that', async (t) => {
  const folder = readOnlyFolder(t);
  if (folder === undefined) return t.skip('this system has no way to a read-only folder');
  const reason =
    process.getuid?.() === 0
      ? /mounted read-only\. Mount it writable/
      : /may not read and write .*chown, chmod/;
  await assertRefused(path.join(folder, 'h.db'), reason);
  await assertRefused(path.join(folder, 'data', 'h.db'), reason);
});

test('[C3] a file that is write-protected is said to be that', async (t) => {
  const {file} = temporaryDatabase(t);
  writeFileSync(file, '');
  if (process.getuid?.() !== 0) {
    chmodSync(file, 0o400);
    return assertRefused(file, /\(uid \d+\) may not read and write .*chown, chmod/);
  }
  if (!setImmutable(file, true)) return t.skip('chattr +i does not work here: it needs root and e2fsprogs (apt-get install e2fsprogs)');
  try {
    await assertRefused(file, /\(uid 0\) may not change .*write protection/);
  } finally {
    setImmutable(file, false);
  }
});

/** Databases as other programs leave them. */
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
  test(`[C3] the database of another program, with ${what}, is refused and left as it is`, async (t) => {
    const {file} = temporaryDatabase(t);
    const database = new DatabaseSync(file);
    database.exec(sql);
    database.close();
    const before = readFileSync(file);
    await assertRefused(
      file,
      new RegExp(`is the database of another program ${tables.source}, and was left as it is`),
    );
    assert.deepEqual(readFileSync(file), before);
    assert.ok(!existsSync(`${file}-wal`));
  });

test('[C3] a file that is not a database is refused as such', async (t) => {
  const {file} = temporaryDatabase(t);
  writeFileSync(file, 'Dear reader, this is no database. '.repeat(100));
  await assertRefused(file, /it is no SQLite database\..*If it never was a journal, name another file/);
});

test('an empty file is a journal that has not begun', async (t) => {
  const {file} = temporaryDatabase(t);
  writeFileSync(file, '');
  assert.equal(inspectJournal(file).head, 0);
  const journal = new SqliteJournal({file});
  t.after(() => journal.close());
  assert.equal((await journal.open()).head, 0);
});
