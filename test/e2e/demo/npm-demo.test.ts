/** `npm run demo` from the first line to Ctrl-C (C1), and an unsupported version of Node (C5). */
import assert from 'node:assert/strict';
import {execFileSync, spawnSync} from 'node:child_process';
import {once} from 'node:events';
import {existsSync} from 'node:fs';
import {createServer} from 'node:net';
import path from 'node:path';
import {after, before, test} from 'node:test';
import type {Browser} from 'playwright-core';
import {freePort} from '../../support/gateway/free-port.ts';
import {until} from '../../support/until.ts';
import {launch} from '../console/support/tab.ts';
import {listens, NpmRun, pathWithoutUs} from './npm-run.ts';

const EXIT_WITHIN_MS = 5000;
const isLinux = process.platform === 'linux';

let browser: Browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

/** Starts the demo and waits for its sample call. Returns its two ports. */
async function startDemo() {
  const port = await freePort();
  const demo = new NpmRun('demo', {PORT: String(port)});
  await demo.prints(/sample calls are being placed/);
  const [, simulator] = await demo.prints(/Twilio {2}http:\/\/127\.0\.0\.1:(\d+)/);
  const [, address = ''] = await demo.prints(/Open {4}(\S+)/);
  return {demo, address, port, simulatorPort: Number(simulator)};
}

/** Ends the demo by a signal and checks that nothing is left. */
async function end({demo, port, simulatorPort}: Awaited<ReturnType<typeof startDemo>>, send: () => void) {
  assert.deepEqual([await listens(port), await listens(simulatorPort)], [true, true]);
  const since = performance.now();
  send();
  const exit = await demo.exited();
  const tookMs = performance.now() - since;
  assert.ok(tookMs < EXIT_WITHIN_MS, `it took ${tookMs} ms`);
  assert.deepEqual([await listens(port), await listens(simulatorPort)], [false, false]);
  if (isLinux) await until(() => demo.running().length === 0, {what: 'all processes to end'});
  assert.equal(demo.stderr, '');
  return exit;
}

test('[C1] the demo prints its URL with the key, the page shows the sample call, and Ctrl-C exits with code 0', async () => {
  const running = await startDemo();
  await using _ = running.demo;
  const {address, port} = running;
  assert.match(address, new RegExp(`^http://localhost:${port}/#key=\\S{16,}$`));
  const context = await browser.newContext();
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text());
  });
  await page.goto(address);
  const row = page.getByRole('row').filter({hasText: '+1555•••••45'});
  await row.getByText('In progress').waitFor();
  assert.deepEqual(faults, []);
  // A page is open and a call is in progress.
  assert.deepEqual(await end(running, () => running.demo.signalGroup('SIGINT')), {code: 0, signal: null});
  await page.locator('[data-connection]:not([data-connection="good"])').waitFor();
  await context.close();
});

test('[C1] SIGTERM to npm alone ends all child processes', async () => {
  const running = await startDemo();
  await using _ = running.demo;
  await end(running, () => running.demo.signalNpm('SIGTERM'));
});

test('[C1] Ctrl-C while the demo places its call exits with code 0 and leaves no process', async () => {
  const port = await freePort();
  await using demo = new NpmRun('demo', {PORT: String(port)});
  // From this line on, the demo handles signals itself.
  await demo.prints(/Hookswitch demo/);
  demo.signalGroup('SIGINT');
  assert.equal((await demo.exited()).code, 0);
  assert.equal(await listens(port), false);
  if (isLinux) await until(() => demo.running().length === 0, {what: 'all processes to end'});
});

test('[C1] a port in use prints one line and exits with code 1', async () => {
  const other = createServer();
  other.listen(0);
  await once(other, 'listening');
  const address = other.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  try {
    await using demo = new NpmRun('demo', {PORT: String(port)});
    assert.equal((await demo.exited()).code, 1);
    assert.equal(
      demo.stderr,
      `The demo cannot start: port ${port} is taken. Stop what listens there, or choose another: PORT=9000 npm run demo\n`,
    );
    assert.doesNotMatch(demo.stdout, /Open/);
    if (isLinux) await until(() => demo.running().length === 0, {what: 'all processes to end'});
  } finally {
    other.close();
  }
});

/** Path of a Node below version 24 on PATH, if there is one. */
function findOldNode(): string | undefined {
  return pathWithoutUs()
    .split(path.delimiter)
    .map((folder) => path.join(folder, 'node'))
    .filter((file) => existsSync(file))
    .find(
      (file) =>
        Number.parseInt(execFileSync(file, ['-p', 'process.versions.node'], {encoding: 'utf8'}), 10) < 24,
    );
}

const oldNode = findOldNode();

test('[C5] an old Node prints one sentence without a stack and exits with code 1', {
  skip: oldNode === undefined && 'no Node below 24 on PATH',
}, () => {
  const command = path.join(import.meta.dirname, '../../../bin/hookswitch.js');
  for (const argv of [['start'], ['demo'], ['--help']]) {
    const {status, stdout, stderr} = spawnSync(oldNode ?? '', [command, ...argv], {
      encoding: 'utf8',
      env: {PATH: pathWithoutUs()},
    });
    assert.equal(status, 1, argv.join(' '));
    assert.equal(stdout, '');
    assert.match(stderr, /^Hookswitch needs Node 24 or newer\. This is v\d+\.\d+\.\d+\. .*\.\n$/);
    assert.doesNotMatch(stderr, /\n.|\bat /);
  }
});
