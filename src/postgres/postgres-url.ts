/**
 * What a `postgres://` URL says, as options of the driver. The driver has a parser of its own; this one takes no defaults
 * from the environment, lets the URL switch no time limit of ours off, knows libpq's forms of a socket, which are no URLs to
 * a browser's parser, and never quotes a password in what it complains of.
 */
import {userInfo} from 'node:os';
import type {ConnectionOptions} from 'node:tls';
import {parseQuery, verdictOf} from './postgres-parameters.ts';
import {sslOptions} from './postgres-tls.ts';

export interface PostgresAddress {
  /** A name, an address, or the folder of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Absent: none is sent, or what `~/.pgpass` has. */
  readonly password?: string;
  readonly database: string;
  readonly ssl: false | ConnectionOptions;
  /** TLS from the first byte, without asking before. */
  readonly directTls: boolean;
  readonly channelBinding: 'disable' | 'prefer' | 'require';
  readonly applicationName?: string;
  /** Instead of our own limit, in milliseconds. */
  readonly connectMs?: number;
  /** Sent as it is, because some services route by it. Our own settings are made after it and win. */
  readonly options?: string;
  /** Parameters that are ignored, each with the reason. */
  readonly notes: readonly string[];
}

const DEFAULT_PORT = 5432;
const EXAMPLE = 'postgres://user:password@host:5432/database';
const SOCKET_EXAMPLE = 'postgres:///database?host=/var/run/postgresql&user=name';
const MAX_CONNECT_S = 30;
/** Of a host name, an address, or the folder of a socket. An underscore is in no name of the internet, and in those of containers. */
const HOST =
  /^(?:[\p{L}\p{N}](?:[\p{L}\p{N}._-]*[\p{L}\p{N}])?\.?|[0-9a-f:.]*:[0-9a-f:.]*(?:%[\w.-]+)?|\/[^\0]*)$/iu;

export function isPostgresUrl(databaseUrl: string): boolean {
  return /^postgres(?:ql)?:/i.test(databaseUrl);
}

/** @throws Error — one sentence that says what is wrong, without the password */
export function parsePostgresUrl(databaseUrl: string): PostgresAddress {
  try {
    return parse(databaseUrl);
  } catch (error) {
    throw new Error(`DATABASE_URL: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Why the URL is none, without the password; `undefined` when it is one. */
export function postgresUrlFault(databaseUrl: string): string | undefined {
  try {
    parse(databaseUrl);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Where the database is, for people: no password, no user. */
export function describeAddress({host, port, database}: PostgresAddress): string {
  return `${host.includes(':') && !host.startsWith('/') ? `[${host}]` : host}:${port}/${database}`;
}

function parse(databaseUrl: string): PostgresAddress {
  const parts = split(databaseUrl);
  const query = parseQuery(parts.query, decode);
  const notes = judge(query);
  const host = hostOf(query.get('host') ?? decode(parts.host));
  const isSocket = host.startsWith('/');
  const database = query.get('dbname') ?? decode(parts.database);
  const user = query.get('user') ?? decode(parts.user);
  // As libpq; over a network a name that nobody has given is a mistake.
  const knownUser = user === '' && isSocket ? userInfo().username : user;
  if (knownUser === '') throw new Error(`it names no user; write ${EXAMPLE}`);
  if (database === '' || database.includes('/')) throw new Error(`it names no database; write ${EXAMPLE}`);
  const password = query.get('password') ?? decode(parts.password);
  const ssl = sslOptions(query, isSocket);
  const channelBinding = oneOf(query, 'channel_binding', ['disable', 'prefer', 'require'], 'disable');
  if (channelBinding === 'require' && ssl === false) {
    throw new Error(
      'channel_binding=require needs TLS; write sslmode=verify-full or sslmode=require beside it',
    );
  }
  const directTls = oneOf(query, 'sslnegotiation', ['postgres', 'direct'], 'postgres') === 'direct';
  if (directTls && ssl === false) throw new Error('sslnegotiation=direct needs sslmode=require or stricter');
  assertPrimary(query);
  const [name, options] = [applicationNameOf(query), query.get('options')];
  const connectMs = connectMsOf(query.get('connect_timeout'));
  return {
    ...{host, port: portOf(query.get('port') ?? parts.port), user: knownUser, database},
    ...(password === '' ? {} : {password}),
    ...{ssl, directTls, channelBinding},
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

/** Takes the text apart; nothing is decoded. */
function split(databaseUrl: string): Parts {
  if (/\p{Cc}/u.test(databaseUrl)) throw new Error('it has a control character in it, such as a line break');
  if (databaseUrl.includes('#')) throw new Error('it has a # that is not percent-encoded; write %23');
  const whole = /^postgres(?:ql)?:\/\/([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/i.exec(databaseUrl);
  if (whole === null) throw new Error(`it is not a URL; write ${EXAMPLE}`);
  const [, authority = '', database = '', query = ''] = whole;
  // A password with @ in it is often not encoded; a host never has one.
  const at = authority.lastIndexOf('@');
  const [user, password] = cut(at === -1 ? '' : authority.slice(0, at), ':');
  const place = authority.slice(at + 1);
  if (at === -1 && database.includes('@')) {
    throw new Error('it has a / or a ? before the @ that is not percent-encoded; write %2F or %3F');
  }
  if (place.includes(',')) throw severalHosts();
  const address = /^\[([^\]]*)\](?::(.*))?$/.exec(place);
  const [host, port] = address === null ? cut(place, ':') : [address[1] ?? '', address[2] ?? ''];
  // Before anything of the query is quoted, which may be the rest of a password.
  portOf(port);
  return {user, password, host, port, database, query};
}

function cut(text: string, separator: string): readonly [string, string] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

/** Refuses what may not be ignored, and returns what is. */
function judge(query: ReadonlyMap<string, string>): readonly string[] {
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
      'its host is not a valid one; anything but letters and digits in user and password has to be percent-encoded',
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
      'its port is no number from 1 to 65535; a : or / in user or password has to be percent-encoded',
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
  if (value === undefined) throw new Error(`${name} is one of ${values.join(', ')}`);
  return value;
}

/** The journal is written: a standby is of no use. */
function assertPrimary(query: ReadonlyMap<string, string>): void {
  const wanted = query.get('target_session_attrs') ?? 'any';
  if (!['any', 'read-write', 'primary'].includes(wanted)) {
    throw new Error('target_session_attrs is one of any, read-write, primary, since the gateway writes');
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
    throw new Error(`connect_timeout is a whole number of seconds from 1 to ${MAX_CONNECT_S}`);
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
