/**
 * What a `postgres://` URL says, as options of the driver. The driver has a parser of its own; this one takes no defaults
 * from the environment, lets the URL switch no time limit of ours off, and never quotes a password in what it complains of.
 */
import {X509Certificate} from 'node:crypto';
import {readFileSync} from 'node:fs';
import {type ConnectionOptions, createSecureContext} from 'node:tls';

export interface PostgresAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Absent: none is sent, or what `~/.pgpass` has. */
  readonly password?: string;
  readonly database: string;
  readonly ssl: false | ConnectionOptions;
}

const DEFAULT_PORT = 5432;
const EXAMPLE = 'postgres://user:password@host:5432/database';
const sslModes = ['disable', 'require', 'verify-ca', 'verify-full'] as const;
type SslMode = (typeof sslModes)[number];

const sslFiles = ['sslrootcert', 'sslcert', 'sslkey'] as const;

/** Parameters a URL may have; `host` is the folder of a Unix socket. */
const parameters: ReadonlySet<string> = new Set(['sslmode', ...sslFiles, 'host']);

export function isPostgresUrl(databaseUrl: string): boolean {
  return /^postgres(?:ql)?:/i.test(databaseUrl);
}

/** @throws Error — one sentence that says what is wrong, without the password */
export function parsePostgresUrl(databaseUrl: string): PostgresAddress {
  const url = URL.parse(databaseUrl);
  if (url === null) {
    throw refusal(`it is not a URL; write ${EXAMPLE}, with anything but letters and digits percent-encoded`);
  }
  for (const name of url.searchParams.keys()) {
    if (!parameters.has(name)) {
      throw refusal(`it has the parameter ${JSON.stringify(name)}; known are ${[...parameters].join(', ')}`);
    }
    // Which of two would count is nothing to guess at.
    if (url.searchParams.getAll(name).length > 1) throw refusal(`it has ${name} twice`);
  }
  if (url.hash !== '') throw refusal('it has a # that is not percent-encoded; write %23');
  const host = url.searchParams.get('host') ?? decode(url.hostname).replace(/^\[(.*)\]$/, '$1');
  const user = decode(url.username);
  const database = decode(url.pathname.slice(1));
  if (host === '') throw refusal(`it names no host; write ${EXAMPLE}`);
  if (user === '') throw refusal(`it names no user; write ${EXAMPLE}`);
  if (database === '' || database.includes('/')) throw refusal(`it names no database; write ${EXAMPLE}`);
  const password = decode(url.password);
  return {
    host,
    port: url.port === '' ? DEFAULT_PORT : Number(url.port),
    user,
    ...(password === '' ? {} : {password}),
    database,
    ssl: sslOptions(url.searchParams, host),
  };
}

/** Why the URL is none, without the password; `undefined` when it is one. */
export function postgresUrlFault(databaseUrl: string): string | undefined {
  try {
    parsePostgresUrl(databaseUrl);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message.replace(/^DATABASE_URL: /, '') : String(error);
  }
}

/** Where the database is, for people: no password, no user. */
export function describeAddress({host, port, database}: PostgresAddress): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}/${database}`;
}

/**
 * libpq's modes, without the two that fall back to an open connection when somebody in between says so. `require` encrypts
 * and trusts any certificate, unless there is a root certificate to check it against.
 */
function sslOptions(query: URLSearchParams, host: string): false | ConnectionOptions {
  const mode = sslModeOf(query.get('sslmode') ?? 'disable');
  if (mode === 'disable') {
    const idle = sslFiles.find((name) => query.has(name));
    if (idle !== undefined) throw refusal(`${idle} does nothing without sslmode; write sslmode=verify-full`);
    return false;
  }
  if (host.startsWith('/')) throw refusal('a Unix socket is never encrypted; leave sslmode out');
  const [ca, cert, key] = sslFiles.map((name) => fileOf(query, name));
  if ((cert === undefined) !== (key === undefined)) throw refusal('sslcert and sslkey go together');
  if (ca !== undefined && !isCertificate(ca)) {
    throw refusal('the file that sslrootcert names holds no certificate in PEM');
  }
  if (cert !== undefined && !isPair(cert, key)) {
    throw refusal(
      'the files that sslcert and sslkey name are no certificate and its key, in PEM without a passphrase',
    );
  }
  return {
    rejectUnauthorized: mode !== 'require' || ca !== undefined,
    ...(mode === 'verify-full' ? {} : {checkServerIdentity: () => undefined}),
    ...(ca === undefined ? {} : {ca}),
    ...(cert === undefined ? {} : {cert}),
    ...(key === undefined ? {} : {key}),
  };
}

/** TLS itself takes a file without any as an empty list, and then trusts nobody. */
function isCertificate(text: string): boolean {
  try {
    return new X509Certificate(text).subject !== undefined;
  } catch {
    return false;
  }
}

function isPair(cert: string, key: string | undefined): boolean {
  try {
    createSecureContext({cert, key});
    return true;
  } catch {
    return false;
  }
}

function sslModeOf(text: string): SslMode {
  const mode = sslModes.find((known) => known === text);
  if (mode === undefined) throw refusal(`sslmode is one of ${sslModes.join(', ')}`);
  return mode;
}

function fileOf(query: URLSearchParams, name: string): string | undefined {
  const path = query.get(name);
  if (path === null) return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw refusal(`the file that ${name} names cannot be read`);
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw refusal('it has a % that is not followed by two hex digits; write %25 for a percent sign');
  }
}

function refusal(reason: string): Error {
  return new Error(`DATABASE_URL: ${reason}`);
}
