/**
 * The highest offset that was ever acknowledged, in a small file beside the database. A database that was restored
 * from a backup, or whose WAL lost its end, is whole in its own eyes; only something that does not travel with it can
 * tell that it went backwards. Whoever restores both from one backup is noticed by the file's inode, which is written
 * in it: a copy has another one. (A journal that was moved to another machine begins a new epoch too, which costs its
 * clients one snapshot each.)
 *
 * The mark is written before every acknowledgement. It is synced within a second after it, and not before it: no crash can
 * cause the loss that the mark detects.
 *
 * - An acknowledged entry was synced with the WAL. It survives the end of the process and of the power without the mark.
 * - The process dies: the kernel still has every write of the mark, so that the mark is exact. Files that are replaced or
 *   damaged before the next start are found out.
 * - The power fails: the mark can be up to a second older than the journal. A journal that is ahead of its mark has lost
 *   nothing and keeps its epoch, and the start brings the mark up to date. A copy that is older than that second is still
 *   behind the mark. A loss goes unnoticed only where the power failed and, before the next start, the files were replaced
 *   by a copy made within the last second, or lost exactly what was synced within it.
 *
 * There are two slots. Writes go to one of them in place until it has been synced, then to the other. A write that the power
 * cuts short therefore spoils only what was not synced, and the other slot holds what was. The file never changes its size,
 * so that fdatasync needs no file system journal.
 */
import {
  closeSync,
  constants,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs';
import {dirname} from 'node:path';
import {crc32} from 'node:zlib';
import type {Offset} from '../../call-event.ts';
import {StoreUnavailable} from '../failures.ts';

export interface Mark {
  readonly epoch: string;
  readonly offset: Offset;
}

/**
 * `mark`: as it was written. `copy`: of a mark that was written into another file. `absent`: never written.
 * `unreadable`: there is a file, and no slot of it is whole.
 */
export type MarkReading =
  | {readonly kind: 'mark' | 'copy'; readonly mark: Mark}
  | {readonly kind: 'absent' | 'unreadable'};

/** Slots are a page apart, so that no sector and no page holds both. */
const SLOT_STRIDE = 4096;
const SLOT_BYTES = 128;
const FILE_BYTES = 2 * SLOT_STRIDE;

export class HighWaterMark {
  readonly #fd: number;
  readonly #inode: string;
  /** Counts writes: the slot with the higher one is the later one, whatever its epoch. */
  #generation = 0;
  /** The slot that is written to; the other one is on the disk. */
  #slot: 0 | 1 = 0;
  #dirty = false;

  private constructor(fd: number) {
    this.#fd = fd;
    this.#inode = String(fstatSync(fd, {bigint: true}).ino);
  }

  /** Opens the file, creating it if need be, and says what it holds. */
  static open(path: string): {readonly file: HighWaterMark; readonly reading: MarkReading} {
    const fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
    try {
      const file = new HighWaterMark(fd);
      return {file, reading: file.#read(path)};
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  #read(path: string): MarkReading {
    const bytes = Buffer.alloc(FILE_BYTES);
    const length = readSync(this.#fd, bytes, 0, FILE_BYTES, 0);
    if (length < FILE_BYTES) {
      // New, or the disk was full when it was created: make its size final.
      writeSync(this.#fd, bytes, length, FILE_BYTES - length, length);
      fsyncSync(this.#fd);
      syncDirectory(dirname(path));
    }
    const [first, second] = [0, SLOT_STRIDE].map((at) =>
      parseSlot(bytes.toString('latin1', at, at + SLOT_BYTES)),
    );
    const isSecond = (second?.generation ?? 0) > (first?.generation ?? 0);
    const latest = isSecond ? second : first;
    this.#slot = isSecond ? 0 : 1;
    if (latest === undefined) return {kind: bytes.every((byte) => byte === 0) ? 'absent' : 'unreadable'};
    this.#generation = latest.generation;
    const kind = latest.inode === this.#inode ? 'mark' : 'copy';
    return {kind, mark: {epoch: latest.epoch, offset: latest.offset}};
  }

  /** From here on the mark survives the process; after the next {@link sync} it survives a power failure too. */
  write({epoch, offset}: Mark): void {
    const generation = this.#generation + 1;
    const text = `hookswitch mark ${epoch} ${offset} ${generation} ${this.#inode}`;
    const line = Buffer.from(`${text} ${checksum(text)}\n`.padEnd(SLOT_BYTES), 'latin1');
    this.#dirty = true;
    const written = writeSync(this.#fd, line, 0, SLOT_BYTES, this.#slot * SLOT_STRIDE);
    if (written !== SLOT_BYTES) throw new StoreUnavailable('The disk is full.');
    this.#generation = generation;
  }

  /** Whether something was written since the last sync. */
  get isDirty(): boolean {
    return this.#dirty;
  }

  /** Brings what was written to the disk. */
  sync(): void {
    if (!this.#dirty) return;
    fdatasyncSync(this.#fd);
    // Only now: after a failed sync the other slot still is the one that is on the disk.
    this.#dirty = false;
    this.#slot = this.#slot === 0 ? 1 : 0;
  }

  close(): void {
    closeSync(this.#fd);
  }
}

interface Slot extends Mark {
  readonly generation: number;
  readonly inode: string;
}

function parseSlot(slot: string): Slot | undefined {
  const match = /^(hookswitch mark (\S+) (\d+) (\d+) (\d+)) ([0-9a-f]{8})\n/.exec(slot);
  if (match === null) return undefined;
  const [, text = '', epoch = '', offset, generation, inode = '', sum] = match;
  if (sum !== checksum(text)) return undefined;
  return {epoch, offset: Number(offset), generation: Number(generation), inode};
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, '0');
}

/** Makes a new file's name durable; where directories cannot be synced (Windows) the system does so itself. */
function syncDirectory(directory: string): void {
  if (process.platform === 'win32') return;
  const fd = openSync(directory, constants.O_RDONLY);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
