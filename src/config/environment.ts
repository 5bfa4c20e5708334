/**
 * The configuration, read from the environment once at start and passed down as plain values. No other file
 * reads `process.env`. All faults are reported together, and nothing starts with a faulty configuration.
 */
import {isPostgresUrl} from '../postgres/postgres-url.ts';
import {accidentIn, type TextRules, trimBlanks} from './characters.ts';
import {type EnvFile, readEnvFile} from './env-file.ts';
import type {EnvironmentFault} from './environment-fault.ts';
import {misspellings, unreadableNames} from './misspellings.ts';
import {Refusal} from './parsing.ts';
import {type LogLevel, type Values, type VariableName, variables} from './variables.ts';

export type {LogLevel, VariableName} from './variables.ts';

/** The effective configuration. */
export interface Environment {
  /** 0 selects a free port. */
  readonly port: number;
  /** The address to listen on; all interfaces if absent. */
  readonly host?: string;
  readonly twilio: {
    readonly accountSid: string;
    readonly authToken: string;
    readonly alternateAuthToken?: string;
    /** E.164. */
    readonly phoneNumber: string;
    /** Origin of the REST API. */
    readonly apiUrl: string;
  };
  /** Normalized, without a trailing slash. */
  readonly publicUrl: string;
  readonly databaseUrl: string;
  /** The name of this node if several share a journal; random if absent. */
  readonly nodeId?: string;
  readonly retentionDays: number;
  /** Generated if absent. */
  readonly accessKey?: string;
  readonly auth: {
    readonly jwtSecret?: string;
    readonly jwksUrl?: string;
    readonly issuer?: string;
    readonly audience?: string;
    readonly clockToleranceS: number;
  };
  /** Entries may contain one `*`. */
  readonly allowedOrigins: readonly string[] | '*';
  /** Addresses and CIDRs. */
  readonly trustedProxies: readonly string[];
  /** Grants access to `/metrics` and nothing else. */
  readonly metricsToken?: string;
  readonly sessionTimeoutMs: number;
  readonly maxSessions: number;
  readonly maxSessionsPerUser?: number;
  /** Prefixes. */
  readonly allowedDestinations: readonly string[] | 'any';
  /** Per user. */
  readonly maxCallsPerMinute: number;
  readonly maxActiveCalls: number;
  readonly callTimeLimitS: number;
  /** The TwiML itself, even if a file was named. */
  readonly voiceTwiml: string;
  readonly logLevel: LogLevel;
  /** Further findings that deserve a warning, such as a misspelled name. */
  readonly notices: readonly string[];
}

/** The environment is invalid. Contains all faults. */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError';
  readonly faults: readonly EnvironmentFault[];

  constructor(faults: readonly EnvironmentFault[]) {
    super(
      `The environment is invalid: ${faults.map(({variable, fault}) => `${variable} ${fault}`).join('; ')}`,
    );
    this.faults = faults;
  }
}

export interface EnvironmentSource {
  /** @default process.env */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /**
   * File with `NAME=value` lines. The real environment overrides it. A named file must exist.
   * @default `.env` in the working directory, if it exists; none if `env` is given
   */
  readonly envFile?: string;
}

/**
 * Reads and validates the whole environment. An empty value (`FOO=`) counts as not set.
 * @throws EnvironmentError with all faults
 */
