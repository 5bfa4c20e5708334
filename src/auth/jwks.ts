/**
 * The public keys behind AUTH_JWKS_URL (RFC 7517). They are fetched ahead of time and kept: an identity provider that is
 * down locks nobody out whose key is known, and a token can make us fetch only when it names a key that is not, one
 * fetch at a time and not again before a pause. What is fetched is bounded in time and bytes.
 */
import {type CryptoKey, createLocalJWKSet, errors, type JSONWebKeySet} from 'jose';
import type {Logger} from 'pino';
import type {CancelTimer, Clock} from '../clock.ts';
import type {KeyChoice, KeySource} from './jwt.ts';

export interface JwksKeysOptions {
  /** https, or http on this machine. */
  readonly url: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Until the last byte of the body. Stays below the time that one token may take. */
export const FETCH_TIMEOUT_MS = 3000;
const MAX_BODY_BYTES = 262_144;
const MAX_KEYS = 100;

/** A key that was withdrawn is accepted for so long at most, if its endpoint answers. */
const REFRESH_MS = 600_000;
/** After an answer, unknown keys are unknown for so long; after a failure we may ask sooner. */
export const COOL_DOWN_MS = 30_000;
export const RETRY_MS = 5000;
/** Tokens that may wait for a fetch, which can take its 3 s: anybody can send one that names an unknown key. */
export const MAX_WAITING = 256;

type LastFetch =
  | {readonly kind: 'none'}
  /** `at` is on the monotonic clock, when it ended. */
  | {readonly kind: 'answered' | 'failed'; readonly at: number};

type Lookup =
  | {readonly kind: 'found'; readonly key: CryptoKey}
  /** No key fits: it may be newer than what we have. */
  | {readonly kind: 'unknown'}
  /** Several fit, or the one that does cannot be used. */
  | {readonly kind: 'unusable'};

export class JwksKeys implements KeySource {
  /** Signatures by key pairs only. */
  readonly algorithms = [
    ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
    ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
  ];
  readonly #url: string;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #choose: ReturnType<typeof createLocalJWKSet> | undefined;
  #last: LastFetch = {kind: 'none'};
  #fetching: Promise<void> | undefined;
  #waiting = 0;
  #stopped = new AbortController();
  #stopRefreshing: CancelTimer | undefined;

  constructor({url, clock, logger}: JwksKeysOptions) {
    this.#url = url;
    this.#clock = clock;
    this.#logger = logger;
  }

  start(): void {
    this.#stopRefreshing = this.#clock.every(RETRY_MS, () => {
      if (this.#pausedFor() >= (this.#last.kind === 'answered' ? REFRESH_MS : RETRY_MS)) void this.#refresh();
    });
    void this.#refresh();
  }

  stop(): void {
    this.#stopRefreshing?.();
    this.#stopped.abort();
  }

  async find(choice: KeyChoice): Promise<CryptoKey | undefined> {
    const known = await this.#lookUp(choice);
    if (known.kind !== 'unknown') return known.kind === 'found' ? known.key : undefined;
    // One that is under way is waited for; another is begun only after the pause.
    const rested = this.#pausedFor() >= (this.#last.kind === 'answered' ? COOL_DOWN_MS : RETRY_MS);
    if ((this.#fetching === undefined && !rested) || this.#waiting >= MAX_WAITING) return undefined;
    this.#waiting += 1;
    await this.#refresh();
    this.#waiting -= 1;
    const fetched = await this.#lookUp(choice);
    return fetched.kind === 'found' ? fetched.key : undefined;
  }

  async #lookUp({alg, kid}: KeyChoice): Promise<Lookup> {
    if (this.#choose === undefined) return {kind: 'unknown'};
    try {
      return {kind: 'found', key: await this.#choose({alg, kid})};
    } catch (error) {
      return {kind: error instanceof errors.JWKSNoMatchingKey ? 'unknown' : 'unusable'};
    }
  }

  /** Milliseconds since the last fetch ended. */
  #pausedFor(): number {
    return this.#last.kind === 'none' ? Number.POSITIVE_INFINITY : this.#clock.monotonic() - this.#last.at;
  }

  /** Never rejects. Whoever asks while one is under way waits for that. */
  #refresh(): Promise<void> {
    if (this.#stopped.signal.aborted) return Promise.resolve();
    this.#fetching ??= this.#fetch().finally(() => {
      this.#fetching = undefined;
    });
    return this.#fetching;
  }

  async #fetch(): Promise<void> {
    const timedOut = new AbortController();
    const cancel = this.#clock.after(FETCH_TIMEOUT_MS, () => timedOut.abort());
    try {
      const signal = AbortSignal.any([timedOut.signal, this.#stopped.signal]);
      const {keys} = await fetchKeySet(this.#url, signal);
      // A set without keys is an answer too: all of them were withdrawn.
      this.#choose = createLocalJWKSet({keys});
      if (this.#last.kind !== 'answered') this.#logger.info({keys: keys.length}, 'JWT keys fetched');
      this.#last = {kind: 'answered', at: this.#clock.monotonic()};
    } catch (error) {
      if (this.#stopped.signal.aborted) return;
      // Said once: an endpoint that stays down is asked again and again.
      const details = {err: error, kept: this.#choose !== undefined};
      if (this.#last.kind === 'failed') this.#logger.debug(details, 'JWT keys could still not be fetched');
      else this.#logger.warn(details, 'JWT keys could not be fetched (AUTH_JWKS_URL); those known stay');
      this.#last = {kind: 'failed', at: this.#clock.monotonic()};
    } finally {
      cancel();
    }
  }
}

/** @throws when it cannot be had, or is no key set */
async function fetchKeySet(url: string, signal: AbortSignal): Promise<JSONWebKeySet> {
  // A redirect could lead off https, and to anywhere.
  const response = await fetch(url, {signal, redirect: 'error', headers: {accept: 'application/json'}});
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`the endpoint answered ${response.status}`);
  }
  const set: unknown = JSON.parse(await readBounded(response));
  if (!isKeySet(set)) throw new Error('the answer is no key set');
  if (set.keys.length > MAX_KEYS) throw new Error(`the key set has more than ${MAX_KEYS} keys`);
  return set;
}

/** The body counts as it is when unpacked: a small one may be packed large. */
async function readBounded({body}: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BODY_BYTES) throw new Error(`the answer is larger than ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function isKeySet(value: unknown): value is JSONWebKeySet {
  if (typeof value !== 'object' || value === null || !('keys' in value)) return false;
  const {keys} = value;
  return Array.isArray(keys) && keys.every((key) => typeof key === 'object' && key !== null);
}
