/** The file of the high-water mark, as a power failure can leave it. */
import assert from 'node:assert/strict';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {type TestContext, test} from 'node:test';
import {HighWaterMark} from '../../../../../src/journal/sqlite/writer/high-water-mark.ts';

const SLOT = 4096;

function temporaryMark(t: TestContext): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'hookswitch-mark-'));
  t.after(() => rmSync(folder, {recursive: true, force: true}));
  return path.join(folder, 'journal.mark');
}

function readMark(file: string): unknown {
  const {file: mark, reading} = HighWaterMark.open(file);
  mark.close();
  return reading.kind === 'mark' ? reading.mark : reading.kind;
}

/** The slots (of two) that `change` writes to. */
function slotsWritten(file: string, change: () => void): number[] {
  const before = readFileSync(file);
  change();
  const after = readFileSync(file);
  return [0, 1].filter((slot) => {
    const [from, to] = [slot * SLOT, (slot + 1) * SLOT];
    return !before.subarray(from, to).equals(after.subarray(from, to));
  });
}

test('[J7] writes between two syncs use one slot, so that the other slot keeps the synced value', (t) => {
  const file = temporaryMark(t);
  const {file: mark} = HighWaterMark.open(file);
  mark.write({epoch: 'e', offset: 1});
  mark.sync();
  const written = slotsWritten(file, () => {
    for (const offset of [2, 3, 4]) mark.write({epoch: 'e', offset});
  });
  assert.equal(written.length, 1);
  assert.equal(mark.isDirty, true);
  assert.deepEqual(readMark(file), {epoch: 'e', offset: 4}, 'the written value survives the process');
  // The power fails while the slot is being written.
  const bytes = readFileSync(file);
  bytes.fill(0xff, (written[0] ?? 0) * SLOT + 20, (written[0] ?? 0) * SLOT + 60);
  writeFileSync(file, bytes);
  assert.deepEqual(readMark(file), {epoch: 'e', offset: 1});
  mark.close();
});

test('[J7] after a sync or a restart, the slot with the synced value is not overwritten', (t) => {
  const file = temporaryMark(t);
  const {file: first} = HighWaterMark.open(file);
  const slots: number[][] = [];
  for (const offset of [1, 2, 3]) {
    slots.push(slotsWritten(file, () => first.write({epoch: 'e', offset})));
    first.sync();
    assert.equal(first.isDirty, false);
  }
  first.close();
  const {file: second} = HighWaterMark.open(file);
  slots.push(slotsWritten(file, () => second.write({epoch: 'e', offset: 4})));
  second.close();
  const [one] = slots;
  const other = one?.[0] === 0 ? [1] : [0];
  assert.deepEqual(slots, [one, other, one, other]);
});
