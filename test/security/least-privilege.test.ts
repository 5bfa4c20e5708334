/** The process's privileges, and the permissions of its files. */
import assert from 'node:assert/strict';
import {chmod, chown, mkdir, readdir, stat} from 'node:fs/promises';
import path from 'node:path';
import {test} from 'node:test';
import {openBench} from '../support/gateway/process-gateway.ts';

test('[E] only the owner can read journal, high-water mark and access key, regardless of the umask', async () => {
  await using bench = await openBench();
  const started = await bench.start({HOOKSWITCH_ACCESS_KEY: ''}).listening();
  const folder = path.join(bench.folder, 'data');
  assert.equal((await stat(folder)).mode & 0o777, 0o700);
  const files = await readdir(folder);
  assert.ok(files.includes('access-key') && files.includes('hookswitch.db'), files.join());
  for (const file of files) assert.equal((await stat(path.join(folder, file))).mode & 0o077, 0, file);
  assert.equal((await stat(path.join(folder, 'access-key'))).mode & 0o777, 0o600);
  const warned = started.lines.some(({level, msg}) => level === 'warn' && msg.startsWith('running as root'));
  assert.equal(warned, process.getuid?.() === 0);
});

/** A user who owns nothing here. */
const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;

test('the gateway runs completely as a user who owns only the database folder', {
  skip: !isRoot && 'only root can change the user',
}, async () => {
  await using bench = await openBench();
  const folder = path.join(bench.folder, 'data');
  await mkdir(folder, {mode: 0o700});
  await chown(folder, NOBODY, NOBODY);
  await chmod(bench.folder, 0o755);
  const started = await bench.start({}, {user: NOBODY}).listening();
  assert.equal((await bench.api('/readyz')).status, 200);
  assert.equal((await stat(path.join(folder, 'hookswitch.db'))).uid, NOBODY);
  assert.ok(!started.stdout.includes('running as root'));
  started.signal('SIGTERM');
  assert.equal(await started.exited(), 0);
});
