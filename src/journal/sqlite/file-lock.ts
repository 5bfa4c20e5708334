/**
 * Allows one process per database, because two writers would assign the same offsets. The lock is a SQLite
 * lock on an empty database, `<db>.lock`. The kernel releases it when the process ends for any reason, so it
 * never gets stale. The file is not deleted, because deleting it would let two processes lock two different
 * files.
 */
import {closeSync, mkdirSync, openSync} from 'node:fs';
import {dirname} from 'node:path';
import {DatabaseSync} from 'node:sqlite';
import {StoreUnavailable, sqliteCode} from './failures.ts';

const SQLITE_BUSY = 5;

export class FileLock {
  readonly #database: DatabaseSync;

  private constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Takes the lock for `file` at once. @throws if that is not possible */
  static take(file: string): FileLock {
    const path = `${file}.lock`;
    mkdirSync(dirname(path), {recursive: true, mode: 0o700});
    closeSync(openSync(path, 'a', 0o600));
    const database = new DatabaseSync(path, {timeout: 0});
    try {
      database.exec('BEGIN EXCLUSIVE');
      return new FileLock(database);
    } catch (error) {
      database.close();
      if (sqliteCode(error) !== SQLITE_BUSY) throw error;
      throw new StoreUnavailable(
        `The journal ${file} is in use by another process, which holds ${path}. Stop that process first: ` +
          'a SQLite journal belongs to one gateway.',
      );
    }
  }

  release(): void {
    this.#database.close();
  }
}
