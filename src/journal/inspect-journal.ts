/**
 * Inspects a journal while no gateway has it open. It does not open the journal, because opening can begin a
 * new epoch, and only the gateway may do that and report it.
 */
import {randomUUID} from 'node:crypto';
import {accessSync, constants, existsSync, statSync} from 'node:fs';
import {open, rm} from 'node:fs/promises';
import path from 'node:path';
import {DatabaseSync} from 'node:sqlite';
import type {Offset} from './call-event.ts';
import {checkLocation} from './sqlite/check-location.ts';
import {refuseForeignDatabase} from './sqlite/foreign-database.ts';
import {readEpoch, readHead} from './sqlite/meta.ts';
import {explain} from './sqlite/open-database.ts';

export interface InspectedJournal {
  /** Absent if there is no journal yet. */
  readonly epoch?: string;
  readonly head: Offset;
  /** Writes a small file next to the journal, syncs it and deletes it. @throws if it cannot be written */
  probe(): Promise<void>;
}

/** @throws Error if the file exists and is not a readable journal */
export function inspectJournal(file: string): InspectedJournal {
  checkLocation(file);
  const folder = path.dirname(file);
  const probe = () => (existsSync(folder) ? writeBeside(folder) : checkCreatable(folder));
  if (!existsSync(file)) return {head: 0, probe};
  const database = new DatabaseSync(file, {readOnly: true});
  try {
    refuseForeignDatabase(database, file);
    // An empty file is a journal without entries.
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

/** The gateway creates the folder at its first start, if it has permission. */
async function checkCreatable(folder: string): Promise<void> {
  accessSync(existingFolder(path.join(folder, 'any')), constants.W_OK);
}

/** Returns the nearest existing folder above the journal's path. */
export function existingFolder(file: string): string {
  let folder = path.resolve(path.dirname(file));
  while (!existsSync(folder)) folder = path.dirname(folder);
  return folder;
}
