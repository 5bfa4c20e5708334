/** The access key, for users without an identity provider. It grants all scopes. */
import {hash, randomBytes, timingSafeEqual} from 'node:crypto';
import {mkdir, readFile, writeFile} from 'node:fs/promises';
import path from 'node:path';
import {scopes} from '@hookswitch/protocol';
import type {Authenticator, Principal} from './authenticator.ts';

/** The user of the access key. */
export const ACCESS_KEY_USER = 'operator';

/** A secret that a client sends as it is. */
export class SharedKey {
  readonly #digest: Buffer;

  constructor(key: string) {
    this.#digest = digest(key);
  }

  equals(token: string | undefined): boolean {
    // Digests have a fixed length, so that the comparison reveals nothing about the key, not even its length.
    return token !== undefined && timingSafeEqual(digest(token), this.#digest);
  }
}

export class AccessKeyAuthenticator implements Authenticator {
  readonly #key: SharedKey;
  readonly #principal: Principal = {user: ACCESS_KEY_USER, scopes: new Set(scopes)};

  constructor(accessKey: string) {
    this.#key = new SharedKey(accessKey);
  }

  async verify(token: string): Promise<Principal | undefined> {
    return this.principalOf(token);
  }

  /** Verifies synchronously. */
  principalOf(token: string): Principal | undefined {
    return this.#key.equals(token) ? this.#principal : undefined;
  }
}

function digest(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}

export interface AccessKey {
  readonly key: string;
  /** The file of the key, unless it was configured. */
  readonly file?: string;
}

/**
 * Returns the configured key, or the key in `file` (mode 0600), which is created on first use.
 * @throws if the file cannot be read or written, or is empty
 */
export async function loadAccessKey(configured: string | undefined, file: string): Promise<AccessKey> {
  if (configured !== undefined) return {key: configured};
  try {
    await mkdir(path.dirname(file), {recursive: true, mode: 0o700});
    // `wx`: if two processes start together, one creates the key and the other reads it.
    await writeFile(file, `${randomBytes(24).toString('base64url')}\n`, {flag: 'wx', mode: 0o600});
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const key = (await readFile(file, 'utf8')).trim();
  if (key === '') throw new Error(`The access key file ${file} is empty. Delete it to create a new key.`);
  return {key, file};
}
