/** Measures the disk space that is available to the journal. */
import {statfs} from 'node:fs/promises';
import {existingFolder} from './inspect-journal.ts';

/** Returns the size of the disk that holds `file`, in bytes. `free` is the space that this user may use. */
export async function diskSpace(file: string): Promise<{readonly free: number; readonly total: number}> {
  const {bsize, bavail, blocks} = await statfs(existingFolder(file));
  return {free: bsize * bavail, total: bsize * blocks};
}
