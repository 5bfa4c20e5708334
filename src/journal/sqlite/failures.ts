/** Which errors say that the disk or the database cannot be used, and which that one request cannot be done. */
import {JournalUnavailableError} from '../../errors/app-error.ts';
import type {Failure} from './worker-messages.ts';

/** Primary result codes of SQLite that are about one statement; after any other the connection is given up. */
const statementCodes: ReadonlySet<number> = new Set([1, 18, 19, 20, 21, 25]);

const sentences: Readonly<Record<number, string>> = {
  5: 'The database is locked by another program.',
  8: 'The database is read-only.',
  10: 'The disk failed.',
  11: 'The database is damaged.',
  13: 'The disk is full.',
  14: 'The database file cannot be opened.',
  26: 'The database is damaged.',
};

const systemSentences: Readonly<Record<string, string>> = {
  ENOSPC: 'The disk is full.',
  EDQUOT: 'The disk quota is used up.',
  EFBIG: 'The file may not grow further.',
  EROFS: 'The file system is read-only.',
  EACCES: 'The files may not be written.',
  EPERM: 'The files may not be written.',
};

/** The primary result code, where SQLite threw the error. */
export function sqliteCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number')
    return undefined;
  return error.errcode & 0xff;
}

/** The journal cannot be used as it is now, for a reason that people are told. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
}

/** Whether only the request at hand is at fault: its neighbours in the transaction can go on. */
export function isRequestFault(error: unknown): boolean {
  if (error instanceof StoreUnavailable || isSystemError(error)) return false;
  const code = sqliteCode(error);
  return code === undefined || statementCodes.has(code);
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException & {code: string} {
  return error instanceof Error && 'errno' in error && 'syscall' in error && 'code' in error;
}

/** The error as it crosses to the main thread. */
export function toFailure(error: unknown): Failure {
  const detail = error instanceof Error ? error.message : String(error);
  if (isRequestFault(error)) return {kind: 'fault', message: 'The journal could not do this.', detail};
  if (error instanceof StoreUnavailable) return {kind: 'unavailable', message: detail};
  const sentence = isSystemError(error) ? systemSentences[error.code] : sentences[sqliteCode(error) ?? 0];
  return {kind: 'unavailable', message: sentence ?? 'The journal cannot be used.', detail};
}

/** The failure as the error that the port promises. */
export function toError({kind, message, detail}: Failure): Error {
  const options = detail === undefined ? {} : {cause: new Error(detail)};
  return kind === 'fault' ? new Error(message, options) : new JournalUnavailableError(message, options);
}
