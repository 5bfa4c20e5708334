/**
 * The declaration of every variable: format, default and description. `--help`, the reference of the
 * environment and `.env.example` are generated from it.
 */
import {isIP} from 'node:net';
import type {z} from 'zod';
import {fileUrlFault} from '../journal/sqlite/file-url.ts';
import {isLoopback} from '../network/loopback.ts';
import {isPostgresUrl, postgresUrlFault} from '../postgres/postgres-url.ts';
import type {TextRules} from './characters.ts';
import {parseOrigin} from './origin-patterns.ts';
import {
  integer,
  list,
  parseBaseUrl,
  pattern,
  Refusal,
  secret,
  text,
  withoutTrailingSlash,
} from './parsing.ts';
import {PROXIES_REMEDY, parseProxy} from './trusted-proxies.ts';
import {DEFAULT_TWIML, readTwiml} from './voice-twiml.ts';

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

export interface Variable<Schema extends z.ZodType = z.ZodType> extends TextRules {
  readonly schema: Schema;
  /** Its purpose, in one or two sentences. */
  readonly meaning: string;
  /** There is no default, and the gateway does not start without a value. */
  readonly required?: true;
  /** The text that is parsed if the variable is not set. */
  readonly default?: string;
  /** The documented default, for defaults that are computed or absent. */
  readonly defaultText?: string;
  /** For `.env.example`. For a required variable it is a placeholder, which is refused as a value. */
  readonly example?: string;
}

/** Keeps the exact type of each schema while it checks the declaration. */
function variable<Schema extends z.ZodType>(declaration: Variable<Schema>): Variable<Schema> {
  return declaration;
}

const PUBLIC_URL_EXAMPLE = 'https://your-name.ngrok.app';
const PUBLIC_URL_REMEDY =
  'Set it to the https URL at which Twilio reaches this server, such as your ngrok URL.';
const TOKEN_REMEDY = 'Copy the Auth Token from the Twilio console.';
const ORIGINS_REMEDY = 'List origins such as https://app.example.com,http://localhost:3000, without a path.';

function parsePublicUrl(value: string): string | Refusal {
  const url = parseBaseUrl(value, PUBLIC_URL_REMEDY);
  if (url instanceof Refusal) return url;
  if (value === PUBLIC_URL_EXAMPLE) return new Refusal('is still the placeholder', PUBLIC_URL_REMEDY);
  if (url.hostname.includes('_'))
    return new Refusal(
      'has an underscore in its host name',
      'Twilio refuses callbacks to such hosts. Use another name.',
    );
  if (url.protocol === 'http:' && !isLoopback(url.hostname))
    return new Refusal('is http', 'Use https. http is only for loopback (localhost, 127.0.0.1, [::1]).');
  return withoutTrailingSlash(url);
}

function parseApiUrl(value: string): string | Refusal {
  const remedy = 'Set it to an origin such as https://api.twilio.com or http://localhost:4010.';
  const url = parseBaseUrl(value, remedy);
  if (url instanceof Refusal) return url;
  return url.pathname === '/' ? url.origin : new Refusal('has a path', remedy);
}

