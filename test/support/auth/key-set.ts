/** An identity provider: key pairs for signing, and the endpoint that publishes the public keys. */
import {constants, generateKeyPairSync, type KeyObject, sign} from 'node:crypto';
import {createServer, type RequestListener, type Server} from 'node:http';
import type {AddressInfo} from 'node:net';
import {base64url} from './tokens.ts';

export type PairKind = 'rsa' | 'ec' | 'ed';

export interface Pair {
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** The public key as in a key set. */
  readonly jwk: Readonly<Record<string, unknown>>;
}

/** @param rest further members of the JWK, such as `alg` and `use` */
export function createPair(
  kid: string,
  kind: PairKind,
  rest: Readonly<Record<string, unknown>> = {},
  modulusLength = 2048,
): Pair {
  const pair =
    kind === 'rsa'
      ? generateKeyPairSync('rsa', {modulusLength})
      : kind === 'ec'
        ? generateKeyPairSync('ec', {namedCurve: 'P-256'})
        : generateKeyPairSync('ed25519');
  return {kid, ...pair, jwk: {...pair.publicKey.export({format: 'jwk'}), kid, ...rest}};
}

/** Signs any header and payload with the algorithm of `alg`, or with the key's default. */
export function signWithPair(
  pair: Pair,
  header: Readonly<Record<string, unknown>>,
  payload: unknown,
): string {
  const full = {typ: 'JWT', kid: pair.kid, ...header};
  return signTexts(pair, String(header['alg']), JSON.stringify(full), JSON.stringify(payload));
}

/** Signs any two texts as a token, even invalid ones. */
export function signTexts(
  {privateKey}: Pair,
  alg: string,
  header: string | Buffer,
  payload: string | Buffer,
): string {
  const signed = `${base64url(header)}.${base64url(payload)}`;
  return `${signed}.${signatureOf(signed, privateKey, alg).toString('base64url')}`;
}

function signatureOf(text: string, key: KeyObject, alg: string): Buffer {
  const data = Buffer.from(text);
  if (key.asymmetricKeyType === 'ed25519') return sign(null, data, key);
  const hash = `sha${/\d{3}$/.exec(alg)?.[0] ?? '256'}`;
  if (key.asymmetricKeyType === 'ec') return sign(hash, data, {key, dsaEncoding: 'ieee-p1363'});
  const padding = alg.startsWith('PS') ? constants.RSA_PKCS1_PSS_PADDING : constants.RSA_PKCS1_PADDING;
  return sign(hash, data, {key, padding, saltLength: constants.RSA_PSS_SALTLEN_DIGEST});
}

export class KeySetEndpoint implements AsyncDisposable {
  readonly #server: Server;
  /** Number of requests so far. */
  requests = 0;
  /** Responses in progress. */
  open = 0;
  mostOpen = 0;
  answer: RequestListener;

  constructor(pairs: readonly Pair[] = []) {
    this.answer = showing(pairs.map(({jwk}) => jwk));
    this.#server = createServer((request, response) => {
      this.requests += 1;
      this.open += 1;
      this.mostOpen = Math.max(this.mostOpen, this.open);
      response.once('close', () => {
        this.open -= 1;
      });
      this.answer(request, response);
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/jwks.json`;
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }
}

/** Responds with a set of these keys. */
export function showing(keys: readonly unknown[]): RequestListener {
  return (_request, response) => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify({keys}));
  };
}
