/** Reads the metadata of a database. */
import type {DatabaseSync} from 'node:sqlite';
import type {Offset} from '../call-event.ts';
import {numberOf, textOf} from './rows.ts';

export function readEpoch(database: DatabaseSync): string {
  return textOf(database.prepare('SELECT epoch FROM meta').get()?.['epoch']);
}

export function readTrimmedTo(database: DatabaseSync): Offset {
  return numberOf(database.prepare('SELECT trimmed_to FROM meta').get()?.['trimmed_to']);
}

/** Selects the last assigned offset as `head`. Its entry may have been trimmed since. */
export const SELECT_HEAD =
  'SELECT max(trimmed_to, coalesce((SELECT max("offset") FROM entries), 0)) AS head FROM meta';

export function readHead(database: DatabaseSync): Offset {
  return numberOf(database.prepare(SELECT_HEAD).get()?.['head']);
}
