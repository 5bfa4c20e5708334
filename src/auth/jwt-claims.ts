/** What a token says (RFC 7519), once its signature has been found right: whose it is, what they may do, until when. */
import {type Scope, scopes} from '@hookswitch/protocol';
import {ACCESS_KEY_USER} from './access-key.ts';
import type {Principal} from './authenticator.ts';

export type Claims = Readonly<Record<string, unknown>>;

export interface ExpectedClaims {
  /** The `iss` a token must have; any when absent. */
  readonly issuer?: string;
  /** What the `aud` of a token must hold; anything when absent. */
  readonly audience?: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

export type ClaimsVerdict =
  | {readonly kind: 'accepted'; readonly principal: Principal & {readonly expiresAt: number}}
  | {readonly kind: 'refused'; readonly claim: 'exp' | 'nbf' | 'iat' | 'sub' | 'scope' | 'iss' | 'aud'};

/** How far the clock of whoever signed may be ahead of ours. Nothing is added to `exp`. */
const CLOCK_TOLERANCE_S = 5;

/** The end of the year 9999: beyond it ISO 8601 has no four digits for the year, and mostly milliseconds were meant. */
const LAST_SECOND = 253_402_300_799;

const MAX_SUBJECT_LENGTH = 256;

export function readClaims(claims: Claims, {issuer, audience, now}: ExpectedClaims): ClaimsVerdict {
  const {exp, nbf, iat, sub, scope = '', iss, aud} = claims;
  const latest = now / 1000 + CLOCK_TOLERANCE_S;
  if (!isNumericDate(exp) || exp * 1000 <= now) return refused('exp');
  if (nbf !== undefined && (!isNumericDate(nbf) || nbf > latest)) return refused('nbf');
  if (iat !== undefined && (!isNumericDate(iat) || iat > latest)) return refused('iat');
  if (!isUser(sub)) return refused('sub');
  if (typeof scope !== 'string') return refused('scope');
  if (issuer === undefined ? iss !== undefined && typeof iss !== 'string' : iss !== issuer)
    return refused('iss');
  const audiences = audiencesOf(aud);
  if (audiences === undefined || (audience !== undefined && !audiences.includes(audience)))
    return refused('aud');
  return {kind: 'accepted', principal: {user: sub, scopes: readScopes(scope), expiresAt: exp * 1000}};
}

/**
 * Whole seconds only. RFC 7519 allows a fraction, but nobody needs one, and a token that means something else in every
 * program that rounds it is refused.
 */
function isNumericDate(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= LAST_SECOND;
}

/**
 * A name that is the same wherever it is kept and shown. The access key's user is nobody else's: a token that could
 * name it would own what was placed with the key.
 */
function isUser(value: unknown): value is string {
  if (typeof value !== 'string' || value === '' || value.length > MAX_SUBJECT_LENGTH) return false;
  // Halves of surrogate pairs all turn into the same character on disk, and with it their users into one.
  if (!value.isWellFormed() || /[\p{Cc}\p{Zl}\p{Zp}]/u.test(value) || value.trim() !== value) return false;
  return value !== ACCESS_KEY_USER;
}

/** Words separated by blanks (RFC 6749); those that mean nothing here are somebody else's. */
function readScopes(scope: string): ReadonlySet<Scope> {
  const words = scope.split(' ');
  return new Set(scopes.filter((known) => words.includes(known)));
}

/** One or several; none when absent, `undefined` for what is no audience. */
function audiencesOf(aud: unknown): readonly string[] | undefined {
  if (aud === undefined) return [];
  if (typeof aud === 'string') return [aud];
  const isList = Array.isArray(aud) && aud.every((item): item is string => typeof item === 'string');
  return isList ? aud : undefined;
}

function refused(claim: Extract<ClaimsVerdict, {kind: 'refused'}>['claim']): ClaimsVerdict {
  return {kind: 'refused', claim};
}
