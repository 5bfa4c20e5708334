/**
 * Checks whether DATABASE_URL can hold a journal before anything is created, so that a wrong setting leaves
 * no file behind and gets an error with the path and the next step.
 */
import {accessSync, constants, existsSync, type Stats, statSync} from 'node:fs';
import path from 'node:path';
import {StoreUnavailable} from './failures.ts';

const {R_OK, W_OK, X_OK} = constants;
const ELSEWHERE = 'or name another file in DATABASE_URL';

/** @throws StoreUnavailable if the path cannot hold a journal */
export function checkLocation(file: string): void {
  const absolute = path.resolve(file);
  const found = statIfExists(absolute);
  if (found?.isDirectory() === true) {
    throw refusal(
      absolute,
      `is a folder. Name a file in it: DATABASE_URL=file:${path.join(file, 'hookswitch.db')}`,
    );
  }
  if (found?.isFile() === false) {
    throw refusal(absolute, `is a device, a socket or a pipe. Name an ordinary file in DATABASE_URL`);
  }
  const folder = nearestExisting(path.dirname(absolute));
  if (statIfExists(folder)?.isDirectory() === false) {
    throw refusal(
      absolute,
      `cannot be created, because ${folder} is a file and not a folder. Move that away, ${ELSEWHERE}`,
    );
  }
  // The folder also holds the files -wal, -shm, .mark and .lock.
  assertAllowed(absolute, folder, W_OK | X_OK);
  if (found !== undefined) assertAllowed(absolute, absolute, R_OK | W_OK);
}

/** Returns the nearest existing path above, or the folder itself. */
function nearestExisting(folder: string): string {
  let location = folder;
  while (!existsSync(location) && path.dirname(location) !== location) location = path.dirname(location);
  return location;
}

function statIfExists(location: string): Stats | undefined {
  try {
    return statSync(location);
  } catch (error) {
    const {code} = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw explainFileError(location, error);
  }
}

function assertAllowed(file: string, location: string, mode: number): void {
  try {
    accessSync(location, mode);
  } catch (error) {
    throw explainFileError(file, error, location);
  }
}

/** Explains an error of the operating system: path, cause and next step. */
export function explainFileError(file: string, error: unknown, location?: string): StoreUnavailable {
  const {code = '', path: at = file, message} = error as NodeJS.ErrnoException;
  const where = location ?? at;
  const user =
    process.getuid === undefined
      ? 'the user of this process'
      : `the user of this process (uid ${process.getuid()})`;
  const reasons: Readonly<Record<string, string>> = {
    EACCES: `${user} may not read and write ${where}. Change its owner or mode (chown, chmod), ${ELSEWHERE}`,
    EPERM: `${user} may not change ${where}. Remove its write protection, ${ELSEWHERE}`,
    EROFS: `${where} is on a file system that is mounted read-only. Mount it writable, ${ELSEWHERE}`,
    ENOTDIR: `part of ${where} is a file and not a folder. Move that away, ${ELSEWHERE}`,
    EISDIR: `${where} is a folder. Move it away, ${ELSEWHERE}`,
    ELOOP: `${where} is a symbolic link that leads back to itself. Correct it, ${ELSEWHERE}`,
    ENAMETOOLONG: 'its path is too long. Name a shorter one in DATABASE_URL',
    ENOSPC: `the disk of ${where} is full. Free some space, ${ELSEWHERE}`,
    EDQUOT: `the disk quota of ${user} is used up. Raise it, ${ELSEWHERE}`,
    EMFILE: 'this process has too many files open. Raise ulimit -n',
  };
  const reason = reasons[code] ?? `${message}. Correct that, ${ELSEWHERE}`;
  return refusal(file, `cannot be used: ${reason}`, error);
}

function refusal(file: string, reason: string, cause?: unknown): StoreUnavailable {
  return new StoreUnavailable(`The journal ${file} ${reason}.`, {cause});
}
