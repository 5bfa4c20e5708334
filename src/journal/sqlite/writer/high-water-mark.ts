/**
 * The highest acknowledged offset, in a small file next to the database. A database that was restored from a
 * backup, or whose WAL lost its end, looks consistent. Only a file that does not travel with it can show that
 * it went backwards. The mark contains the inode of its own file, so that a restored copy of both files is
 * detected: a copy has another inode. (A journal that moves to another machine also begins a new epoch, which
 * costs each client one snapshot.)
 *
 * The mark is written before every acknowledgement. It is synced within a second afterwards, which is safe
 * because no crash can cause the loss that the mark detects:
 *
 * - An acknowledged entry was synced with the WAL, so it survives a crash and a power failure without the
 *   mark.
 * - If the process dies, the kernel still has every write of the mark, so the mark is exact. Files that are
 *   replaced or damaged before the next start are detected.
 * - If the power fails, the mark can be up to a second older than the journal. A journal ahead of its mark
 *   has lost nothing. It keeps its epoch, and the start updates the mark. A copy that is older than that
 *   second is still behind the mark. One loss stays undetected: the power failed, and before the next start
 *   the files were replaced by a copy made within the last second, or lost exactly the data synced within it.
 *
 * The file has two slots. Writes go to one slot in place until it has been synced, then to the other one. A
 * write that a power failure interrupts therefore damages only unsynced data, and the other slot is intact.
 * The file never changes its size, so fdatasync needs no file system journal.
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
 * - `mark`: the mark is as written.
 * - `copy`: the mark was written to another file and copied.
 * - `absent`: the mark was never written.
 * - `unreadable`: the file has no intact slot.
 */
export type MarkReading =
  | {readonly kind: 'mark' | 'copy'; readonly mark: Mark}
  | {readonly kind: 'absent' | 'unreadable'};

/** The slots are a page apart, so that no sector and no page contains both. */
const SLOT_STRIDE = 4096;
const SLOT_BYTES = 128;
const FILE_BYTES = 2 * SLOT_STRIDE;

export class HighWaterMark {
  readonly #fd: number;
  readonly #inode: string;
  /** Number of the latest write. The slot with the higher number is the newer one, in any epoch. */
  #generation = 0;
  /** The slot for writes. The other slot has been synced. */
  #slot: 0 | 1 = 0;
  #dirty = false;

  private constructor(fd: number) {
    this.#fd = fd;
    this.#inode = String(fstatSync(fd, {bigint: true}).ino);
  }

  /** Opens the file, creating it if necessary, and reads it. */
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
      // The file is new, or the disk was full when it was created. Give it its final size.
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

  /** Writes the mark. It survives a crash from now on, and a power failure after the next {@link sync}. */
  write({epoch, offset}: Mark): void {
    const generation = this.#generation + 1;
    const text = `hookswitch mark ${epoch} ${offset} ${generation} ${this.#inode}`;
    const line = Buffer.from(`${text} ${checksum(text)}\n`.padEnd(SLOT_BYTES), 'latin1');
    this.#dirty = true;
    const written = writeSync(this.#fd, line, 0, SLOT_BYTES, this.#slot * SLOT_STRIDE);
    if (written !== SLOT_BYTES) throw new StoreUnavailable('The disk is full.');
    this.#generation = generation;
  }

  /** Whether the mark was written since the last sync. */
  get isDirty(): boolean {
    return this.#dirty;
  }

  /** Syncs the mark to the disk. */
  sync(): void {
    if (!this.#dirty) return;
    fdatasyncSync(this.#fd);
    // Only now, because after a failed sync the other slot is still the synced one.
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

/**
 * Makes a new file's name durable. On Windows, directories cannot be synced, and the system does this itself.
 */
function syncDirectory(directory: string): void {
  if (process.platform === 'win32') return;
  const fd = openSync(directory, constants.O_RDONLY);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