export function loadEnvironment({env, envFile}: EnvironmentSource = {}): Environment {
  const faults: EnvironmentFault[] = [];
  const real = env ?? process.env;
  const isDefaultFile = envFile === undefined;
  const path = envFile ?? (env === undefined ? '.env' : undefined);
  const file = path === undefined ? NO_FILE : readFile(path, isDefaultFile, faults);
  const given = {...withoutEmpty(file.values), ...withoutEmpty(real)};
  faults.push(...unreadableNames(given));
  const values = parseVariables(given, faults);
  if (given['AUTH_JWT_SECRET'] !== undefined && given['AUTH_JWKS_URL'] !== undefined)
    faults.push({
      variable: 'AUTH_JWKS_URL',
      fault: 'is set in addition to AUTH_JWT_SECRET',
      remedy: 'Set only one of the two.',
    });
  if (isPostgresUrl(values.DATABASE_URL ?? '') && given['HOOKSWITCH_ACCESS_KEY'] === undefined)
    faults.push({
      variable: 'HOOKSWITCH_ACCESS_KEY',
      fault: 'is missing, but required with a Postgres database',
      remedy: 'All nodes need the same key. Set it to the output of openssl rand -hex 24.',
    });
  const {METRICS_TOKEN: metricsToken} = values;
  const others = [values.HOOKSWITCH_ACCESS_KEY, values.TWILIO_AUTH_TOKEN, values.AUTH_JWT_SECRET];
  if (metricsToken !== undefined && others.includes(metricsToken))
    faults.push({
      variable: 'METRICS_TOKEN',
      fault: 'is the same as another secret, which grants more',
      remedy: 'Set it to a separate value: openssl rand -hex 24',
    });
  if (faults.length > 0) throw new EnvironmentError(faults);
  // Without faults, every required variable has a value, and every other one its default, if any.
  const noticed = [...file.notices, ...notices(given, withoutEmpty(real))];
  return toEnvironment(values as Values, noticed);
}

/** The settings that a demo needs before its simulator has an address. @throws EnvironmentError */
export function demoBasics(): Pick<Environment, 'port' | 'logLevel'> {
  return loadDemoEnvironment(demoPlaceholders);
}

/**
 * The configuration of a demo. Only PORT, LOG_LEVEL and HOOKSWITCH_ACCESS_KEY come from the real environment,
 * so that a demo never dials from a configured account. It listens on loopback only.
 * @throws EnvironmentError with all faults
 */
export function loadDemoEnvironment(values: Readonly<Record<string, string>>): Environment {
  const {PORT, LOG_LEVEL = 'warn', HOOKSWITCH_ACCESS_KEY} = process.env;
  return loadEnvironment({env: {PORT, LOG_LEVEL, HOOKSWITCH_ACCESS_KEY, HOST: '127.0.0.1', ...values}});
}

const demoPlaceholders = {
  TWILIO_ACCOUNT_SID: `AC${'0'.repeat(32)}`,
  TWILIO_AUTH_TOKEN: 'none',
  TWILIO_PHONE_NUMBER: '+15005550006',
  PUBLIC_URL: 'http://localhost',
};

/** All faults as lines for stderr, each with its remedy. */
export function formatFaults(error: EnvironmentError): string {
  const count = error.faults.length;
  const head = `Hookswitch cannot start: its environment has ${count === 1 ? 'one fault' : `${count} faults`}.`;
  const lines = error.faults.map(({variable, fault, remedy}) => `  ${variable} ${fault}.\n    ${remedy}`);
  return `${[head, '', ...lines, '', 'Variables are read from the environment and from .env. See .env.example.'].join('\n')}\n`;
}

const NO_FILE: EnvFile = {values: {}, notices: []};

function readFile(path: string, optional: boolean, faults: EnvironmentFault[]): EnvFile {
  const file = readEnvFile(path);
  if (!(file instanceof Refusal)) return file;
  const {fault, remedy} = file;
  if (!optional || !fault.endsWith('(ENOENT)')) faults.push({variable: path, fault, remedy});
  return NO_FILE;
}

function withoutEmpty(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const set = Object.entries(env).filter(
    (entry): entry is [string, string] => trimBlanks(entry[1] ?? '') !== '',
  );
  return Object.fromEntries(set);
}

