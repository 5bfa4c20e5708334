/** The console's page and its files over HTTP, from a folder as `npm run build` leaves it. */
import assert from 'node:assert/strict';
import {once} from 'node:events';
import {mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises';
import type {AddressInfo} from 'node:net';
import os from 'node:os';
import path from 'node:path';
import {test} from 'node:test';
import {brotliCompressSync, gzipSync} from 'node:zlib';
import express from 'express';
import {createConsoleRoutes} from '../../../src/handlers/api/console-routes.ts';
import {exactPaths} from '../../../src/handlers/api/paths.ts';
import {createErrorHandler, notFoundHandler} from '../../../src/handlers/http/http-errors.ts';
import {createLogger} from '../../../src/observability/logger.ts';
import {startGateway} from '../../support/gateway/gateway.ts';
import {rawRequest} from '../../support/http/http-request.ts';

const PAGE = '<!doctype html><base href="/"><script src="./assets/index-1.js"></script>';
const SCRIPT = 'console.log("the console");';

test('every screen URL returns the page uncached, with its base path', async () => {
  await using site = await startSite({basePath: '/a&b/$&'});
  for (const address of ['/', '/calls/CA1', '/history', '/webhooks', '/connections', '/health']) {
    const {status, headers, text} = await rawRequest(site.url, {path: address});
    assert.equal(status, 200, address);
    assert.equal(headers['content-type'], 'text/html; charset=utf-8');
    assert.equal(headers['cache-control'], 'no-cache');
    assert.match(text, /<base href="\/a&amp;b\/\$&amp;\/">/);
  }
});

test('other URLs are problems: not found, or another method', async () => {
  await using site = await startSite();
  const strange = [
    '/history/',
    '/HISTORY',
    '/calls',
    '/calls/CA1/x',
    '/assets/',
    '/assets/nothing.js',
    '/index.html',
  ];
  const outside = ['/assets/..%2findex.html', '/assets/.hidden', '/.vite/manifest.json', '/assets/%2e%2e'];
  for (const address of [...strange, ...outside]) {
    const {status, headers, text} = await rawRequest(site.url, {path: address});
    assert.equal(status, 404, `${address}: ${text}`);
    assert.match(headers['content-type'] ?? '', /problem\+json/, address);
    assert.equal(headers['content-encoding'], undefined, address);
    assert.equal(headers['cache-control'], undefined, address);
  }
  const posted = await rawRequest(site.url, {method: 'POST', path: '/history'});
  assert.deepEqual([posted.status, posted.headers['allow']], [405, 'GET, HEAD']);
});

test('[H10] a browser gets the page with status 404 for an unknown URL, and programs get a problem', async () => {
  await using site = await startSite();
  const browser = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';
  const ask = async (address: string, accept: string, method = 'GET') => {
    const {status, headers} = await rawRequest(site.url, {method, path: address, headers: {accept}});
    return [status, headers['content-type']?.split(';')[0], headers['vary']];
  };
  for (const address of ['/nowhere', '/history/', '/calls', '/a/b/c'])
    assert.deepEqual(await ask(address, browser), [404, 'text/html', 'Accept'], address);
  for (const accept of ['*/*', 'application/json', 'application/json, text/html'])
    assert.deepEqual((await ask('/nowhere', accept)).slice(0, 2), [404, 'application/problem+json'], accept);
  for (const address of ['/api', '/api/nothing', '/twilio/nothing', '/assets/nothing.js'])
    assert.deepEqual((await ask(address, browser)).slice(0, 2), [404, 'application/problem+json'], address);
  assert.equal((await ask('/nowhere', browser, 'POST'))[1], 'application/problem+json');
});

test('assets are cached forever, and compressed if the browser accepts it', async () => {
  await using site = await startSite();
  const ask = async (encoding: string) => {
    const response = await fetch(`${site.url}/assets/index-1.js`, {headers: {'accept-encoding': encoding}});
    const {headers} = response;
    assert.equal(response.status, 200);
    assert.match(headers.get('content-type') ?? '', /^text\/javascript/);
    assert.equal(headers.get('cache-control'), 'public, max-age=31536000, immutable');
    assert.equal(headers.get('vary'), 'Accept-Encoding');
    return {encoding: headers.get('content-encoding'), text: await response.text()};
  };
  assert.deepEqual(await ask('gzip, deflate, br'), {encoding: 'br', text: SCRIPT});
  assert.deepEqual(await ask('gzip'), {encoding: 'gzip', text: SCRIPT});
  assert.deepEqual(await ask('identity'), {encoding: null, text: SCRIPT});
  const icon = await rawRequest(site.url, {path: '/icon.svg'});
  assert.deepEqual([icon.status, icon.headers['content-type']], [200, 'image/svg+xml']);
});

test('a console that is not built says how to build it, and works after the build', async () => {
  await using site = await startSite();
  await rm(path.join(site.folder, 'index.html'));
  const {status, headers, text} = await rawRequest(site.url, {path: '/'});
  assert.deepEqual([status, headers['content-type']], [503, 'text/plain; charset=utf-8']);
  assert.match(text, /npm run build/);
  await writeFile(path.join(site.folder, 'index.html'), PAGE);
  assert.equal((await rawRequest(site.url, {path: '/'})).status, 200);
});

test('the page has a policy that allows nothing from other origins and nothing inline', async () => {
  await using gateway = await startGateway();
  const {headers} = await rawRequest(gateway.url, {path: '/history'});
  const policy = String(headers['content-security-policy']);
  for (const directive of [
    "default-src 'self'",
    "img-src 'self' data:",
    "base-uri 'self'",
    "connect-src 'self'",
    "frame-ancestors 'none'",
  ])
    assert.ok(policy.includes(directive), policy);
  assert.doesNotMatch(policy, /unsafe|\*|https?:/);
  assert.equal(headers['x-content-type-options'], 'nosniff');
  assert.equal(headers['referrer-policy'], 'no-referrer');
});

interface Site extends AsyncDisposable {
  readonly url: string;
  readonly folder: string;
}

async function startSite({basePath = ''}: {readonly basePath?: string} = {}): Promise<Site> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'hookswitch-console-'));
  await mkdir(path.join(folder, 'assets'));
  await mkdir(path.join(folder, '.vite'));
  const files: Readonly<Record<string, string | Buffer>> = {
    'index.html': PAGE,
    'icon.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
    '.vite/manifest.json': '{}',
    'assets/.hidden': '',
    'assets/index-1.js': SCRIPT,
    'assets/index-1.js.br': brotliCompressSync(SCRIPT),
    'assets/index-1.js.gz': gzipSync(SCRIPT),
  };
  for (const [name, content] of Object.entries(files)) await writeFile(path.join(folder, name), content);
  const app = express();
  app.set('case sensitive routing', exactPaths.caseSensitive);
  app.set('strict routing', exactPaths.strict);
  app.use(createConsoleRoutes({basePath, consoleFolder: folder}));
  app.use(notFoundHandler);
  app.use(createErrorHandler(createLogger({level: 'silent'})));
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    folder,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await rm(folder, {recursive: true, force: true});
    },
  };
}
