/** What Postgres, its driver and the network say, as the errors of the ports. */
import {DatabaseError} from 'pg';
import {JournalUnavailableError} from '../errors/app-error.ts';
import {MASK, maskText} from '../mask.ts';

/** Classes of SQLSTATE that are about the values or the text of one statement: asking again gives the same. */
const statementClasses: ReadonlySet<string> = new Set(['21', '22', '23', '42']);

/** By SQLSTATE, what people are told. None has anything of the statement or its values in it. */
const sentences: Readonly<Record<string, string>> = {
  '08004': 'The database service takes no connection now.',
  '08P01': 'The database service, or the pooler before it, refuses the connection.',
  '25006': 'The database is a read-only standby.',
  '25P03': 'The database ended a transaction that stood still.',
  '28000':
    'The database does not let this user in (see pg_hba.conf; it may insist on TLS, or on a certificate of the client).',
  '28P01': 'The database does not accept the password.',
  '3D000': 'There is no such database: create it, or correct its name in DATABASE_URL.',
  '42501': 'The database user may not do this.',
  '53100': 'The disk of the database is full.',
  '53200': 'The database is out of memory.',
  '53300':
    'The database has no connection left: raise max_connections there, or the limit of the role or the pooler.',
  '53400': 'A limit of the database service is reached.',
  '55P03': 'Another transaction holds the journal.',
  '57014': 'The database took too long.',
  '57P01': 'The database is being shut down.',
  '57P02': 'The database has crashed.',
  '57P03': 'The database is starting or shutting down.',
  '57P04': 'The database was dropped.',
  '57P05': 'The database ended a connection that was idle.',
  '58030': 'The disk of the database failed.',
  XX001: 'The database is damaged.',
  XX002: 'The database is damaged.',
};

/** While a connection is made there is no statement that could be at fault. By the beginning of the SQLSTATE. */
const connectSentences: readonly (readonly [string, string])[] = [
  ['22', 'The database does not take a setting that every connection needs.'],
  ['42', 'The database does not take a setting that every connection needs.'],
];

const networkSentences: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Nothing listens where the database should be.',
  ENOTFOUND: 'The host of the database is not known.',
  EAI_AGAIN: 'The host of the database cannot be looked up.',
  ENOENT: 'The socket of the database is not there.',
  EHOSTUNREACH: 'The host of the database cannot be reached.',
  ENETUNREACH: 'The host of the database cannot be reached.',
  ETIMEDOUT: 'The database does not answer.',
  ECONNRESET: 'The connection to the database broke.',
  EPIPE: 'The connection to the database broke.',
};

const UNTRUSTED =
  'The certificate of the database was signed by nobody that is trusted here: sslrootcert in DATABASE_URL has to name ' +
  'the file with the certificate of whoever signed it.';

/** By the code that TLS gives its errors. */
const tlsSentences: Readonly<Record<string, string>> = {
  ERR_TLS_CERT_ALTNAME_INVALID:
    'The certificate of the database is for another host name: DATABASE_URL has to name one that is in the certificate ' +
    '(or say sslmode=verify-ca, which does not compare names).',
  CERT_HAS_EXPIRED: 'The certificate of the database has run out: it has to be renewed there.',
  CERT_NOT_YET_VALID: 'The certificate of the database is not valid yet: one of the two clocks is wrong.',
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  CERT_SIGNATURE_FAILURE: UNTRUSTED,
};

/** What `pg_hba.conf` does to somebody who comes without TLS, in the server's words; another language is told the general thing. */
const UNENCRYPTED = /no encryption$|SSL off$/;

/** The driver's own errors have no code; by what they say. */
const driverSentences: readonly (readonly [RegExp, string])[] = [
  [/timeout exceeded when trying to connect/, 'No connection to the database became free in time.'],
  [/read timeout|timeout expired|connection timeout/, 'The database does not answer.'],
  [
    /does not support SSL/,
    'The database does not speak TLS: turn ssl on there, or leave sslmode out of DATABASE_URL where nobody can listen in.',
  ],
  [/certificate|SSL|TLS/i, 'The encrypted connection to the database could not be made.'],
  [/password must be a (?:non-empty )?string/i, 'The database wants a password, and there is none.'],
  [/terminated|not queryable|closed|ended/i, 'The connection to the database broke.'],
];

/** The SQLSTATE, where the server sent the error. */
export function sqlState(error: unknown): string | undefined {
  return error instanceof DatabaseError ? error.code : undefined;
}

