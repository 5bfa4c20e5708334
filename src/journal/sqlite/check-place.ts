/**
 * Whether there can be a journal where DATABASE_URL says: looked at before anything is made there, so that a mistake costs a
 * sentence with the path and the next step, and leaves no file behind.
 */
import {accessSync, constants, existsSync, type Stats, statSync} from 'node:fs';
import path from 'node:path';
import {StoreUnavailable} from './failures.ts';

const {R_OK, W_OK, X_OK} = constants;
const ELSEWHERE = 'or name another file in DATABASE_URL';

/** @throws StoreUnavailable — there cannot */
export function checkPlace(file: string): void {
  const absolute = path.resolve(file);
  const found = look(absolute);
  if (found?.isDirectory() === true) {
    throw refusal(
      absolute,
      `is a folder. Name a file in it: DATABASE_URL=file:${path.join(file, 'hookswitch.db')}`,
    );
  }
  if (found?.isFile() === false) {
    throw refusal(absolute, `is a device, a socket or a pipe. Name an ordinary file in DATABASE_URL`);
  }
  const folder = nearest(path.dirname(absolute));
  if (look(folder)?.isDirectory() === false) {
    throw refusal(
      absolute,
      `cannot be made, since ${folder} is a file and not a folder. Move that away, ${ELSEWHERE}`,
    );
  }
  // The files beside it as well: -wal, -shm, .mark and .lock.
  assertAllowed(absolute, folder, W_OK | X_OK);
  if (found !== undefined) assertAllowed(absolute, absolute, R_OK | W_OK);
}

/** The nearest that is there, upwards. */
function nearest(folder: string): string {
  let place = folder;
  while (!existsSync(place) && path.dirname(place) !== place) place = path.dirname(place);
  return place;
}

function look(place: string): Stats | undefined {
  try {
    return statSync(place);
  } catch (error) {
    const {code} = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw explainPlace(place, error);
  }
}

function assertAllowed(file: string, place: string, mode: number): void {
  try {
    accessSync(place, mode);
  } catch (error) {
    throw explainPlace(file, error, place);
  }
}

/** Explains an error of the operating system: the place, the cause and the next step. */
export function explainPlace(file: string, error: unknown, place?: string): StoreUnavailable {
  const {code = '', path: at = file, message} = error as NodeJS.ErrnoException;
  const where = place ?? at;
  const user =
    process.getuid === undefined
      ? 'the user of this process'
      : `the user of this process (uid ${process.getuid()})`;
  const reasons: Readonly<Record<string, string>> = {
    EACCES: `${user} may not read and write ${where}. Let it own that (chown, chmod), ${ELSEWHERE}`,
    EPERM: `${user} may not change ${where}. Take its write protection off, ${ELSEWHERE}`,
    EROFS: `${where} is on a file system that is mounted read-only. Mount it writable, ${ELSEWHERE}`,
    ENOTDIR: `part of ${where} is a file and not a folder. Move that away, ${ELSEWHERE}`,
    EISDIR: `${where} is a folder. Move it away, ${ELSEWHERE}`,
    ELOOP: `${where} is a symbolic link that leads back to itself. Mend it, ${ELSEWHERE}`,
    ENAMETOOLONG: 'its path is too long. Name a shorter one in DATABASE_URL',
    ENOSPC: `the disk of ${where} is full. Make room, ${ELSEWHERE}`,
    EDQUOT: `the disk quota of ${user} is used up. Raise it, ${ELSEWHERE}`,
    EMFILE: 'this process has too many files open. Raise ulimit -n',
  };
  const reason = reasons[code] ?? `${message}. See to that, ${ELSEWHERE}`;
  return refusal(file, `cannot be used: ${reason}`, error);
}

function refusal(file: string, reason: string, cause?: unknown): StoreUnavailable {
  return new StoreUnavailable(`The journal ${file} ${reason}.`, {cause});
}
