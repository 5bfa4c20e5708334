/** Texts about the configuration: tables, the example file, the start log and warnings. */

import {MASK, maskNumber, maskSecret} from '../mask.ts';
import {isLoopback} from '../network/loopback.ts';
import type {Environment} from './environment.ts';
import {type Variable, type VariableName, variables} from './variables.ts';

export interface EnvironmentRow {
  readonly variable: VariableName;
  /** `required`, a value in backticks, or a description. */
  readonly default: string;
  readonly meaning: string;
}

const declarations = Object.entries(variables) as readonly (readonly [VariableName, Variable])[];

/** One row per variable, in the order of declaration, for `--help` and for documents. */
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
    '# Copy to .env and fill in the first four. The environment overrides this file. An empty value counts as not set.',
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

/** The effective configuration for the start log, with masked secrets and a masked phone number. */
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

/** Warnings about valid settings that are probably wrong, one sentence each. */
export function warnings(environment: Environment): readonly string[] {
  const {twilio, auth, accessKey} = environment;
  const found: [boolean, string][] = [
    [
      environment.allowedOrigins === '*',
      'ALLOWED_ORIGINS is *: every web page that gets hold of a token may use this server.',
    ],
    [
      environment.allowedOrigins !== '*' && environment.allowedOrigins.includes('null'),
      'ALLOWED_ORIGINS lists null, which is the origin of every page in a sandboxed frame and of every local file.',
    ],
    [
      twilio.apiUrl === variables.TWILIO_API_URL.default && !/^[0-9a-f]{32}$/i.test(twilio.authToken),
      'TWILIO_AUTH_TOKEN is not 32 hex digits, as Twilio tokens are. Compare it with the Twilio console.',
    ],
    [
      accessKey !== undefined && accessKey.length < 24,
      'HOOKSWITCH_ACCESS_KEY is short, and guessing it grants full access. Use the output of: openssl rand -hex 24',
    ],
    [
      (auth.issuer ?? auth.audience) !== undefined && (auth.jwtSecret ?? auth.jwksUrl) === undefined,
      'AUTH_ISSUER or AUTH_AUDIENCE is set, but no JWTs are accepted. Also set AUTH_JWT_SECRET or AUTH_JWKS_URL.',
    ],
    [
      auth.jwksUrl !== undefined && auth.audience === undefined,
      'AUTH_JWKS_URL is set without AUTH_AUDIENCE: tokens that its issuer signs for other applications are accepted as well.',
    ],
    [
      environment.publicUrl.startsWith('http:'),
      'PUBLIC_URL is http on loopback. The simulator can reach it, but Twilio cannot.',
    ],
    [
      twilio.apiUrl.startsWith('http:') && !isLoopback(new URL(twilio.apiUrl).hostname),
      'TWILIO_API_URL is http, so the auth token crosses the network unencrypted.',
    ],
    [
      twilio.alternateAuthToken === twilio.authToken,
      'TWILIO_AUTH_TOKEN_ALTERNATE is the same as TWILIO_AUTH_TOKEN.',
    ],
  ];
  return [...environment.notices, ...found.filter(([holds]) => holds).map(([, sentence]) => sentence)];
}
