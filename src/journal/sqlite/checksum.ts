/**
 * Checksums of rows. SQLite detects damage to the structure of a file and to indexed values. It does not
 * detect a flipped bit inside a text, and the gateway would deliver that text as Twilio's.
 */
import type {SQLOutputValue} from 'node:sqlite';
import {crc32} from 'node:zlib';

/** Checksum of a row's values, in column order. Lengths separate adjacent values. */
export function checksumOf(...values: readonly (SQLOutputValue | undefined)[]): number {
  let all = '';
  for (const value of values) {
    const text = value === null || value === undefined ? '' : String(value);
    all += `${text.length}:${text}`;
  }
  return crc32(all);
}

/**
 * Checksum of an entry. It excludes the parameters, which only histories read, and `repeats`, which changes.
 */
export function entryChecksum(row: Readonly<Record<string, SQLOutputValue>>): number {
  return checksumOf(row['offset'], row['verdict'], row['owner'], row['event'], row['call']);
}

/** Rows from before checksums existed have none, and are accepted. */
export function isIntact(stored: SQLOutputValue | undefined, actual: number): boolean {
  return stored === null || stored === undefined || stored === actual;
}