function parseVariables(
  given: Readonly<Record<string, string>>,
  faults: EnvironmentFault[],
): Partial<Values> {
  const values: Record<string, unknown> = {};
  for (const [name, declaration] of Object.entries(variables)) {
    const raw = given[name] ?? ('default' in declaration ? declaration.default : undefined);
    if (raw === undefined) {
      if ('required' in declaration) faults.push(missing(name, given));
      continue;
    }
    const accident = accidentIn(name, raw, declaration);
    if (accident !== undefined) {
      faults.push({variable: name, fault: accident.fault, remedy: accident.remedy});
      continue;
    }
    const result = declaration.schema.safeParse(raw);
    if (result.success) {
      values[name] = result.data;
      continue;
    }
    for (const issue of result.error.issues) {
      const remedy = issue.code === 'custom' ? String(issue.params?.['remedy'] ?? '') : '';
      faults.push({variable: name, fault: issue.message, remedy});
    }
  }
  return values;
}

function missing(name: string, given: Readonly<Record<string, string>>): EnvironmentFault {
  const found = misspellings(given).find(({meant}) => meant === name)?.found;
  const remedy = `Set it: ${variables[name as VariableName].meaning}`;
  return {
    variable: name,
    fault: 'is missing',
    remedy: found === undefined ? remedy : `${found} is set. Did you mean ${name}?`,
  };
}

/**
 * Warns about variables that the Twilio SDK reads itself, and about misspelled names, which have no effect.
 */
function notices(given: Readonly<Record<string, string>>, real: Readonly<Record<string, string>>): string[] {
  const redirects = ['TWILIO_REGION', 'TWILIO_EDGE'].filter((name) => real[name] !== undefined);
  return [
    ...redirects.map(
      (name) =>
        `${name} is set: the Twilio SDK sends requests to that region, which answers with 401 or 404 for accounts of another region.`,
    ),
    ...Object.entries(variables).flatMap(([name, {characters}]: [string, TextRules]) => {
      const raw = given[name];
      if (raw === undefined || raw === trimBlanks(raw) || characters === 'prose') return [];
      return [`${name} has spaces or a line break around its value. They are ignored.`];
    }),
    ...misspellings(given).map(({found, meant}) => `${found} is unknown. Did you mean ${meant}?`),
  ];
}

function toEnvironment(values: Values, noticed: readonly string[]): Environment {
  const defaultOrigins = [new URL(values.PUBLIC_URL).origin, `http://localhost:${values.PORT}`];
  return {
    port: values.PORT,
    host: values.HOST,
    twilio: {
      accountSid: values.TWILIO_ACCOUNT_SID,
      authToken: values.TWILIO_AUTH_TOKEN,
      alternateAuthToken: values.TWILIO_AUTH_TOKEN_ALTERNATE,
      phoneNumber: values.TWILIO_PHONE_NUMBER,
      apiUrl: values.TWILIO_API_URL,
    },
    publicUrl: values.PUBLIC_URL,
    databaseUrl: values.DATABASE_URL,
    nodeId: values.NODE_ID,
    retentionDays: values.RETENTION_DAYS,
    accessKey: values.HOOKSWITCH_ACCESS_KEY,
    auth: {
      jwtSecret: values.AUTH_JWT_SECRET,
      jwksUrl: values.AUTH_JWKS_URL,
      issuer: values.AUTH_ISSUER,
      audience: values.AUTH_AUDIENCE,
      clockToleranceS: values.AUTH_CLOCK_TOLERANCE_S,
    },
    allowedOrigins: values.ALLOWED_ORIGINS ?? [...new Set(defaultOrigins)],
    trustedProxies: values.TRUSTED_PROXIES ?? [],
    metricsToken: values.METRICS_TOKEN,
    sessionTimeoutMs: values.SESSION_TIMEOUT_MS,
    maxSessions: values.MAX_SESSIONS,
    maxSessionsPerUser: values.MAX_SESSIONS_PER_USER,
    allowedDestinations: values.ALLOWED_DESTINATIONS,
    maxCallsPerMinute: values.MAX_CALLS_PER_MINUTE,
    maxActiveCalls: values.MAX_ACTIVE_CALLS,
    callTimeLimitS: values.CALL_TIME_LIMIT_S,
    voiceTwiml: values.VOICE_TWIML,
    logLevel: values.LOG_LEVEL,
    notices: noticed,
  };
}
