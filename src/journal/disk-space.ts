/** How much room there is for the journal. */
import {statfs} from 'node:fs/promises';
import {existingFolder} from './inspect-journal.ts';

/** Bytes, of the disk that `file` is on; `free` is what this user may take. */
export async function diskSpace(file: string): Promise<{readonly free: number; readonly total: number}> {
  const {bsize, bavail, blocks} = await statfs(existingFolder(file));
  return {free: bsize * bavail, total: bsize * blocks};
}
