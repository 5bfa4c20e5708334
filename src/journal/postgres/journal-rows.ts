/** Converts rows of the journal's tables. */
import {numberOf, optionalTextOf, type Row, textOf} from '../../postgres/rows.ts';
import type {CallEvent, CallRecord, JournalEntry, Verdict} from '../call-event.ts';
import type {DialIntent, DialIntentRecord} from '../dial-intent.ts';

/** Columns of an entry. Only histories read the parameters. */
export const ENTRY_COLUMNS = '"offset", event, verdict, owner, call';

export function entryOf(row: Row): JournalEntry {
  const owner = optionalTextOf(row['owner']);
  const call = optionalTextOf(row['call']);
  return {
    offset: numberOf(row['offset']),
    event: JSON.parse(textOf(row['event'])) as CallEvent,
    verdict: textOf(row['verdict']) as Verdict,
    ...(owner === undefined ? {} : {owner}),
    ...(call === undefined ? {} : {call: callOf(call)}),
  };
}

export function callOf(json: unknown): CallRecord {
  return JSON.parse(textOf(json)) as CallRecord;
}

export function intentOf(row: Row): DialIntentRecord {
  const callSid = optionalTextOf(row['call_sid']);
  return {
    ...(JSON.parse(textOf(row['intent'])) as DialIntent),
    state: textOf(row['state']) as DialIntentRecord['state'],
    ...(callSid === undefined ? {} : {callSid}),
  };
}
