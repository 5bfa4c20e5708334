/** What people read about the configuration: the tables, the example file, the start log and its warnings. */

import {MASK, maskNumber, maskSecret} from '../mask.ts';
import {isLoopback} from '../network/loopback.ts';
import type {Environment} from './environment.ts';
import {type Variable, type VariableName, variables} from './variables.ts';

export interface EnvironmentRow {
  readonly variable: VariableName;
  /** `required`, a value in back-ticks, or words. */
  readonly default: string;
  readonly meaning: string;
}

const declarations = Object.entries(variables) as readonly (readonly [VariableName, Variable])[];

/** One row a variable, in the order of declaration: for `--help` and for documents. */
export function environmentTable(): readonly EnvironmentRow[] {
  return declarations.map(([variable, declaration]) => ({
    variable,
    default: declaration.required ? 'required' : (declaration.defaultText ?? `\`${declaration.default}\``),
    meaning: declaration.meaning,
  }));
}

/** The table for Markdown documents. */
export function markdownTable(): string {
  const rows = environmentTable().map(
    (row) => `| \`${row.variable}\` | ${row.default} | ${row.meaning.replaceAll('|', '\\|')} |`,
  );
  return `${['| variable | default | meaning |', '|---|---|---|', ...rows].join('\n')}\n`;
}

/** The content of `.env.example`: required variables with placeholders, the others commented out. */
export function exampleFile(): string {
  const head = [
    '# Copy to .env and fill in the first four. The environment wins over this file; an empty value counts as not set.',
  ];
  const blocks = declarations.map(([name, declaration]) => {
    const value = declaration.required
      ? declaration.example
      : (declaration.example ?? declaration.default ?? '');
    const note = declaration.required
      ? '(required)'
      : `(default: ${(declaration.defaultText ?? declaration.default ?? '').replaceAll('`', '')})`;
    return [
      `# ${declaration.meaning.replaceAll('`', '')} ${note}`,
      `${declaration.required ? '' : '# '}${name}=${value}`,
    ].join('\n');
  });
  return `${[...head, ...blocks].join('\n\n')}\n`;
}

/** The effective configuration for the start log: secrets are masked, and so is the phone number. */
export function describeEnvironment(environment: Environment): Record<string, unknown> {
  const {twilio, auth, voiceTwiml, accessKey, databaseUrl, metricsToken, notices: _, ...rest} = environment;
  return {
    ...rest,
    twilio: {
      accountSid: twilio.accountSid,
      authToken: maskSecret(twilio.authToken),
      alternateAuthToken: maskSecret(twilio.alternateAuthToken),
      phoneNumber: maskNumber(twilio.phoneNumber),
      apiUrl: twilio.apiUrl,
    },
    databaseUrl: withoutPassword(databaseUrl),
    accessKeySource: accessKey === undefined ? 'generated' : 'configured',
    auth: {...auth, jwtSecret: maskSecret(auth.jwtSecret)},
    metricsToken: maskSecret(metricsToken),
    voiceTwiml: `${voiceTwiml.length} characters`,
  };
}

function withoutPassword(databaseUrl: string): string {
  return databaseUrl
    .replace(/^(postgres(?:ql)?:\/\/[^:@/?#]*):[^/?#]*@/i, `$1:${MASK}@`)
    .replace(/^(postgres.*[?&]password=)[^&]*/i, `$1${MASK}`);
}

/** What works and is worth a second thought, one sentence each. */
export function warnings(environment: Environment): readonly string[] {
  const {twilio, auth, accessKey} = environment;
  const found: [boolean, string][] = [
    [
      environment.allowedOrigins === '*',
      'ALLOWED_ORIGINS is *: every web page may use this server with a token it got hold of.',
    ],
    [
      environment.allowedOrigins !== '*' && environment.allowedOrigins.includes('null'),
      'ALLOWED_ORIGINS lists null: any page in a sandboxed frame, and any file on a disk, has this origin.',
    ],
    [
      twilio.apiUrl === variables.TWILIO_API_URL.default && !/^[0-9a-f]{32}$/i.test(twilio.authToken),
      'TWILIO_AUTH_TOKEN is not 32 hex digits as those of Twilio are. Compare it with the Twilio console.',
    ],
    [
      accessKey !== undefined && accessKey.length < 24,
      'HOOKSWITCH_ACCESS_KEY is short: whoever guesses it may do everything. Use the output of: openssl rand -hex 24',
    ],
    [
      (auth.issuer ?? auth.audience) !== undefined && (auth.jwtSecret ?? auth.jwksUrl) === undefined,
      'AUTH_ISSUER or AUTH_AUDIENCE is set, but no JWTs are accepted: set AUTH_JWT_SECRET or AUTH_JWKS_URL too.',
    ],
    [
      auth.jwksUrl !== undefined && auth.audience === undefined,
      'AUTH_JWKS_URL is set without AUTH_AUDIENCE: what its issuer signs for any other application is accepted too.',
    ],
    [
      environment.publicUrl.startsWith('http:'),
      'PUBLIC_URL is http on loopback: the simulator reaches it, Twilio does not.',
    ],
    [
      twilio.apiUrl.startsWith('http:') && !isLoopback(new URL(twilio.apiUrl).hostname),
      'TWILIO_API_URL is http: the auth token crosses the network unencrypted.',
    ],
    [
      twilio.alternateAuthToken === twilio.authToken,
      'TWILIO_AUTH_TOKEN_ALTERNATE is the same as TWILIO_AUTH_TOKEN.',
    ],
  ];
  return [...environment.notices, ...found.filter(([holds]) => holds).map(([, sentence]) => sentence)];
}
