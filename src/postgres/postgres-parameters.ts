/**
 * The parameters of a `postgres://` URL: those of libpq, and those of other programs in URLs that services
 * hand out.
 * - A supported parameter has a reader in `postgres-url.ts`.
 * - A parameter without effect here is ignored, with a note.
 * - A parameter is refused if ignoring it would weaken security or mislead.
 * - An unknown parameter is refused, because it may be a misspelled `sslmode`.
 */

/** `undefined`: the parameter is supported. */
type Verdict = {readonly kind: 'ignored' | 'refused'; readonly why: string};

const ALWAYS_SESSION = 'the gateway needs a pooler in session mode, and checks that itself';
const OWN_POOL = 'the gateway sizes its connections itself';
const LIMITS = 'the gateway has time limits of its own; remove it';
const OWN_KEEPALIVE = 'the gateway sets its own';
const NOT_DONE = 'it is not supported; remove it';

const supported: ReadonlySet<string> = new Set([
  ...['host', 'port', 'user', 'password', 'dbname'],
  ...['sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'sslnegotiation', 'channel_binding'],
  ...['application_name', 'fallback_application_name', 'connect_timeout', 'options', 'target_session_attrs'],
]);

const ignored: Readonly<Record<string, string>> = {
  pgbouncer: ALWAYS_SESSION,
  prepared_statements: ALWAYS_SESSION,
  preparethreshold: ALWAYS_SESSION,
  prepare_threshold: ALWAYS_SESSION,
  statement_cache_size: ALWAYS_SESSION,
  connection_limit: OWN_POOL,
  max_connections: OWN_POOL,
  pool: OWN_POOL,
  pool_size: OWN_POOL,
  pool_timeout: OWN_POOL,
  pool_mode: ALWAYS_SESSION,
  socket_timeout: 'the gateway has time limits of its own',
  schema: 'the tables are always in the schema hookswitch',
  search_path: 'the tables are always in the schema hookswitch',
  currentschema: 'the tables are always in the schema hookswitch',
  client_encoding: 'the gateway always speaks UTF8',
  charset: 'the gateway always speaks UTF8',
  encoding: 'the gateway always speaks UTF8',
  serverversion: 'the gateway asks the server',
  keepalives: OWN_KEEPALIVE,
  keepalives_idle: OWN_KEEPALIVE,
  keepalives_interval: OWN_KEEPALIVE,
  keepalives_count: OWN_KEEPALIVE,
  tcp_user_timeout: OWN_KEEPALIVE,
  load_balance_hosts: 'there is one host',
  sslcompression: 'TLS is never compressed',
  sslsni: 'the host name is always sent',
  uselibpqcompat: 'sslmode always means what it means to libpq',
  supa: 'it is for another program',
};

const refused: Readonly<Record<string, string>> = {
  ssl: 'write sslmode=verify-full, or sslmode=require to encrypt without verifying the certificate',
  tls: 'write sslmode=verify-full, or sslmode=require to encrypt without verifying the certificate',
  hostaddr: 'write the address as the host',
  service: 'write the contents of the service file into the URL',
  servicefile: 'write the contents of the service file into the URL',
  passfile: 'the gateway reads ~/.pgpass, or the password in the URL',
  sslpassword: 'keep the key in a file without a passphrase',
  statement_timeout: LIMITS,
  lock_timeout: LIMITS,
  idle_in_transaction_session_timeout: LIMITS,
  replication: NOT_DONE,
  requirepeer: NOT_DONE,
  require_auth: NOT_DONE,
  krbsrvname: NOT_DONE,
  gsslib: NOT_DONE,
  gssdelegation: NOT_DONE,
  sslcertmode: NOT_DONE,
  sslcrl: NOT_DONE,
  sslcrldir: NOT_DONE,
  ssl_min_protocol_version: NOT_DONE,
  ssl_max_protocol_version: NOT_DONE,
};

/** Decides about a parameter. Only the names of supported parameters are case-sensitive. */
export function verdictOf(name: string, value: string): Verdict | undefined {
  if (supported.has(name)) return undefined;
  const key = name.toLowerCase();
  const why = Object.hasOwn(ignored, key) ? ignored[key] : undefined;
  if (why !== undefined) return {kind: 'ignored', why};
  if (key === 'gssencmode') {
    return value === 'require'
      ? {kind: 'refused', why: NOT_DONE}
      : {kind: 'ignored', why: 'the gateway encrypts by TLS only'};
  }
  const reason = Object.hasOwn(refused, key) ? refused[key] : undefined;
  return {kind: 'refused', why: reason ?? `it is unknown; known are ${[...supported].join(', ')}`};
}

/** Parses `name=value` pairs and decodes them. @throws Error if one is repeated or malformed */
export function parseQuery(query: string, decode: (text: string) => string): Map<string, string> {
  const found = new Map<string, string>();
  for (const pair of query.split('&')) {
    if (pair === '') continue;
    const at = pair.indexOf('=');
    const name = decode(at === -1 ? pair : pair.slice(0, at));
    // The message does not quote the text, because it may be the rest of a password.
    if (at === -1 || !/^[\w.-]{1,64}$/.test(name)) {
      throw new Error('the text after the ? is not name=value; write a ? in the user or password as %3F');
    }
    // The gateway does not guess which of two values counts.
    if (found.has(name)) throw new Error(`it has ${name} twice`);
    found.set(name, decode(pair.slice(at + 1)));
  }
  return found;
}
