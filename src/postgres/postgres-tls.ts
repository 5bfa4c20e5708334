/** TLS of Postgres connections: reads `sslmode` and its files from DATABASE_URL. */
import {X509Certificate} from 'node:crypto';
import {readFileSync} from 'node:fs';
import {homedir} from 'node:os';
import {type ConnectionOptions, createSecureContext, getCACertificates, rootCertificates} from 'node:tls';

export const sslFiles = ['sslrootcert', 'sslcert', 'sslkey'] as const;

const sslModes = ['disable', 'require', 'verify-ca', 'verify-full'] as const;
type SslMode = (typeof sslModes)[number];

/** libpq's name for the certificate authorities of the operating system. */
const SYSTEM = 'system';

/**
 * Supports libpq's modes, except those two that an attacker in between can downgrade to plain text. `require`
 * encrypts and accepts any certificate, unless there is a root certificate to verify it with.
 * @throws Error with the fault, worded to follow `DATABASE_URL`
 */
export function sslOptions(query: ReadonlyMap<string, string>, isSocket: boolean): false | ConnectionOptions {
  const usesSystem = query.get('sslrootcert') === SYSTEM;
  const mode = sslModeOf(query.get('sslmode') ?? (usesSystem ? 'verify-full' : 'disable'));
  if (mode === 'disable') {
    const unused = sslFiles.find((name) => query.has(name));
    if (unused !== undefined)
      throw new Error(`${unused} has no effect without sslmode; write sslmode=verify-full`);
    return false;
  }
  if (isSocket) throw new Error('a Unix socket is never encrypted; leave sslmode out');
  if (usesSystem && mode !== 'verify-full') {
    throw new Error(
      'sslrootcert=system requires sslmode=verify-full, because anyone can get a certificate from a public authority',
    );
  }
  const ca = usesSystem ? systemAuthorities() : fileOf(query, 'sslrootcert');
  const [cert, key] = [fileOf(query, 'sslcert'), fileOf(query, 'sslkey')];
  if ((cert === undefined) !== (key === undefined)) throw new Error('sslcert and sslkey require each other');
  if (typeof ca === 'string' && !isCertificate(ca)) {
    throw new Error('the file that sslrootcert names contains no PEM certificate');
  }
  if (cert !== undefined && !isPair(cert, key)) {
    throw new Error(
      'the files that sslcert and sslkey name are not a PEM certificate and its key without a passphrase',
    );
  }
  return {
    rejectUnauthorized: mode !== 'require' || ca !== undefined,
    ...(mode === 'verify-full' ? {} : {checkServerIdentity: () => undefined}),
    ...(ca === undefined ? {} : {ca}),
    ...(cert === undefined ? {} : {cert}),
    ...(key === undefined ? {} : {key}),
  };
}

/** The authorities of the system and those of Node, because a small image has none of its own. */
function systemAuthorities(): string[] {
  return [...rootCertificates, ...getCACertificates('system')];
}

/**
 * Checked here, because TLS treats a file without certificates as an empty list and then trusts no server.
 */
function isCertificate(text: string): boolean {
  try {
    return new X509Certificate(text).subject !== undefined;
  } catch {
    return false;
  }
}

function isPair(cert: string, key: string | undefined): boolean {
  try {
    createSecureContext({cert, key});
    return true;
  } catch {
    return false;
  }
}

function sslModeOf(text: string): SslMode {
  // The driver's own mode, found in URLs of other Node programs.
  if (text === 'no-verify') return 'require';
  if (text === 'prefer' || text === 'allow') {
    throw new Error(
      `sslmode=${text} lets an attacker in between force an unencrypted connection; write verify-full or require, or disable`,
    );
  }
  const mode = sslModes.find((known) => known === text);
  if (mode === undefined) throw new Error(`sslmode must be one of ${sslModes.join(', ')}`);
  return mode;
}

function fileOf(query: ReadonlyMap<string, string>, name: string): string | undefined {
  const given = query.get(name);
  if (given === undefined) return undefined;
  const file = given.replace(/^~(?=\/)/, homedir());
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const {code = 'unknown error'} = error as NodeJS.ErrnoException;
    throw new Error(`the file that ${name} names cannot be read (${file}: ${code})`);
  }
}
