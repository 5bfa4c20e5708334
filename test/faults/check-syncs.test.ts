/** Tests the durability check on traces of system calls. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {checkSyncs} from '../../chaos/history/check-syncs.ts';

const WAL = '34</data/hookswitch.db-wal>';
const MARK = '36</data/hookswitch.db.mark>';
const writeWal = `21 pwrite64(${WAL}, "\\r\\0"..., 4096, 4176) = 4096`;
const syncWal = `21 fsync(${WAL}) = 0`;
const writeMark = `21 pwrite64(${MARK}, "hookswitch mark "..., 128, 4096) = 128`;
const syncMark = `21 fdatasync(${MARK}) = 0`;
const answer = '20 write(30<socket:[1]>, "HTTP/1.1 204 No Content\\r\\n"..., 300) = 300';
const appended = [writeWal, syncWal, writeMark, syncMark];

const violationsOf = (...lines: readonly string[]) => checkSyncs(lines.join('\n')).violations;

test('[J1] [H5] a synced WAL and a written mark before each response have no violation', () => {
  const report = checkSyncs([...appended, answer, ...appended, answer].join('\n'));
  assert.deepEqual(report, {answers: 2, violations: [], isMarkSynced: true});
});

test('[J1] the mark may be synced for several responses at once, but must be synced in the end', () => {
  const lines = [writeWal, syncWal, writeMark, answer, writeWal, syncWal, writeMark, answer];
  assert.deepEqual(checkSyncs(lines.join('\n')), {answers: 2, violations: [], isMarkSynced: false});
  assert.equal(checkSyncs([...lines, syncMark].join('\n')).isMarkSynced, true);
  assert.match(violationsOf(writeWal, syncWal, answer, writeMark).join(), /mark was not written/);
});

test('[J1] a response before a sync, without a sync, or without a write is found', () => {
  assert.match(violationsOf(writeWal, writeMark, syncMark, answer).join(), /WAL was not synced/);
  assert.match(violationsOf(...appended, answer, answer).join(), /WAL was not written/);
});

test('[J1] a sync does not cover later writes, and a failed sync covers nothing', () => {
  assert.match(violationsOf(...appended, writeWal, answer).join(), /WAL was not synced/);
  const failed = `21 fsync(${WAL}) = -1 EIO (Input/output error)`;
  assert.match(violationsOf(writeWal, failed, writeMark, syncMark, answer).join(), /WAL was not synced/);
});

test('an interrupted call counts when it has returned', () => {
  const halves = [
    `21 fsync(${WAL} <unfinished ...>`,
    '20 write(1, "x", 1) = 1',
    '21 <... fsync resumed>) = 0',
  ];
  assert.deepEqual(violationsOf(writeWal, ...halves, writeMark, syncMark, answer), []);
  const late = [`21 fsync(${WAL} <unfinished ...>`, answer, '21 <... fsync resumed>) = 0'];
  assert.match(violationsOf(writeWal, writeMark, syncMark, ...late).join(), /WAL was not synced/);
});
