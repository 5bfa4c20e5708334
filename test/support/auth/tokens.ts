/** Signs JWTs as a backend with the shared secret does. */
import {createHmac} from 'node:crypto';
import type {Scope} from '@hookswitch/protocol';

/** For `startGateway({env: {AUTH_JWT_SECRET: JWT_SECRET}})`. */
export const JWT_SECRET = 'test-jwt-secret-0123456789-abcdefghij';

export interface TokenOptions {
  /** @default no scope */
  readonly scope?: readonly Scope[] | string;
  /** Seconds from `now`. @default an hour */
  readonly lifetimeS?: number;
  /** Milliseconds since 1970. @default the system time */
  readonly now?: number;
  readonly secret?: string;
  /** Override `sub`, `scope`, `iat` and `exp` or add claims. `undefined` removes a claim. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Override `alg` and `typ` or add header fields. */
  readonly header?: Readonly<Record<string, unknown>>;
}

/** A token for user `sub`, signed with HS256. */
export function signToken(sub: string, options: TokenOptions = {}): string {
  const {scope = [], lifetimeS = 3600, now = Date.now(), secret, claims, header} = options;
  const iat = Math.floor(now / 1000);
  const words = typeof scope === 'string' ? scope : scope.join(' ');
  return signHs256(
    JSON.stringify({alg: 'HS256', typ: 'JWT', ...header}),
    JSON.stringify({sub, scope: words, iat, exp: iat + lifetimeS, ...claims}),
    secret,
  );
}

/** Signs any two texts as a token, even invalid ones. */
export function signHs256(
  header: string | Buffer,
  payload: string | Buffer,
  secret: string | Buffer = JWT_SECRET,
): string {
  const signed = `${base64url(header)}.${base64url(payload)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

export function base64url(content: string | Uint8Array): string {
  return Buffer.from(content).toString('base64url');
}
