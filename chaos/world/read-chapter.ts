/** Reads the journal from disk as a chapter. */
import {type FileEntry, readJournalFile} from '../../test/support/crash/crash-journal-file.ts';
import type {Chapter, EntryRecord} from '../history/history.ts';

/** @throws if SQLite reports a damaged file */
export function readChapter(databaseFile: string): Chapter {
  const {epoch, entries, calls} = readJournalFile(databaseFile);
  return {epoch, calls, entries: entries.map(toRecord)};
}

export function toRecord(entry: FileEntry): EntryRecord {
  const {offset, callSid, verdict, owner, event} = entry;
  const {kind, source, providerStatus, sequence} = event;
  return {
    offset,
    kind,
    source,
    callSid,
    verdict,
    providerStatus,
    ...(owner === undefined ? {} : {owner}),
    ...(source === 'callback' ? {webhook: `${callSid}/${sequence ?? 'voice'}`} : {}),
    // The repeat count changes later, so it is not compared.
    text: JSON.stringify({...entry, repeats: undefined}),
  };
}
