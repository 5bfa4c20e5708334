/** Converts errors of Postgres, its driver and the network to the errors of the ports. */
import {DatabaseError} from 'pg';
import {JournalUnavailableError} from '../errors/app-error.ts';
import {MASK, maskText} from '../mask.ts';

/**
 * SQLSTATE classes that concern the values or the text of one statement. Repeating it gives the same error.
 */
const statementClasses: ReadonlySet<string> = new Set(['21', '22', '23', '42']);

/** Messages for users, by SQLSTATE. They never quote the statement or its values. */
const sentences: Readonly<Record<string, string>> = {
  '08004': 'The database service accepts no connections now.',
  '08P01': 'The database service, or the pooler in front of it, refuses the connection.',
  '25006': 'The database is a read-only standby.',
  '25P03': 'The database ended an idle transaction.',
  '28000':
    'The database does not admit this user (see pg_hba.conf; it may require TLS or a client certificate).',
  '28P01': 'The database does not accept the password.',
  '3D000': 'There is no such database: create it, or correct its name in DATABASE_URL.',
  '42501': 'The database user may not do this.',
  '53100': 'The disk of the database is full.',
  '53200': 'The database is out of memory.',
  '53300':
    'The database has no free connection: raise max_connections there, or the limit of the role or the pooler.',
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

/** Messages while connecting, when no statement can be at fault. By the beginning of the SQLSTATE. */
const connectSentences: readonly (readonly [string, string])[] = [
  ['22', 'The database does not accept a setting that every connection needs.'],
  ['42', 'The database does not accept a setting that every connection needs.'],
];

const networkSentences: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Nothing listens at the address of the database.',
  ENOTFOUND: 'The host of the database is unknown.',
  EAI_AGAIN: 'The host of the database cannot be resolved.',
  ENOENT: 'The socket of the database does not exist.',
  EHOSTUNREACH: 'The host of the database cannot be reached.',
  ENETUNREACH: 'The host of the database cannot be reached.',
  ETIMEDOUT: 'The database does not answer.',
  ECONNRESET: 'The connection to the database broke.',
  EPIPE: 'The connection to the database broke.',
};

const UNTRUSTED =
  'The certificate of the database was not signed by a trusted authority: sslrootcert in DATABASE_URL must name ' +
  'a file with the certificate of its issuer.';

/** Messages by the error code of TLS. */
const tlsSentences: Readonly<Record<string, string>> = {
  ERR_TLS_CERT_ALTNAME_INVALID:
    'The certificate of the database is for another host name: DATABASE_URL must name a host in the certificate ' +
    '(or set sslmode=verify-ca, which does not compare names).',
  CERT_HAS_EXPIRED: 'The certificate of the database has expired: renew it there.',
  CERT_NOT_YET_VALID: 'The certificate of the database is not valid yet: one of the two clocks is wrong.',
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  CERT_SIGNATURE_FAILURE: UNTRUSTED,
};

/**
 * The server's words when `pg_hba.conf` requires TLS. A server with another language gets the general
 * message.
 */
const UNENCRYPTED = /no encryption$|SSL off$/;

/** Messages for errors of the driver, which have no code, by their text. */
const driverSentences: readonly (readonly [RegExp, string])[] = [
  [/timeout exceeded when trying to connect/, 'No connection to the database became free in time.'],
  [/read timeout|timeout expired|connection timeout/, 'The database does not answer.'],
  [
    /does not support SSL/,
    'The database does not support TLS: turn ssl on there, or leave sslmode out of DATABASE_URL if the network is trusted.',
  ],
  [/certificate|SSL|TLS/i, 'The encrypted connection to the database failed.'],
  [/password must be a (?:non-empty )?string/i, 'The database requires a password, and none is set.'],
  [/terminated|not queryable|closed|ended/i, 'The connection to the database broke.'],
];

/** Returns the SQLSTATE, if the server sent the error. */
export function sqlState(error: unknown): string | undefined {
  return error instanceof DatabaseError ? error.code : undefined;
}