function parseDatabaseUrl(value: string): string | Refusal {
  const remedy =
    'Set it to file: and a path, such as file:./data/hookswitch.db, or to postgres://user:password@host:5432/database.';
  if (isPostgresUrl(value)) {
    const fault = postgresUrlFault(value);
    return fault === undefined ? value : new Refusal(`is not a usable Postgres URL: ${fault}`, remedy);
  }
  if (/^(?:jdbc:)?postgres(?:ql)?[:+]/i.test(value))
    return new Refusal('has the scheme of another driver', `Use postgres:// instead. ${remedy}`);
  if (!value.startsWith('file:')) return new Refusal('is neither a file: nor a postgres: URL', remedy);
  const path = value.slice('file:'.length);
  if (path.includes(':memory:'))
    return new Refusal('is in memory', `Acknowledged entries must survive a restart. ${remedy}`);
  if (/[?#]/.test(path)) return new Refusal('has a query or a fragment', remedy);
  const fault = fileUrlFault(value);
  return fault === undefined ? value : new Refusal(fault, remedy);
}

function parseHost(value: string): string | Refusal {
  const bare = value.replace(/^\[(.*)\]$/, '$1');
  if (isIP(bare) !== 0 || /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/i.test(bare)) return bare;
  return new Refusal(
    'is not an address',
    'Set it to an IP address or a host name of this machine, without a port.',
  );
}

const ACCESS_KEY_REMEDY = 'Use a long, random key: openssl rand -hex 24';

function parseAccessKey(value: string): string | Refusal {
  // Browsers send it in a WebSocket subprotocol, which is an RFC 7230 token.
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(value))
    return new Refusal(
      'has a character that a WebSocket subprotocol cannot contain',
      "Use only letters, digits and !#$%&'*+-.^_`|~, for example the output of: openssl rand -hex 24",
    );
  if (value.length < 8) return new Refusal('is shorter than 8 characters', ACCESS_KEY_REMEDY);
  return value.length <= 512 ? value : new Refusal('is longer than 512 characters', 'Use a shorter key.');
}

function parseDestination(value: string): string | Refusal {
  if (/^\+\d{0,15}$/.test(value) || /^(?:client|sips?):[\x21-\x7e]*$/.test(value)) return value;
  return new Refusal(
    'has an entry that is not a prefix of a destination',
    'List prefixes such as +1,+44,client:,sip: or use any.',
  );
}

const JWT_SECRET_REMEDY =
  'Use the secret your backend signs with, such as the output of: openssl rand -hex 32';
const MIN_JWT_SECRET_BYTES = 32;

/**
 * RFC 7518, section 3.2: an HS256 key is at least as long as its hash. One token is enough to try shorter
 * keys offline.
 */
function parseJwtSecret(value: string): string | Refusal {
  return Buffer.byteLength(value) >= MIN_JWT_SECRET_BYTES
    ? value
    : new Refusal(`is shorter than ${MIN_JWT_SECRET_BYTES} bytes`, JWT_SECRET_REMEDY);
}

function parseJwksUrl(value: string): string | Refusal {
  const remedy = 'Set it to the https URL of your key set.';
  if (!URL.canParse(value)) return new Refusal('is not an absolute URL', remedy);
  const url = new URL(value);
  if (url.username !== '' || url.password !== '') return new Refusal('contains credentials', remedy);
  const safe = url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
  return safe ? url.href : new Refusal('is not https', remedy);
}

function parseNodeId(value: string): string | Refusal {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(value)) return value;
  return new Refusal(
    'is not a valid node name',
    'Use at most 64 letters, digits, dots, hyphens and underscores, such as gateway-1.',
  );
}

function parseLogLevel(value: string): LogLevel | Refusal {
  const level = logLevels.find((known) => known === value.toLowerCase());
  return level ?? new Refusal('is not a level', `Use one of ${logLevels.join(', ')}.`);
}

const METRICS_TOKEN_REMEDY = 'Use a long, random token: openssl rand -hex 24';

/** RFC 6750, section 2.1: the characters of a bearer token. */
function parseMetricsToken(value: string): string | Refusal {
  if (!/^[A-Za-z0-9._~+/-]+=*$/.test(value))
    return new Refusal('has a character that a bearer token cannot contain', METRICS_TOKEN_REMEDY);
  return value.length >= 16 && value.length <= 512
    ? value
    : new Refusal('is not 16 to 512 characters long', METRICS_TOKEN_REMEDY);
}

/** Detects SIDs, which are often copied instead of the token because the console shows them next to it. */
function parseAuthToken(value: string): string | Refusal {
  const kind = /^AC[0-9a-f]{32}$/i.test(value)
    ? 'an account SID'
    : /^SK[0-9a-f]{32}$/i.test(value)
      ? 'the SID of an API key'
      : undefined;
  return kind === undefined ? value : new Refusal(`is ${kind}, not an auth token`, TOKEN_REMEDY);
}

const originList = list(parseOrigin, ORIGINS_REMEDY);
const proxyList = list(parseProxy, PROXIES_REMEDY);
const destinationList = list(parseDestination, 'List prefixes such as +1,+44,client: or use any.');

/** A text that an HTTP client or server can send in a claim. */
const claim = pattern(/^[\x21-\x7e]{1,512}$/, 'is not plain text', 'Set it to the value in your tokens.');

