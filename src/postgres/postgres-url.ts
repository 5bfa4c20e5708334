/**
 * Parses a `postgres://` URL into options of the driver. The driver's own parser is not used, for these
 * reasons:
 * - This parser takes no defaults from the environment.
 * - It does not let the URL turn off our time limits.
 * - It supports libpq's socket forms, which are invalid URLs for a browser's parser.
 * - Its messages never quote a password.
 */
import {userInfo} from 'node:os';
import type {ConnectionOptions} from 'node:tls';
import {parseQuery, verdictOf} from './postgres-parameters.ts';
import {sslOptions} from './postgres-tls.ts';

export interface PostgresAddress {
  /** A host name, an address, or the folder of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Absent if `~/.pgpass` has the password, or if there is none. */
  readonly password?: string;
  readonly database: string;
  readonly ssl: false | ConnectionOptions;
  /** Starts TLS with the first byte, without negotiation. */
  readonly directTls: boolean;
  readonly channelBinding: 'disable' | 'prefer' | 'require';
  readonly applicationName?: string;
  /** Overrides our limit, in milliseconds. */
  readonly connectMs?: number;
  /** Sent unchanged, because some services route by it. Our own settings are applied afterwards and win. */
  readonly options?: string;
  /** Ignored parameters, each with the reason. */
  readonly notes: readonly string[];
}

const DEFAULT_PORT = 5432;
const EXAMPLE = 'postgres://user:password@host:5432/database';
const SOCKET_EXAMPLE = 'postgres:///database?host=/var/run/postgresql&user=name';
const MAX_CONNECT_S = 30;
/** A host name, an address, or the folder of a socket. Container names may contain an underscore. */
const HOST =
  /^(?:[\p{L}\p{N}](?:[\p{L}\p{N}._-]*[\p{L}\p{N}])?\.?|[0-9a-f:.]*:[0-9a-f:.]*(?:%[\w.-]+)?|\/[^\0]*)$/iu;

export function isPostgresUrl(databaseUrl: string): boolean {
  return /^postgres(?:ql)?:/i.test(databaseUrl);
}

