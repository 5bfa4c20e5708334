/** The journal as it lies on the disk, as the history wants it. */
import {type FileEntry, readJournalFile} from '../../test/support/crash/crash-journal-file.ts';
import type {Chapter, EntryRecord} from '../history/history.ts';

/** @throws when SQLite finds the file damaged */
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
    // How often it came again is counted on.
    text: JSON.stringify({...entry, repeats: undefined}),
  };
}
