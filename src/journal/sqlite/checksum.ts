/**
 * Checksums of rows. SQLite's own checks see damage to the structure of a file, and to what is in an index as well; a bit
 * that flips within a text is none of its business, and would be told to everybody as what Twilio said.
 */
import type {SQLOutputValue} from 'node:sqlite';
import {crc32} from 'node:zlib';

/** What a row says, in the order of its columns. The lengths keep neighbours apart. */
export function checksumOf(...values: readonly (SQLOutputValue | undefined)[]): number {
  let all = '';
  for (const value of values) {
    const text = value === null || value === undefined ? '' : String(value);
    all += `${text.length}:${text}`;
  }
  return crc32(all);
}

/** Of an entry, without its parameters: only a history reads those. `repeats` is counted on, and not part of it. */
export function entryChecksum(row: Readonly<Record<string, SQLOutputValue>>): number {
  return checksumOf(row['offset'], row['verdict'], row['owner'], row['event'], row['call']);
}

/** Rows of before there were checksums have none, and pass. */
export function isIntact(stored: SQLOutputValue | undefined, actual: number): boolean {
  return stored === null || stored === undefined || stored === actual;
}
