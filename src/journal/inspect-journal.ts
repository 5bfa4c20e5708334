/**
 * Looks at a journal that no gateway has open, without opening it as one: a start may begin a new epoch, and that is
 * the gateway's to do and to tell.
 */
import {randomUUID} from 'node:crypto';
import {accessSync, constants, existsSync, statSync} from 'node:fs';
import {open, rm} from 'node:fs/promises';
import path from 'node:path';
import {DatabaseSync} from 'node:sqlite';
import type {Offset} from './call-event.ts';
import {checkPlace} from './sqlite/check-place.ts';
import {refuseForeignDatabase} from './sqlite/foreign-database.ts';
import {readEpoch, readHead} from './sqlite/meta.ts';
import {explain} from './sqlite/open-database.ts';

export interface InspectedJournal {
  /** Absent where there is no journal yet. */
  readonly epoch?: string;
  readonly head: Offset;
  /** Writes a small file beside the journal, durably, and deletes it. @throws when it cannot be written */
  probe(): Promise<void>;
}

/** @throws Error when there is a file and it cannot be read as a journal */
export function inspectJournal(file: string): InspectedJournal {
  checkPlace(file);
  const folder = path.dirname(file);
  const probe = () => (existsSync(folder) ? writeBeside(folder) : checkCreatable(folder));
  if (!existsSync(file)) return {head: 0, probe};
  const database = new DatabaseSync(file, {readOnly: true});
  try {
    refuseForeignDatabase(database, file);
    // An empty file is a journal that has not begun.
    if (statSync(file).size === 0) return {head: 0, probe};
    return {epoch: readEpoch(database), head: readHead(database), probe};
  } catch (error) {
    throw explain(error, file);
  } finally {
    database.close();
  }
}

async function writeBeside(folder: string): Promise<void> {
  const file = path.join(folder, `.hookswitch-probe-${randomUUID()}`);
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.write('probe');
    await handle.sync();
  } finally {
    await handle.close();
    await rm(file, {force: true});
  }
}

/** The gateway makes the folder at its first start, if it may. */
async function checkCreatable(folder: string): Promise<void> {
  accessSync(existingFolder(path.join(folder, 'any')), constants.W_OK);
}

/** The nearest folder that is there: where the journal is, or would be. */
export function existingFolder(file: string): string {
  let folder = path.resolve(path.dirname(file));
  while (!existsSync(folder)) folder = path.dirname(folder);
  return folder;
}