/** @throws Error with a sentence that names the fault, without the password */
export function parsePostgresUrl(databaseUrl: string): PostgresAddress {
  try {
    return parse(databaseUrl);
  } catch (error) {
    throw new Error(`DATABASE_URL: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Returns the fault of the URL, without the password; `undefined` without a fault. */
export function postgresUrlFault(databaseUrl: string): string | undefined {
  try {
    parse(databaseUrl);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Host, port and database, without user and password, for messages. */
export function describeAddress({host, port, database}: PostgresAddress): string {
  return `${host.includes(':') && !host.startsWith('/') ? `[${host}]` : host}:${port}/${database}`;
}

function parse(databaseUrl: string): PostgresAddress {
  const parts = split(databaseUrl);
  const query = parseQuery(parts.query, decode);
  const notes = checkParameters(query);
  const host = hostOf(query.get('host') ?? decode(parts.host));
  const isSocket = host.startsWith('/');
  const database = query.get('dbname') ?? decode(parts.database);
  const user = query.get('user') ?? decode(parts.user);
  // Like libpq. Over a network, a missing user is a mistake.
  const knownUser = user === '' && isSocket ? userInfo().username : user;
  if (knownUser === '') throw new Error(`it names no user; write ${EXAMPLE}`);
  if (database === '' || database.includes('/')) throw new Error(`it names no database; write ${EXAMPLE}`);
  const password = query.get('password') ?? decode(parts.password);
  const ssl = sslOptions(query, isSocket);
  const channelBinding = oneOf(query, 'channel_binding', ['disable', 'prefer', 'require'], 'disable');
  if (channelBinding === 'require' && ssl === false) {
    throw new Error('channel_binding=require needs TLS; add sslmode=verify-full or sslmode=require');
  }
  const directTls = oneOf(query, 'sslnegotiation', ['postgres', 'direct'], 'postgres') === 'direct';
  if (directTls && ssl === false) throw new Error('sslnegotiation=direct needs sslmode=require or stricter');
  assertPrimary(query);
  const [name, options] = [applicationNameOf(query), query.get('options')];
  const connectMs = connectMsOf(query.get('connect_timeout'));
  return {
    host,
    port: portOf(query.get('port') ?? parts.port),
    user: knownUser,
    database,
    ...(password === '' ? {} : {password}),
    ssl,
    directTls,
    channelBinding,
    ...(name === undefined ? {} : {applicationName: name}),
    ...(connectMs === undefined ? {} : {connectMs}),
    ...(options === undefined || options === '' ? {} : {options}),
    notes,
  };
}

interface Parts {
  readonly user: string;
  readonly password: string;
  readonly host: string;
  readonly port: string;
  readonly database: string;
  readonly query: string;
}

/** Splits the URL without decoding. */
function split(databaseUrl: string): Parts {
  if (/\p{Cc}/u.test(databaseUrl)) throw new Error('it contains a control character, such as a line break');
  if (databaseUrl.includes('#')) throw new Error('it has a # that is not percent-encoded; write %23');
  const whole = /^postgres(?:ql)?:\/\/([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/i.exec(databaseUrl);
  if (whole === null) throw new Error(`it is not a URL; write ${EXAMPLE}`);
  const [, authority = '', database = '', query = ''] = whole;
  // Users often do not encode an @ in a password. A host never contains one.
  const at = authority.lastIndexOf('@');
  const [user, password] = cut(at === -1 ? '' : authority.slice(0, at), ':');
  const hostAndPort = authority.slice(at + 1);
  if (at === -1 && database.includes('@')) {
    throw new Error('it has a / or a ? before the @ that is not percent-encoded; write %2F or %3F');
  }
  if (hostAndPort.includes(',')) throw severalHosts();
  const address = /^\[([^\]]*)\](?::(.*))?$/.exec(hostAndPort);
  const [host, port] = address === null ? cut(hostAndPort, ':') : [address[1] ?? '', address[2] ?? ''];
  // Checked before any message quotes the query, which may be the rest of a password.
  portOf(port);
  return {user, password, host, port, database, query};
}

function cut(text: string, separator: string): readonly [string, string] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

/** Refuses unsupported parameters and returns notes on the ignored ones. */
function checkParameters(query: ReadonlyMap<string, string>): readonly string[] {
  const notes: string[] = [];
  for (const [name, value] of query) {
    const verdict = verdictOf(name, value);
    if (verdict?.kind === 'refused')
      throw new Error(`its parameter ${JSON.stringify(name)} cannot be used: ${verdict.why}`);
    if (verdict?.kind === 'ignored') notes.push(`its parameter ${name} is ignored: ${verdict.why}`);
  }
  return notes;
}

function hostOf(host: string): string {
  if (host.includes(',')) throw severalHosts();
  if (host === '') throw new Error(`it names no host; write ${EXAMPLE}, or ${SOCKET_EXAMPLE}`);
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  if (!HOST.test(bare)) {
    throw new Error(
      'its host is invalid; percent-encode all characters of user and password except letters and digits',
    );
  }
  return bare;
}

function severalHosts(): Error {
  return new Error(
    'it names several hosts; name one that leads to the primary, such as a DNS name or a proxy that follows a failover',
  );
}

function portOf(text: string): number {
  if (text === '') return DEFAULT_PORT;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535) {
    throw new Error(
      'its port is not a number from 1 to 65535; percent-encode : and / in the user and password',
    );
  }
  return port;
}

function oneOf<Value extends string>(
  query: ReadonlyMap<string, string>,
  name: string,
  values: readonly Value[],
  fallback: Value,
): Value {
  const text = query.get(name) ?? fallback;
  const value = values.find((known) => known === text);
  if (value === undefined) throw new Error(`${name} must be one of ${values.join(', ')}`);
  return value;
}

/** Refuses options that allow a standby, because the gateway writes. */
function assertPrimary(query: ReadonlyMap<string, string>): void {
  const wanted = query.get('target_session_attrs') ?? 'any';
  if (!['any', 'read-write', 'primary'].includes(wanted)) {
    throw new Error(
      'target_session_attrs must be one of any, read-write, primary, because the gateway writes',
    );
  }
}

function applicationNameOf(query: ReadonlyMap<string, string>): string | undefined {
  const name = query.get('application_name') ?? query.get('fallback_application_name');
  return name === '' ? undefined : name;
}

function connectMsOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const seconds = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (seconds < 1 || seconds > MAX_CONNECT_S) {
    throw new Error(`connect_timeout must be a whole number of seconds from 1 to ${MAX_CONNECT_S}`);
  }
  return seconds * 1000;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Error('it has a % that is not followed by two hex digits; write %25 for a percent sign');
  }
}