export const variables = {
  TWILIO_ACCOUNT_SID: variable({
    required: true,
    example: 'ACxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx',
    meaning: 'Your Twilio account. Webhooks of any other account are refused.',
    schema: pattern(
      /^AC[0-9a-fA-F]{32}$/,
      'is not an account SID (AC and 32 hex digits)',
      'Copy the Account SID from the Twilio console. An API key (SK…) is something else.',
    ),
  }),
  TWILIO_AUTH_TOKEN: variable({
    required: true,
    example: 'your_auth_token',
    meaning: 'Its auth token. Twilio signs webhooks with it, and it is the password of the REST API.',
    schema: secret('your_auth_token', TOKEN_REMEDY).pipe(text(parseAuthToken)),
  }),
  TWILIO_PHONE_NUMBER: variable({
    required: true,
    example: '+1XXXXXXXXXX',
    meaning: 'The number of that account that places outgoing calls, in E.164.',
    schema: pattern(
      /^\+[1-9]\d{6,14}$/,
      'is not a number in E.164',
      'Write it with + and country code, digits only, such as +14155551234.',
    ),
  }),
  PUBLIC_URL: variable({
    required: true,
    example: PUBLIC_URL_EXAMPLE,
    meaning:
      'The https URL (a path is allowed) at which Twilio reaches this server. http is only for loopback.',
    characters: 'international',
    schema: text(parsePublicUrl),
  }),
  PORT: variable({
    default: '8081',
    meaning: 'The port to listen on. 0 selects a free port.',
    schema: integer(0, 65_535),
  }),
  HOST: variable({
    defaultText: 'all interfaces',
    example: '127.0.0.1',
    meaning: 'The address to listen on.',
    schema: text(parseHost),
  }),
  TWILIO_API_URL: variable({
    default: 'https://api.twilio.com',
    meaning: 'Another host with the REST API of Twilio, such as the simulator.',
    characters: 'international',
    schema: text(parseApiUrl),
  }),
  TWILIO_AUTH_TOKEN_ALTERNATE: variable({
    defaultText: '–',
    example: 'the_other_auth_token',
    meaning: 'A second token that is accepted for webhook signatures during a rotation.',
    schema: secret('the_other_auth_token', TOKEN_REMEDY).pipe(text(parseAuthToken)),
  }),
  DATABASE_URL: variable({
    default: 'file:./data/hookswitch.db',
    meaning:
      'The location of the journal: `file:` and the path of an SQLite file, or `postgres://user:password@host:5432/database` if several nodes share it.',
    characters: 'path',
    schema: text(parseDatabaseUrl),
  }),
  NODE_ID: variable({
    defaultText: 'random',
    example: 'gateway-1',
    meaning: 'The name of this node in lists and metrics, if several nodes share a journal.',
    schema: text(parseNodeId),
  }),
  RETENTION_DAYS: variable({
    default: '7',
    meaning: 'Days for which ended calls and their entries are kept.',
    schema: integer(1, 3650, ' days'),
  }),
  HOOKSWITCH_ACCESS_KEY: variable({
    defaultText: 'generated, stored beside the database',
    example: 'the-output-of-openssl-rand-hex-24',
    meaning:
      'The key with all scopes, for users without an identity provider. Required with a Postgres database, because all nodes need the same key.',
    ownQuotes: true,
    schema: secret('the-output-of-openssl-rand-hex-24', ACCESS_KEY_REMEDY).pipe(text(parseAccessKey)),
  }),
  AUTH_JWT_SECRET: variable({
    defaultText: '–',
    example: 'shared_with_your_backend',
    meaning: 'Accepts JWTs (HS256) that your backend signs with this secret of at least 32 bytes.',
    characters: 'international',
    ownQuotes: true,
    schema: secret('shared_with_your_backend', JWT_SECRET_REMEDY).pipe(text(parseJwtSecret)),
  }),
  AUTH_JWKS_URL: variable({
    defaultText: '–',
    example: 'https://auth.example.com/.well-known/jwks.json',
    meaning:
      'Instead of AUTH_JWT_SECRET: the https URL of the public keys (JWKS) for JWTs (RS, PS, ES, EdDSA).',
    characters: 'international',
    schema: text(parseJwksUrl),
  }),
  AUTH_ISSUER: variable({
    defaultText: '–',
    example: 'https://auth.example.com/',
    meaning: 'The `iss` that JWTs must have.',
    schema: claim,
  }),
  AUTH_AUDIENCE: variable({
    defaultText: '–',
    example: 'hookswitch',
    meaning: 'The `aud` that JWTs must have. A token may have several if this is one of them.',
    schema: claim,
  }),
  AUTH_CLOCK_TOLERANCE_S: variable({
    default: '30',
    meaning:
      "Seconds by which `iat` and `nbf` of a JWT may be ahead of the gateway's clock. Not applied to `exp`.",
    schema: integer(0, 600, ' seconds'),
  }),
  ALLOWED_ORIGINS: variable({
    defaultText: 'origin of `PUBLIC_URL` and `http://localhost:PORT`',
    example: 'https://app.example.com,https://*.preview.example.com,http://localhost:3000',
    meaning:
      'Comma-separated browser origins for CORS and the WebSocket upgrade. One `*` in a host name matches a label or a part of one. Pages that the gateway serves are always allowed. `*` alone allows every page.',
    characters: 'international',
    schema: text((value) => (value === '*' ? '*' : originList(value))),
  }),
  TRUSTED_PROXIES: variable({
    defaultText: 'none',
    example: '10.0.0.0/8,127.0.0.1',
    meaning:
      "Comma-separated addresses and CIDRs of proxies whose `X-Forwarded-For` or `Forwarded` header sets the client's address in logs and lists. Signatures never depend on it.",
    schema: text((value) => (value === 'none' ? [] : proxyList(value))),
  }),
  METRICS_TOKEN: variable({
    defaultText: '–',
    example: 'at_least_16_characters',
    meaning: 'A bearer token that can only read `/metrics`, for a Prometheus on another machine.',
    schema: secret('at_least_16_characters', METRICS_TOKEN_REMEDY).pipe(text(parseMetricsToken)),
  }),
  SESSION_TIMEOUT_MS: variable({
    default: '35000',
    meaning:
      'Milliseconds of silence after which a session is closed. Sessions are pinged every 25 s, or more often if this is shorter.',
    schema: integer(1000, 3_600_000, ' milliseconds'),
  }),
  MAX_SESSIONS: variable({
    default: '10000',
    meaning: 'Maximum number of sessions. Further upgrades are answered with 503.',
    schema: integer(1, 10_000_000),
  }),
  MAX_SESSIONS_PER_USER: variable({
    defaultText: 'none',
    example: '20',
    meaning: 'Maximum number of sessions per user. Further sessions are closed with 4429.',
    schema: integer(1, 10_000_000),
  }),
  ALLOWED_DESTINATIONS: variable({
    default: 'any',
    example: '+1,+44,client:',
    meaning: 'Comma-separated prefixes of numbers and addresses that may be dialed.',
    schema: text((value) => (value === 'any' ? 'any' : destinationList(value))),
  }),
  MAX_CALLS_PER_MINUTE: variable({
    default: '60',
    meaning:
      'Calls that a user may place per minute. All users together may place five times as many. Further calls get 429.',
    schema: integer(1, 1_000_000),
  }),
  MAX_ACTIVE_CALLS: variable({
    default: '100',
    meaning: 'Maximum number of calls in progress. Placing further calls is answered with 429.',
    schema: integer(1, 1_000_000),
  }),
  CALL_TIME_LIMIT_S: variable({
    default: '14400',
    meaning: 'Seconds after which Twilio ends a call placed here.',
    schema: integer(1, 86_400, ' seconds'),
  }),
  VOICE_TWIML: variable({
    default: DEFAULT_TWIML,
    defaultText: 'a sentence that nobody is here',
    example: './voice.xml',
    meaning: 'TwiML for calls without their own, or the path of a file with TwiML, which is read at start.',
    characters: 'prose',
    schema: text(readTwiml),
  }),
  LOG_LEVEL: variable({
    default: 'info',
    meaning: `One of ${logLevels.join(', ')}.`,
    schema: text(parseLogLevel),
  }),
} as const satisfies Record<string, Variable>;

export type VariableName = keyof typeof variables;

/** The parsed value of each variable. */
export type Values = {[Name in VariableName]: z.output<(typeof variables)[Name]['schema']>};
