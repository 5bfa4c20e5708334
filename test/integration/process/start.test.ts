/** `npm start` as a process: its requirements and its error messages (C3, C5). */
import assert from 'node:assert/strict';
import {readFile, stat, writeFile} from 'node:fs/promises';
import {type AddressInfo, createServer} from 'node:net';
import path from 'node:path';
import {test} from 'node:test';
import {openBench} from '../../support/gateway/process-gateway.ts';

test('[C3] a wrong environment lists every fault at once on stderr, listens on nothing, and exits with 1', async () => {
  await using bench = await openBench();
  const started = bench.start({
    TWILIO_ACCOUNT_SID: 'SK123',
    TWILIO_AUTH_TOKEN: '',
    PUBLIC_URL: 'http://example.com',
    MAX_ACTIVE_CALLS: 'many',
    DATABASE_URL: 'mysql://x',
  });
  assert.equal(await started.exited(), 1);
  for (const name of [
    'TWILIO_ACCOUNT_SID',
    'TWILIO_AUTH_TOKEN',
    'PUBLIC_URL',
    'MAX_ACTIVE_CALLS',
    'DATABASE_URL',
  ]) {
    assert.match(started.stderr, new RegExp(`^ {2}${name} .+\\.$`, 'm'));
  }
  assert.match(started.stderr, /its environment has 5 faults/);
  assert.doesNotMatch(started.stderr, /\n\s+at |SK123/);
  assert.equal(started.stdout, '');
  await assert.rejects(fetch(`${bench.url}/healthz`));
});

test('[C3] an empty environment names all required variables', async () => {
  await using bench = await openBench();
  const started = bench.run(['start'], {});
  assert.equal(await started.exited(), 1);
  for (const name of ['TWILIO_ACCOUNT_SID', 'TWILIO_AUTH_TOKEN', 'TWILIO_PHONE_NUMBER', 'PUBLIC_URL'])
    assert.ok(started.stderr.includes(`${name} is missing`), started.stderr);
});

test('[C3] the gateway starts, answers, and logs its configuration with masked secrets', async (t) => {
  await using bench = await openBench();
  const started = await bench.start().listening();
  t.diagnostic(`listening ${Math.round(performance.now() - started.startedAt)} ms after the start`);
  assert.equal((await fetch(`${bench.url}/readyz`)).status, 200);
  const configuration = started.lines.find((line) => line.msg === 'configuration');
  assert.equal(configuration.publicUrl, bench.url);
  assert.equal(configuration.maxActiveCalls, 100);
  const {env} = bench;
  for (const secret of [env['TWILIO_AUTH_TOKEN'], env['HOOKSWITCH_ACCESS_KEY'], env['TWILIO_PHONE_NUMBER']])
    assert.ok(!started.stdout.includes(String(secret)));
});

test('[C3] [seed] a port in use is one clear sentence and exit code 1', async () => {
  await using bench = await openBench();
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(bench.port, '127.0.0.1', resolve));
  const started = bench.start();
  assert.equal(await started.exited(), 1);
  assert.equal(
    started.stderr,
    `Hookswitch cannot start: port ${bench.port} is taken. Stop what listens there, or set PORT to another one.\n`,
  );
  other.close();
});

test('[C3] an address of another machine is one clear sentence and exit code 1', async () => {
  await using bench = await openBench();
  const started = bench.start({HOST: '192.0.2.1'});
  assert.equal(await started.exited(), 1);
  assert.match(started.stderr, /^Hookswitch cannot start: HOST is not an address of this machine\..*\n$/);
});

test('[C3] a second gateway on one database says so and exits, and the first continues', async () => {
  await using bench = await openBench();
  await bench.start().listening();
  const second = bench.start({PORT: '0'});
  assert.equal(await second.exited(), 1);
  assert.match(second.stderr, /^Hookswitch cannot start: The journal .* is in use by another process/);
  assert.doesNotMatch(second.stderr, /\n\s+at /);
  assert.equal((await fetch(`${bench.url}/readyz`)).status, 200);
});

test('[C3] a file that is not a database is one clear sentence and exit code 1', async () => {
  await using bench = await openBench();
  const file = path.join(bench.folder, 'letter.txt');
  await writeFile(file, 'Dear reader, this is no database. '.repeat(200));
  const started = bench.start({DATABASE_URL: `file:${file}`});
  assert.equal(await started.exited(), 1);
  assert.match(started.stderr, /^Hookswitch cannot start: The journal .+\n$/);
});

