/**
 * JWTs of your own backend (A2, A4). The header is checked before any key is used, because it is read before
 * the signature is verified. It may name an algorithm from a fixed list and a key from our own set. It can
 * never contain a key.
 */
import {createSecretKey, type KeyObject} from 'node:crypto';
import {type CryptoKey, compactVerify} from 'jose';
import type {Logger} from 'pino';
import type {Clock} from '../clock.ts';
import type {Authenticator, Principal} from './authenticator.ts';
import {ConcurrencyLimiter} from './concurrency-limiter.ts';
import {readClaims} from './jwt-claims.ts';
import {NonDecreasingClock} from './non-decreasing-clock.ts';
import type {RefusalReason, RefusedTokens, TokenRefusal} from './refused-tokens.ts';
import {parseStrictObject} from './strict-json.ts';

/** The values of a header that choose a key from our own set. */
export interface KeyChoice {
  readonly alg: string;
  readonly kid?: string;
}

export interface KeySource {
  /** The accepted algorithms. All are of one kind, so that a public key never serves as a shared secret. */
  readonly algorithms: readonly string[];
  /** The only key that the header can mean, or `undefined`. */
  find(choice: KeyChoice): Promise<CryptoKey | KeyObject | undefined>;
}

export interface JwtAuthenticatorOptions {
  readonly keys: KeySource;
  readonly issuer?: string;
  readonly audience?: string;
  readonly clockToleranceS: number;
  /** Logs the reason of each refusal. The client never gets the reason. */
  readonly refusals: RefusedTokens;
  readonly clock: Clock;
  readonly logger: Logger;
}

export const MAX_TOKEN_BYTES = 4096;
const MAX_KEY_ID_LENGTH = 256;

/**
 * Signatures that are verified at once. Each takes one of the process's four threads, which DNS look-ups use
 * as well. The others wait here, where their number is bounded.
 */
const MAX_SIGNATURES_AT_ONCE = 16;
const MAX_SIGNATURES_WAITING = 10_000;

/**
 * Header parameters that contain a key, point to a key, or change the meaning of the token. They are refused
 * instead of ignored.
 */
const REFUSED_PARAMETERS = ['jwk', 'jku', 'x5c', 'x5u', 'crit', 'b64', 'cty', 'enc', 'zip', 'epk'] as const;

const TYPES = ['jwt', 'at+jwt'];

type Verdict =
  | {readonly kind: 'accepted'; readonly principal: Principal}
  | ({readonly kind: 'refused'} & TokenRefusal);

export class JwtAuthenticator implements Authenticator {
  readonly #options: JwtAuthenticatorOptions;
  readonly #time: NonDecreasingClock;
  readonly #signatures = new ConcurrencyLimiter({
    maxConcurrent: MAX_SIGNATURES_AT_ONCE,
    maxWaiting: MAX_SIGNATURES_WAITING,
  });

  constructor(options: JwtAuthenticatorOptions) {
    this.#options = options;
    this.#time = new NonDecreasingClock(options);
    // Starts the clock now instead of at the first token.
    this.#time.now();
  }

  async verify(token: string): Promise<Principal | undefined> {
    const verdict = await this.#judge(token);
    if (verdict.kind === 'accepted') return verdict.principal;
    this.#options.refusals.add(verdict);
    return undefined;
  }

  async #judge(token: string): Promise<Verdict> {
    const {keys, issuer, audience, clockToleranceS} = this.#options;
    const header = headerOf(token);
    if (header === undefined)
      return refused(
        'form',
        `The token is neither the access key nor a signed JWT of at most ${MAX_TOKEN_BYTES} bytes.`,
      );
    const choice = readHeader(header, keys.algorithms);
    if (typeof choice === 'string') return refused('header', choice);
    const key = await keys.find(choice);
    if (key === undefined)
      return refused('key', 'AUTH_JWKS_URL has no key for the kid and alg of the token.');
    const checked = await this.#signatures.run(() => verifiedClaims(token, key, choice.alg));
    if (checked.kind === 'refused') return refused('crowd', 'Too many tokens are being verified at once.');
    const claims = checked.result;
    if (claims === 'not-signed')
      return refused(
        'signature',
        'The token is signed with another key, or was modified after it was signed.',
      );
    if (claims === undefined)
      return refused('claims', 'The claims are not a JSON object without repeated names.');
    // Reads the clock last, because fetching a key takes time.
    return readClaims(claims, {issuer, audience, clockToleranceS, now: this.#time.now()});
  }
}

/** The header of a token in the form of three parts with canonical base64url. */
function headerOf(token: string): Readonly<Record<string, unknown>> | undefined {
  if (token.length > MAX_TOKEN_BYTES) return undefined;
  const parts = token.split('.', 4);
  if (parts.length !== 3 || !parts.every(isCanonical)) return undefined;
  return parseStrictObject(Buffer.from(parts[0] ?? '', 'base64url'));
}

function isCanonical(part: string): boolean {
  return part !== '' && Buffer.from(part, 'base64url').toString('base64url') === part;
}

/** The choice, or the error of the header. */
function readHeader(
  header: Readonly<Record<string, unknown>>,
  algorithms: readonly string[],
): KeyChoice | string {
  const {alg, kid, typ} = header;
  const refusedParameter = REFUSED_PARAMETERS.find((parameter) => Object.hasOwn(header, parameter));
  if (refusedParameter !== undefined)
    return `The header has the parameter ${refusedParameter}, which is refused.`;
  if (typeof alg !== 'string' || !algorithms.includes(alg))
    return `The alg is not supported by the configured keys: ${algorithms.join(', ')}.`;
  if (typ !== undefined && !isType(typ)) return 'The typ is neither JWT nor at+jwt.';
  if (kid === undefined) return {alg};
  if (typeof kid === 'string' && kid.length <= MAX_KEY_ID_LENGTH) return {alg, kid};
  return `The kid is not a string of at most ${MAX_KEY_ID_LENGTH} characters.`;
}

/** A media type: case-insensitive, and `application/` may be omitted (RFC 7515, section 4.1.9). */
function isType(typ: unknown): boolean {
  return typeof typ === 'string' && TYPES.includes(typ.toLowerCase().replace(/^application\//, ''));
}

/** The claims if the signature is valid; `undefined` if the payload is not a set of claims. */
async function verifiedClaims(token: string, key: CryptoKey | KeyObject, alg: string) {
  let payload: Uint8Array;
  try {
    ({payload} = await compactVerify(token, key, {algorithms: [alg]}));
  } catch {
    return 'not-signed';
  }
  return parseStrictObject(payload);
}

function refused(reason: RefusalReason, detail: string): Verdict {
  return {kind: 'refused', reason, detail};
}

/** HS256 with a secret shared with your backend. A `kid` is ignored, because there is only one key. */
export class SharedSecret implements KeySource {
  readonly algorithms = ['HS256'];
  readonly #key: KeyObject;

  /** @param secret the key as UTF-8; at least 32 bytes (RFC 7518, section 3.2) */
  constructor(secret: string) {
    this.#key = createSecretKey(secret, 'utf8');
  }

  async find(): Promise<KeyObject> {
    return this.#key;
  }
}
