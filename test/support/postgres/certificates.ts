/**
 * A certificate authority for tests (X.509 v3, ECDSA on P-256). Node creates keys and signatures, but no certificates.
 * With these few structures of RFC 5280, tests need no external program, and no key in the repository can expire.
 */
import {generateKeyPairSync, type KeyObject, randomBytes, sign} from 'node:crypto';

export interface Certificate {
  /** PEM. */
  readonly cert: string;
  /** PEM, PKCS #8. */
  readonly key: string;
}

export interface CertificateOptions {
  /** Host names of the certificate. */
  readonly names?: readonly string[];
  /** Days of validity from now; negative for an expired certificate. @default 1 */
  readonly days?: number;
}

const DAY_MS = 24 * 60 * 60 * 1000;

const oid = {
  ecdsaWithSha256: '2a8648ce3d040302',
  commonName: '550403',
  basicConstraints: '551d13',
  subjectAltName: '551d11',
} as const;

export class CertificateAuthority {
  readonly #name: string;
  readonly #keys = generateKeyPairSync('ec', {namedCurve: 'P-256'});
  /** The authority's own certificate in PEM, for `sslrootcert`. */
  readonly cert: string;

  constructor(name: string) {
    this.#name = name;
    const isAuthority = extension(oid.basicConstraints, sequence(der(0x01, Buffer.from([0xff]))));
    this.cert = this.#certify(name, this.#keys.publicKey, 1, isAuthority);
  }

  /** Creates a key and its certificate. */
  issue(name: string, {names = [], days = 1}: CertificateOptions = {}): Certificate {
    const {publicKey, privateKey} = generateKeyPairSync('ec', {namedCurve: 'P-256'});
    const alternatives = names.map((host) => der(0x82, Buffer.from(host)));
    const extensions =
      names.length === 0 ? undefined : extension(oid.subjectAltName, sequence(...alternatives));
    const key = privateKey.export({type: 'pkcs8', format: 'pem'}).toString();
    return {cert: this.#certify(name, publicKey, days, extensions), key};
  }

  #certify(name: string, publicKey: KeyObject, days: number, extensions?: Buffer): string {
    const algorithm = sequence(identifier(oid.ecdsaWithSha256));
    const end = Date.now() + days * DAY_MS;
    const toBeSigned = sequence(
      der(0xa0, integer(Buffer.from([2]))),
      // The first byte makes the number positive and non-zero.
      integer(Buffer.concat([Buffer.from([0x7f]), randomBytes(8)])),
      algorithm,
      distinguishedName(this.#name),
      sequence(utcTime(Math.min(Date.now(), end) - DAY_MS), utcTime(end)),
      distinguishedName(name),
      publicKey.export({type: 'spki', format: 'der'}),
      ...(extensions === undefined ? [] : [der(0xa3, sequence(extensions))]),
    );
    const signature = sign('sha256', toBeSigned, this.#keys.privateKey);
    return pem(sequence(toBeSigned, algorithm, der(0x03, Buffer.from([0]), signature)));
  }
}

/** Encodes a value with its tag and length. */
function der(tag: number, ...contents: readonly Buffer[]): Buffer {
  const body = Buffer.concat(contents);
  const {length} = body;
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), body]);
}

function sequence(...contents: readonly Buffer[]): Buffer {
  return der(0x30, ...contents);
}

function integer(bytes: Buffer): Buffer {
  return der(0x02, bytes);
}

function identifier(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'));
}

function distinguishedName(name: string): Buffer {
  return sequence(der(0x31, sequence(identifier(oid.commonName), der(0x0c, Buffer.from(name)))));
}

/** A critical extension. */
function extension(hex: string, value: Buffer): Buffer {
  return sequence(identifier(hex), der(0x01, Buffer.from([0xff])), der(0x04, value));
}

/** `YYMMDDhhmmssZ`. */
function utcTime(at: number): Buffer {
  const digits = new Date(at).toISOString().replaceAll(/[-:T]/g, '').slice(2, 14);
  return der(0x17, Buffer.from(`${digits}Z`));
}

function pem(bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
