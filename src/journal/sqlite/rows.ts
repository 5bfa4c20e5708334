/** Typed access to SQLite's values, and to the JSON texts in the tables. */
import type {SQLOutputValue} from 'node:sqlite';
import type {CallRecord} from '../call-event.ts';
import type {DialIntentRecord} from '../dial-intent.ts';
import {entryChecksum, isIntact} from './checksum.ts';

export type Row = Readonly<Record<string, SQLOutputValue>>;

/** Reads a column that is always a number. */
export function numberOf(value: SQLOutputValue | undefined): number {
  if (typeof value !== 'number') throw new TypeError(`a number was expected, not ${typeof value}`);
  return value;
}

/** Reads a column that is always a text. */
export function textOf(value: SQLOutputValue | undefined): string {
  if (typeof value !== 'string') throw new TypeError(`a text was expected, not ${typeof value}`);
  return value;
}

/** Reads a text that may be NULL. */
export function optionalTextOf(value: SQLOutputValue | undefined): string | undefined {
  return value === null || value === undefined ? undefined : textOf(value);
}

/**
 * Builds an entry's JSON from stored texts, because the main thread parses the result anyway.
 * @throws Error if the row differs from what was written
 */
export function entryJson(row: Row, more: Readonly<Record<string, string | undefined>> = {}): string {
  if (!isIntact(row['checksum'], entryChecksum(row))) {
    throw new Error(`entry ${numberOf(row['offset'])} is damaged`);
  }
  const fields: Record<string, string | undefined> = {
    offset: String(numberOf(row['offset'])),
    event: textOf(row['event']),
    verdict: JSON.stringify(textOf(row['verdict'])),
    owner: JSON.stringify(optionalTextOf(row['owner'])),
    call: optionalTextOf(row['call']),
    ...more,
  };
  return objectJson(fields);
}

/** Builds an object's JSON from values that are JSON already. `undefined` values are left out. */
export function objectJson(fields: Readonly<Record<string, string | undefined>>): string {
  let json = '';
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) json += `${json === '' ? '' : ','}"${name}":${value}`;
  }
  return `{${json}}`;
}

export function parseCall(json: string): CallRecord {
  return JSON.parse(json) as CallRecord;
}

/** JSON of an intent with its state and its call. */
export function intentJson(row: Row): string {
  const callSid = optionalTextOf(row['call_sid']);
  const record: DialIntentRecord = {
    ...(JSON.parse(textOf(row['intent'])) as DialIntentRecord),
    state: textOf(row['state']) as DialIntentRecord['state'],
    ...(callSid === undefined ? {} : {callSid}),
  };
  return JSON.stringify(record);
}
