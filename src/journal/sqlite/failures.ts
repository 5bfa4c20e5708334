/** Classifies errors: those that make the disk or the database unusable, and those of a single request. */
import {JournalUnavailableError} from '../../errors/app-error.ts';
import type {Failure} from './worker-messages.ts';

/**
 * Primary result codes of SQLite that concern one statement. After any other code, the connection is dropped.
 */
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

/** Returns the primary result code, if SQLite threw the error. */
export function sqliteCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number')
    return undefined;
  return error.errcode & 0xff;
}

/** The journal is unusable now. The message is written for users. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
}

/**
 * Whether the error concerns only the current request, so that other requests of the transaction can succeed.
 */
export function isRequestFault(error: unknown): boolean {
  if (error instanceof StoreUnavailable || isSystemError(error)) return false;
  const code = sqliteCode(error);
  return code === undefined || statementCodes.has(code);
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException & {code: string} {
  return error instanceof Error && 'errno' in error && 'syscall' in error && 'code' in error;
}

/** Converts an error for the main thread. */
export function toFailure(error: unknown): Failure {
  const detail = error instanceof Error ? error.message : String(error);
  if (isRequestFault(error)) return {kind: 'fault', message: 'The journal could not do this.', detail};
  if (error instanceof StoreUnavailable) return {kind: 'unavailable', message: detail};
  const sentence = isSystemError(error) ? systemSentences[error.code] : sentences[sqliteCode(error) ?? 0];
  return {kind: 'unavailable', message: sentence ?? 'The journal cannot be used.', detail};
}

/** Converts a failure to the error that the port promises. */
export function toError({kind, message, detail}: Failure): Error {
  const options = detail === undefined ? {} : {cause: new Error(detail)};
  return kind === 'fault' ? new Error(message, options) : new JournalUnavailableError(message, options);
}
