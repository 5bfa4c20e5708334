/** The access key: created once, kept private, and compared without leaking anything (A2, E). */
import assert from 'node:assert/strict';
import {mkdtemp, readFile, rm, stat, writeFile} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {test} from 'node:test';
import {scopes} from '@hookswitch/protocol';
import {AccessKeyAuthenticator, loadAccessKey} from '../../../src/auth/access-key.ts';
import {hasScope, mayControl, maySee, type Principal} from '../../../src/auth/authenticator.ts';

test('[A2] the key has every scope, and nothing else has any', async () => {
  const authenticator = new AccessKeyAuthenticator('the-key');
  const principal = await authenticator.verify('the-key');
  assert.deepEqual([...(principal?.scopes ?? [])], [...scopes]);
  assert.equal(principal?.user, 'operator');
  assert.equal(principal?.expiresAt, undefined);
  for (const token of ['', 'the-ke', 'the-key ', 'THE-KEY', 'the-key\0'])
    assert.equal(await authenticator.verify(token), undefined);
});

test('[E] a configured access key is used as it is, and no file is created', async () => {
  assert.deepEqual(await loadAccessKey('given', '/nowhere/access-key'), {key: 'given'});
});

test('[E] without a configured key, concurrent starts create a single key file with mode 0600', async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'hookswitch-key-'));
  const file = path.join(folder, 'deeper', 'access-key');
  const first = await loadAccessKey(undefined, file);
  assert.match(first.key, /^[\w-]{32}$/);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  assert.equal(await readFile(file, 'utf8'), `${first.key}\n`);
  const later = await Promise.all(Array.from({length: 5}, () => loadAccessKey(undefined, file)));
  for (const {key} of later) assert.equal(key, first.key);
  await writeFile(file, '\n');
  await assert.rejects(loadAccessKey(undefined, file), /is empty\. Delete it/);
  await rm(folder, {recursive: true});
});

test('[A2] scopes and ownership decide which calls a user can read and control', () => {
  const principal = (
    ...granted: Principal['scopes'] extends ReadonlySet<infer S> ? S[] : never
  ): Principal => ({
    user: 'ann',
    scopes: new Set(granted),
  });
  assert.ok(maySee(principal('calls:read'), 'ann'));
  assert.ok(!maySee(principal('calls:read'), 'bob'));
  assert.ok(!maySee(principal('calls:read'), undefined), 'inbound calls have no owner');
  assert.ok(maySee(principal('calls:read:all'), undefined));
  assert.ok(!maySee(principal('calls:control:all'), 'ann'));
  assert.ok(mayControl(principal('calls:control'), 'ann'));
  assert.ok(!mayControl(principal('calls:control'), 'bob'));
  assert.ok(!mayControl(principal('calls:control'), undefined));
  assert.ok(mayControl(principal('calls:control:all'), 'bob'));
  assert.ok(!mayControl(principal('calls:read:all'), 'ann'));
  assert.ok(hasScope(principal('sessions:read'), 'calls:read', 'sessions:read'));
  assert.ok(!hasScope(principal(), 'calls:read'));
});