test('[C3] a folder in place of a database: start and doctor name it and the next step', async () => {
  await using bench = await openBench();
  const env = {...bench.env, DATABASE_URL: `file:${bench.folder}`};
  const started = bench.start(env);
  assert.equal(await started.exited(), 1);
  const reason = `The journal ${bench.folder} is a folder. Name a file in it: DATABASE_URL=file:${bench.folder}/hookswitch.db.`;
  assert.equal(started.stderr, `Hookswitch cannot start: ${reason}\n`);
  const doctor = bench.run(['doctor'], env);
  assert.equal(await doctor.exited(), 1);
  assert.ok(doctor.stdout.includes(`Test write: ${reason}`), doctor.stdout);
});

test('[C3] a refusing database service: start and doctor pass its message on without the password', async (t) => {
  await using bench = await openBench();
  const service = createServer((socket) => {
    socket.on('error', () => {});
    // The protocol's ErrorResponse, as a pooler sends it.
    const body = Buffer.from('SFATAL\0CXX000\0MTenant or user not found: canary-password\0\0');
    const length = Buffer.alloc(4);
    length.writeInt32BE(body.length + 4);
    socket.once('data', () => socket.end(Buffer.concat([Buffer.from('E'), length, body])));
  });
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
  t.after(() => service.close());
  const {port} = service.address() as AddressInfo;
  const env = {...bench.env, DATABASE_URL: `postgres://u:canary-password@127.0.0.1:${port}/x`};
  const words = 'The database service says: SQLSTATE XX000: Tenant or user not found: •••';
  const started = bench.start(env);
  assert.equal(await started.exited(), 1);
  assert.ok(started.stderr.includes(`DATABASE_URL (127.0.0.1:${port}/x as u): `), started.stderr);
  assert.ok(started.stderr.includes(words), started.stderr);
  const doctor = bench.run(['doctor'], env);
  assert.equal(await doctor.exited(), 1);
  assert.ok(doctor.stdout.includes(words), doctor.stdout);
  assert.doesNotMatch(started.stdout + started.stderr + doctor.stdout + doctor.stderr, /canary-password/);
});

test('[E] HOOKSWITCH_ACCESS_KEY is generated once beside the database with mode 0600, and is not in the log', async () => {
  await using bench = await openBench();
  const file = path.join(bench.folder, 'data', 'access-key');
  const first = await bench.start({HOOKSWITCH_ACCESS_KEY: ''}).listening();
  const key = (await readFile(file, 'utf8')).trim();
  assert.match(key, /^[\w-]{32}$/);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  assert.equal((await bench.api('/api/calls', {}, key)).status, 200);
  assert.equal((await bench.api('/api/calls')).status, 401);
  assert.ok(!first.stdout.includes(key), 'the log has only the path');
  assert.ok(first.stdout.includes(`the access key is in ${file}`));
  first.signal('SIGTERM');
  assert.equal(await first.exited(), 0);
  await bench.start({HOOKSWITCH_ACCESS_KEY: ''}).listening();
  assert.equal((await bench.api('/api/calls', {}, key)).status, 200, 'the same key after a restart');
});

test('[C3] .env in the working directory is read, and the environment overrides it', async () => {
  await using bench = await openBench();
  const {PORT, ...rest} = bench.env;
  const lines = Object.entries({...rest, PORT: '1'}).map(([name, value]) => `${name}=${value}`);
  await writeFile(path.join(bench.folder, '.env'), lines.join('\n'));
  await bench.run(['start'], {PORT: String(PORT)}).listening();
  assert.equal((await fetch(`${bench.url}/healthz`)).status, 200);
});

test('[C5] start --help lists every variable and starts nothing, and an unknown command is reported', async () => {
  await using bench = await openBench();
  const help = bench.run(['start', '--help'], {});
  assert.equal(await help.exited(), 0);
  for (const name of ['TWILIO_AUTH_TOKEN', 'ALLOWED_DESTINATIONS', 'RETENTION_DAYS'])
    assert.ok(help.stdout.includes(name));
  const wrong = bench.run(['stat'], {});
  assert.equal(await wrong.exited(), 1);
  assert.match(wrong.stderr, /unknown command "stat"/);
});

test('[C5] an older Node is rejected before TypeScript is loaded: one sentence, exit code 1, no stack', async () => {
  await using bench = await openBench();
  const {spawnSync} = await import('node:child_process');
  const guard = path.join(import.meta.dirname, '../../../bin/require-node.js');
  const script = `Object.defineProperty(process, 'versions', {value: {...process.versions, node: '20.11.0'}});
    Object.defineProperty(process, 'version', {value: 'v20.11.0'});
    await import(${JSON.stringify(guard)});
    console.log('went on');`;
  const {status, stderr, stdout} = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    cwd: bench.folder,
  });
  assert.equal(status, 1);
  assert.equal(stdout, '');
  assert.match(stderr, /^Hookswitch needs Node 24 or newer\. This is v20\.11\.0\. .*\n$/);
});
