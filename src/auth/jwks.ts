/**
 * The public keys of AUTH_JWKS_URL (RFC 7517), fetched ahead of time and cached. If the identity provider is
 * down, tokens with known keys stay valid. A token can cause a fetch only if it names an unknown key. Fetches
 * run one at a time, with a pause in between, and are bounded in time and bytes.
 */
import {type CryptoKey, createLocalJWKSet, errors, type JSONWebKeySet} from 'jose';
import type {Logger} from 'pino';
import type {CancelTimer, Clock} from '../clock.ts';
import type {KeyChoice, KeySource} from './jwt.ts';

export interface JwksKeysOptions {
  /** https, or http for this machine. */
  readonly url: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Includes the body. Less than the time limit of one token. */
export const FETCH_TIMEOUT_MS = 3000;
const MAX_BODY_BYTES = 262_144;
const MAX_KEYS = 100;

/** A revoked key is accepted for at most this long, if its endpoint answers. */
const REFRESH_MS = 600_000;
/** Pauses before another fetch for an unknown key: after a successful fetch, and after a failed one. */
export const COOL_DOWN_MS = 30_000;
export const RETRY_MS = 5000;
/** Tokens that may wait for a fetch, which can take 3 s. Anybody can send a token with an unknown key. */
export const MAX_WAITING = 256;

type LastFetch =
  | {readonly kind: 'none'}
  /** `at` is the end of the fetch on the monotonic clock. */
  | {readonly kind: 'answered' | 'failed'; readonly at: number};

type Lookup =
  | {readonly kind: 'found'; readonly key: CryptoKey}
  /** No key fits. The key may be newer than our set. */
  | {readonly kind: 'unknown'}
  /** Several keys fit, or the matching key cannot be used. */
  | {readonly kind: 'unusable'};

export class JwksKeys implements KeySource {
  /** Only asymmetric signatures. */
  readonly algorithms = [
    'RS256',
    'RS384',
    'RS512',
    'PS256',
    'PS384',
    'PS512',
    'ES256',
    'ES384',
    'ES512',
    'EdDSA',
    'Ed25519',
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
    // Waits for a fetch in progress. Starts a new fetch only after the pause.
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

  /** Never rejects. Joins a fetch in progress. */
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
      // An empty set is valid: all keys were revoked.
      this.#choose = createLocalJWKSet({keys});
      if (this.#last.kind !== 'answered') this.#logger.info({keys: keys.length}, 'JWT keys fetched');
      this.#last = {kind: 'answered', at: this.#clock.monotonic()};
    } catch (error) {
      if (this.#stopped.signal.aborted) return;
      // Warns once, because an endpoint that stays down is tried again and again.
      const details = {err: error, kept: this.#choose !== undefined};
      if (this.#last.kind === 'failed') this.#logger.debug(details, 'could still not fetch the JWT keys');
      else this.#logger.warn(details, 'could not fetch the JWT keys (AUTH_JWKS_URL); known keys stay valid');
      this.#last = {kind: 'failed', at: this.#clock.monotonic()};
    } finally {
      cancel();
    }
  }
}

/** @throws if the key set cannot be fetched or is invalid */
async function fetchKeySet(url: string, signal: AbortSignal): Promise<JSONWebKeySet> {
  // No redirects, because they could lead away from https or to any host.
  const response = await fetch(url, {signal, redirect: 'error', headers: {accept: 'application/json'}});
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`the endpoint answered ${response.status}`);
  }
  const set: unknown = JSON.parse(await readBounded(response));
  if (!isKeySet(set)) throw new Error('the response is not a key set');
  if (set.keys.length > MAX_KEYS) throw new Error(`the key set has more than ${MAX_KEYS} keys`);
  return set;
}

/** Limits the decompressed size, because a small body may be compressed from a large one. */
async function readBounded({body}: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BODY_BYTES) throw new Error(`the response is larger than ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function isKeySet(value: unknown): value is JSONWebKeySet {
  if (typeof value !== 'object' || value === null || !('keys' in value)) return false;
  const {keys} = value;
  return Array.isArray(keys) && keys.every((key) => typeof key === 'object' && key !== null);
}
