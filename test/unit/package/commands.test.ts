/** The commands in package.json, run as a contributor runs them. */
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {type TestContext, test} from 'node:test';

const root = path.join(import.meta.dirname, '../../..');
const {scripts}: {scripts: Record<string, string>} = JSON.parse(
  readFileSync(path.join(root, 'package.json'), 'utf8'),
);

function run(...argv: string[]) {
  // With this variable the child would report to this test run instead of printing.
  const {NODE_TEST_CONTEXT: _, ...env} = process.env;
  return spawnSync(process.execPath, argv, {cwd: root, env, encoding: 'utf8'});
}

function testFile(t: TestContext, source: string): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'hookswitch-runner-'));
  t.after(() => rmSync(folder, {recursive: true, force: true}));
  const file = path.join(folder, 'some.test.ts');
  writeFileSync(file, `import {test} from 'node:test';\n${source}`);
  return file;
}

test('[C2] the test command counts tests and ends with `N passed, N failed`', (t) => {
  const file = testFile(
    t,
    "test('a', () => {});\ntest('b', async (t) => { await t.test('c', () => {}); });\n",
  );
  const {stdout, status} = run('scripts/test.js', file);
  assert.match(stdout, /\n3 passed, 0 failed\n$/);
  assert.equal(status, 0);
});

test('[C2] the command fails for a failed test, an unreadable file, and no tests at all', (t) => {
  const failing = run('scripts/test.js', testFile(t, "test('a', () => { throw new Error('no'); });\n"));
  assert.match(failing.stdout, /\n0 passed, 1 failed\n$/);
  assert.equal(failing.status, 1);
  assert.equal(run('scripts/test.js', testFile(t, 'this is not TypeScript')).status, 1);
  assert.equal(run('scripts/test.js', 'no-such-folder').status, 1);
});

test('[C4] check runs format, types and lint, and bench says what it measures', () => {
  for (const part of ['check:format', 'check:types', 'check:lint']) {
    assert.match(scripts['check'] ?? '', new RegExp(`npm run ${part}`));
    assert.ok(scripts[part]);
  }
  assert.equal(scripts['bench'], 'node bench/run.js');
  const {stdout, status} = run('bench/run.js', '--help');
  assert.equal(status, 0);
  for (const name of ['resume', 'webhook', 'fan-out', 'idle-memory']) assert.match(stdout, new RegExp(name));
});

test('[C1] every command that serves passes signals through its shell', () => {
  for (const name of ['start', 'demo', 'simulator', 'doctor'])
    assert.match(scripts[name] ?? '', /^exec node /, name);
});

test('--help and --version print and exit', () => {
  assert.match(run('bin/hookswitch.js', '--help').stdout, /Usage: npm start/);
  assert.match(run('bin/hookswitch.js', 'start', '--help').stdout, /TWILIO_ACCOUNT_SID/);
  assert.match(run('bin/hookswitch.js', 'demo', '--help').stdout, /Usage: npm run demo/);
  assert.match(run('bin/hookswitch.js', '--version').stdout, /^\d+\.\d+\.\d+\n$/);
  const unknown = run('bin/hookswitch.js', 'dance');
  assert.equal(unknown.status, 1);
  assert.match(unknown.stderr, /unknown command "dance"/);
});
