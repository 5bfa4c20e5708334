/**
 * One process per database: two writers would give out the same offsets. The lock is one that SQLite holds on an empty
 * database of its own, `<db>.lock`: the kernel releases it with the process, however that ends, so that no stale lock
 * is ever in the way. The file itself stays; deleting it would let two processes lock two different files.
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

  /** Takes the lock for `file` at once or throws. */
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
        `The journal ${file} is in use by another process (it holds ${path}). Stop that one first: ` +
          'a SQLite journal belongs to one gateway.',
      );
    }
  }

  release(): void {
    this.#database.close();
  }
}