/** Whether only the statement is at fault, so that its connection remains usable. */
export function isStatementFault(error: unknown): boolean {
  const state = sqlState(error);
  return state !== undefined && state !== '42501' && statementClasses.has(state.slice(0, 2));
}

/**
 * Converts an error for the ports: `JournalUnavailableError`, or a plain error if the statement is at fault.
 * @param password is masked in the server's message
 */
export function toPortError(error: unknown, password?: string): Error {
  if (error instanceof JournalUnavailableError) return error;
  const cause = causeOf(error, password);
  if (isStatementFault(error)) return new Error('The database could not do this.', {cause});
  return new JournalUnavailableError(sentenceFor(error), {cause});
}

/** Converts an error of connecting, which is never the fault of a statement. */
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

/** Converts an error at start: of connecting, or of a statement that creates tables. */
export function toStartError(error: unknown): JournalUnavailableError {
  const known = toPortError(error);
  if (known instanceof JournalUnavailableError) return known;
  const cause = known.cause;
  return new JournalUnavailableError('The tables of the gateway cannot be created or migrated.', {
    cause,
  });
}

/**
 * Adds the database service's own message, which often says more. The result is for operators, not for
 * responses to requests.
 */
export function withServiceMessage({message, cause}: Error): string {
  const hasServiceMessage =
    cause instanceof ServiceMessage || (cause instanceof Error && message === UNUSABLE);
  return hasServiceMessage ? `${message} The database service says: ${cause.message}` : message;
}

/** The message of a server or a pooler, after its code if it has one. */
class ServiceMessage extends Error {}

/** The driver's message for a missing answer. */
const QUERY_TIMEOUT = 'Query read timeout';
const NO_SESSION =
  'The database accepted the connection and then did not answer. A pooler in between may have no connection left: ' +
  'a node needs up to 15 (default_pool_size in PgBouncer).';

const UNUSABLE = 'The database cannot be used.';
const MAX_SERVICE_MESSAGE = 300;

function sentenceFor(error: unknown): string {
  const state = sqlState(error);
  if (error instanceof DatabaseError) {
    if (/unsupported startup parameter/.test(error.message)) {
      return 'The pooler refuses a connection parameter: leave options out of DATABASE_URL, or allow it in the pooler.';
    }
    if (state === '28000' && UNENCRYPTED.test(error.message)) {
      return 'The database accepts no connection without TLS: add ?sslmode=verify-full&sslrootcert=<file> to DATABASE_URL.';
    }
    return sentences[state ?? ''] ?? UNUSABLE;
  }
  // A host with several addresses fails with one error per address.
  const first = error instanceof AggregateError ? (error.errors[0] as unknown) : error;
  if (!(first instanceof Error)) return UNUSABLE;
  const code = 'code' in first && typeof first.code === 'string' ? first.code : '';
  const byCode = networkSentences[code] ?? tlsSentences[code];
  if (byCode !== undefined) return byCode;
  const said = driverSentences.find(([pattern]) => pattern.test(`${code} ${first.message}`));
  return said?.[1] ?? UNUSABLE;
}

/**
 * Builds the cause for the log. A server error also has `detail`, `where` and `internalQuery`, which quote
 * values of rows: phone numbers, owners, whole webhooks. They are dropped.
 */
function causeOf(error: unknown, password?: string): Error {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof DatabaseError)) return new Error(message);
  // Poolers also send errors without a code.
  const state = error.code === undefined ? '' : `SQLSTATE ${error.code}`;
  // Messages of class 22 quote the invalid value.
  if (state !== '' && error.code?.startsWith('22') === true) return new ServiceMessage(state);
  const words = masked(message.replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim(), password);
  const shown = words.length > MAX_SERVICE_MESSAGE ? `${words.slice(0, MAX_SERVICE_MESSAGE)}…` : words;
  return new ServiceMessage([state, shown].filter((part) => part !== '').join(': '));
}

/** Masks secrets, because a service may repeat its input, such as the whole URL. */
function masked(words: string, password = ''): string {
  if (password.length < 4) return maskText(words);
  const forms = [password, encodeURIComponent(password)];
  return maskText(forms.reduce((text, form) => text.replaceAll(form, MASK), words));
}
