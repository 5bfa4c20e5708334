/** What a database says about itself. */
import type {DatabaseSync} from 'node:sqlite';
import type {Offset} from '../call-event.ts';
import {numberOf, textOf} from './rows.ts';

export function readEpoch(database: DatabaseSync): string {
  return textOf(database.prepare('SELECT epoch FROM meta').get()?.['epoch']);
}

export function readTrimmedTo(database: DatabaseSync): Offset {
  return numberOf(database.prepare('SELECT trimmed_to FROM meta').get()?.['trimmed_to']);
}

/** Selects, as `head`, the last offset ever given out: the entry that had it may have been trimmed since. */
export const SELECT_HEAD =
  'SELECT max(trimmed_to, coalesce((SELECT max("offset") FROM entries), 0)) AS head FROM meta';

export function readHead(database: DatabaseSync): Offset {
  return numberOf(database.prepare(SELECT_HEAD).get()?.['head']);
}