/** Whether only the statement at hand is at fault, and its connection can go on. */
export function isStatementFault(error: unknown): boolean {
  const state = sqlState(error);
  return state !== undefined && state !== '42501' && statementClasses.has(state.slice(0, 2));
}

/**
 * The error as the ports promise it: `JournalUnavailableError`, or a plain one where the statement is at fault.
 * @param password is masked in the words of the server
 */
export function toPortError(error: unknown, password?: string): Error {
  if (error instanceof JournalUnavailableError) return error;
  const cause = causeOf(error, password);
  if (isStatementFault(error)) return new Error('The database could not do this.', {cause});
  return new JournalUnavailableError(sentenceFor(error), {cause});
}

/** Why a connection could not be made: never the fault of a statement. */
export function toConnectError(error: unknown, password?: string): JournalUnavailableError {
  if (error instanceof JournalUnavailableError) return error;
  const state = sqlState(error) ?? '';
  const ofSetting = connectSentences.find(([start]) => state.startsWith(start) && state !== '42501');
  const sentence =
    error instanceof Error && error.message === QUERY_TIMEOUT
      ? NO_SESSION
      : (ofSetting?.[1] ?? sentenceFor(error));
  return new JournalUnavailableError(sentence, {cause: causeOf(error, password)});
}

/** The error of a start: of a connection, or of a statement that makes the tables. */
export function toStartError(error: unknown): JournalUnavailableError {
  const known = toPortError(error);
  if (known instanceof JournalUnavailableError) return known;
  const cause = known.cause;
  return new JournalUnavailableError('The tables of the gateway cannot be made or brought up to date.', {
    cause,
  });
}

/**
 * The error's sentence, and after it what the database service has said itself, which often knows more: for people who
 * operate the gateway, and not for answers to requests.
 */
export function tellAll({message, cause}: Error): string {
  const isTold = cause instanceof ServiceWords || (cause instanceof Error && message === UNUSABLE);
  return isTold ? `${message} The database service says: ${cause.message}` : message;
}

/** The answer of a server or a pooler, after its code if it gave one. */
class ServiceWords extends Error {}

/** Of the driver, for an answer that does not come. */
const QUERY_TIMEOUT = 'Query read timeout';
const NO_SESSION =
  'The database let the gateway in and then did not answer. Where a pooler is between, it may have no connection left: ' +
  'a node takes up to 15 (default_pool_size in PgBouncer).';

const UNUSABLE = 'The database cannot be used.';
const MAX_WORDS = 300;

function sentenceFor(error: unknown): string {
  const state = sqlState(error);
  if (error instanceof DatabaseError) {
    if (/unsupported startup parameter/.test(error.message)) {
      return 'The pooler refuses a parameter of the connection: leave options out of DATABASE_URL, or allow it in the pooler.';
    }
    if (state === '28000' && UNENCRYPTED.test(error.message)) {
      return 'The database lets nobody in without TLS: add ?sslmode=verify-full&sslrootcert=<file> to DATABASE_URL.';
    }
    return sentences[state ?? ''] ?? UNUSABLE;
  }
  // A name with several addresses fails with an error for each.
  const first = error instanceof AggregateError ? (error.errors[0] as unknown) : error;
  if (!(first instanceof Error)) return UNUSABLE;
  const code = 'code' in first && typeof first.code === 'string' ? first.code : '';
  const byCode = networkSentences[code] ?? tlsSentences[code];
  if (byCode !== undefined) return byCode;
  const said = driverSentences.find(([pattern]) => pattern.test(`${code} ${first.message}`));
  return said?.[1] ?? UNUSABLE;
}

/**
 * What goes to the log. A server's error also has `detail`, `where` and `internalQuery`, which quote values of rows:
 * phone numbers, owners, whole webhooks. None of that is kept.
 */
function causeOf(error: unknown, password?: string): Error {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof DatabaseError)) return new Error(message);
  // Poolers also send errors without a code.
  const state = error.code === undefined ? '' : `SQLSTATE ${error.code}`;
  // Messages of class 22 quote the value that was not understood.
  if (state !== '' && error.code?.startsWith('22') === true) return new ServiceWords(state);
  const words = masked(message.replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim(), password);
  const shown = words.length > MAX_WORDS ? `${words.slice(0, MAX_WORDS)}…` : words;
  return new ServiceWords([state, shown].filter((part) => part !== '').join(': '));
}

/** A service may repeat what it was sent, such as the whole URL. */
function masked(words: string, password = ''): string {
  if (password.length < 4) return maskText(words);
  const forms = [password, encodeURIComponent(password)];
  return maskText(forms.reduce((text, form) => text.replaceAll(form, MASK), words));
}
