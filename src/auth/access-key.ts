/** The access key: for people without an identity provider. Whoever has it may do everything. */
import {hash, randomBytes, timingSafeEqual} from 'node:crypto';
import {mkdir, readFile, writeFile} from 'node:fs/promises';
import path from 'node:path';
import {scopes} from '@hookswitch/protocol';
import type {Authenticator, Principal} from './authenticator.ts';

/** The user the access key stands for. */
export const ACCESS_KEY_USER = 'operator';

/** A secret that a client shows as it is. */
export class SharedKey {
  readonly #digest: Buffer;

  constructor(key: string) {
    this.#digest = digest(key);
  }

  equals(token: string | undefined): boolean {
    // Digests have one length, so that the comparison tells nothing about the key, its length included.
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

  /** The same, at once. */
  principalOf(token: string): Principal | undefined {
    return this.#key.equals(token) ? this.#principal : undefined;
  }
}

function digest(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}

export interface AccessKey {
  readonly key: string;
  /** Where it is kept, when it was not given. */
  readonly file?: string;
}

/**
 * The configured key, or the one kept in `file` (mode 0600), which is made on first use.
 * @throws when the file cannot be read or written, or is empty
 */
export async function loadAccessKey(configured: string | undefined, file: string): Promise<AccessKey> {
  if (configured !== undefined) return {key: configured};
  try {
    await mkdir(path.dirname(file), {recursive: true, mode: 0o700});
    // `wx`: of two processes starting together one makes the key, the other reads it.
    await writeFile(file, `${randomBytes(24).toString('base64url')}\n`, {flag: 'wx', mode: 0o600});
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const key = (await readFile(file, 'utf8')).trim();
  if (key === '') throw new Error(`The access key file ${file} is empty: delete it, and a new key is made.`);
  return {key, file};
}
