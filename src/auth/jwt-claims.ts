/** Validates the claims of a token (RFC 7519) whose signature is valid: user, scopes and lifetime. */
import {type Scope, scopes} from '@hookswitch/protocol';
import {ACCESS_KEY_USER} from './access-key.ts';
import type {Principal} from './authenticator.ts';
import type {RefusalReason, TokenRefusal} from './refused-tokens.ts';

export type Claims = Readonly<Record<string, unknown>>;

export interface ExpectedClaims {
  /** The required `iss`; any if absent. */
  readonly issuer?: string;
  /** A required element of `aud`; any if absent. */
  readonly audience?: string;
  /** Maximum lead of the signer's clock over ours. Not applied to `exp`. */
  readonly clockToleranceS: number;
  /** Milliseconds since 1970. */
  readonly now: number;
}

export type ClaimsVerdict =
  | {readonly kind: 'accepted'; readonly principal: Principal & {readonly expiresAt: number}}
  | ({readonly kind: 'refused'} & TokenRefusal);

/**
 * The end of the year 9999. Later years have no four digits in ISO 8601, and such values are mostly
 * milliseconds.
 */
const LAST_SECOND = 253_402_300_799;

const MAX_SUBJECT_LENGTH = 256;

export function readClaims(claims: Claims, expected: ExpectedClaims): ClaimsVerdict {
  const {exp, sub, iss, aud} = claims;
  const {issuer, audience, now} = expected;
  if (!isNumericDate(exp)) return refused('exp', `The token has no exp that is ${NUMERIC_DATE}.`);
  if (exp * 1000 <= now) return refused('exp', `The token expired ${seconds(now / 1000 - exp)} ago.`);
  const early = readStart('nbf', claims, expected) ?? readStart('iat', claims, expected);
  if (early !== undefined) return early;
  if (sub === ACCESS_KEY_USER)
    return refused('sub', `The sub is the access key's user, ${ACCESS_KEY_USER}. Use another name.`);
  if (!isUser(sub)) return refused('sub', 'The token has no sub that can be a user.');
  const granted = readScopes(claims);
  if (granted === undefined)
    return refused('scope', 'The scope (or scp) is neither a string nor a list of strings.');
  if (issuer === undefined ? iss !== undefined && typeof iss !== 'string' : iss !== issuer)
    return refused('iss', 'The iss is not the one in AUTH_ISSUER.');
  const audiences = audiencesOf(aud);
  if (audiences === undefined || (audience !== undefined && !audiences.includes(audience)))
    return refused('aud', 'The aud does not contain AUTH_AUDIENCE.');
  // Rounded down to whole milliseconds, so that a token never lives longer than it states.
  return {kind: 'accepted', principal: {user: sub, scopes: granted, expiresAt: Math.floor(exp * 1000)}};
}

const NUMERIC_DATE = 'a number of seconds since 1970';

/** Checks the time from which the token is valid. */
function readStart(
  claim: 'nbf' | 'iat',
  claims: Claims,
  {now, clockToleranceS}: ExpectedClaims,
): ClaimsVerdict | undefined {
  const value = claims[claim];
  if (value === undefined) return undefined;
  if (!isNumericDate(value)) return refused(claim, `The ${claim} is not ${NUMERIC_DATE}.`);
  const ahead = value - now / 1000;
  if (ahead <= clockToleranceS) return undefined;
  return refused(
    claim,
    `The ${claim} is ${seconds(ahead)} ahead of our clock. AUTH_CLOCK_TOLERANCE_S allows ${clockToleranceS} s. Check both clocks.`,
  );
}

/** RFC 7519 allows fractions of a second, and some issuers send them. */
function isNumericDate(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 && value <= LAST_SECOND;
}

function seconds(duration: number): string {
  return `${Math.ceil(duration)} s`;
}

/**
 * A name that stays the same wherever it is stored and shown. The user of the access key is reserved: a token
 * with that name would own the calls placed with the key.
 */
function isUser(value: unknown): value is string {
  if (typeof value !== 'string' || value === '' || value.length > MAX_SUBJECT_LENGTH) return false;
  // Lone surrogates all become the same character on disk, which would merge different users.
  if (!value.isWellFormed() || /[\p{Cc}\p{Zl}\p{Zp}]/u.test(value) || value.trim() !== value) return false;
  return value !== ACCESS_KEY_USER;
}

/**
 * Words separated by spaces (RFC 6749), or a list of words. Okta and Entra call the claim `scp`. Unknown
 * words are ignored, because they are for other services.
 */
function readScopes({scope, scp}: Claims): ReadonlySet<Scope> | undefined {
  const granted = scope === undefined ? (scp === undefined ? '' : scp) : scope;
  const words = typeof granted === 'string' ? granted.split(' ') : granted;
  if (!Array.isArray(words) || !words.every((word) => typeof word === 'string')) return undefined;
  return new Set(scopes.filter((known) => words.includes(known)));
}

/** A list of audiences; empty if absent, `undefined` if invalid. */
function audiencesOf(aud: unknown): readonly string[] | undefined {
  if (aud === undefined) return [];
  if (typeof aud === 'string') return [aud];
  const isList = Array.isArray(aud) && aud.every((item): item is string => typeof item === 'string');
  return isList ? aud : undefined;
}

function refused(reason: RefusalReason, detail: string): ClaimsVerdict {
  return {kind: 'refused', reason, detail};
}
