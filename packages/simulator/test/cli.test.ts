import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import type {AddressInfo} from 'node:net';
import {createServer} from 'node:net';
import {test} from 'node:test';
import {main} from '../src/cli.ts';
import {numberTable} from '../src/index.ts';
import {until} from './support.ts';

function capture() {
  const lines: string[] = [];
  const errors: string[] = [];
  return {
    lines,
    errors,
    output: {out: (text: string) => lines.push(text), err: (text: string) => errors.push(text)},
  };
}

test('--help documents every number range', async () => {
  const {lines, output} = capture();
  assert.equal(await main(['--help'], output), 0);
  const text = lines.join('\n');
  for (const {numbers, outcome} of numberTable)
    assert.ok(text.includes(`  ${numbers.padEnd(26)}${outcome}`), numbers);
});

test('an invalid command line exits with code 2 and one clear line', async () => {
  for (const argv of [
    ['--nonsense'],
    ['--port', 'x'],
    ['--speed', '0'],
    ['--scenario', 'x'],
    ['--voice-url', 'x'],
  ]) {
    const {errors, output} = capture();
    assert.equal(await main(argv, output), 2, argv.join(' '));
    assert.match(errors.join('\n'), /--\w/);
    assert.doesNotMatch(errors.join('\n'), /\n +at /);
  }
});

test('a port in use exits with code 1', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const {errors, output} = capture();
  assert.equal(await main(['--port', String((server.address() as AddressInfo).port)], output), 1);
  assert.match(errors.join('\n'), /EADDRINUSE/);
});

test('the command serves until a signal and exits with code 0', async (t) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    const cli = new URL('../src/cli.ts', import.meta.url).href;
    const code = `import {main} from ${JSON.stringify(cli)}; process.exitCode = await main(['--port', '0'])`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', code], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.after(() => child.kill('SIGKILL'));
    let printed = '';
    child.stdout.on('data', (chunk: Buffer) => {
      printed += chunk.toString();
    });
    await until(() => printed.includes('Simulate an inbound call:\n'), 'the greeting');
    assert.equal(printed.match(/curl /g)?.length, 2);
    const url = /listening on (\S+)/.exec(printed)?.[1] ?? '';
    assert.equal((await fetch(`${url}/_simulator`)).status, 200);
    child.kill(signal);
    assert.deepEqual(await once(child, 'exit'), [0, null]);
  }
});
