/**
 * The packed client in the oldest supported runtimes of README.md, and in runtimes that lack a required API.
 */
import assert from 'node:assert/strict';
import {execFile} from 'node:child_process';
import {once} from 'node:events';
import {readFileSync, symlinkSync, writeFileSync} from 'node:fs';
import http from 'node:http';
import type {AddressInfo} from 'node:net';
import path from 'node:path';
import {after, before, test} from 'node:test';
import {promisify} from 'node:util';
import {ACCESS_KEY, startGateway} from '../../../test/support/gateway/gateway.ts';
import {evaluateInChromium, fetchChromium92, fetchNode} from './support/older-runtimes.ts';
import {type PackedProject, packIntoProject} from './support/packed-package.ts';

const run = promisify(execFile);

let project: PackedProject;
before(() => {
  project = packIntoProject();
  // Resolves ws as after `npm install ws`.
  symlinkSync(
    path.join(import.meta.dirname, '../../../node_modules/ws'),
    path.join(project.folder, 'node_modules/ws'),
  );
});
after(() => project.remove());

/** Follows a call from start to end through a lost connection. */
const WALK = `
  const client = createClient({url: process.env.GATEWAY, token: process.env.KEY, WebSocket: given});
  const seen = [];
  client.on('status', ({status}) => seen.push(status));
  const call = await client.place({to: '+15550100001', twiml: '<Response><Pause length="600"/></Response>'});
  for await (const {status} of client.events()) if (status === 'in-progress') break;
  const aborted = await client.request('/api/calls', {signal: AbortSignal.abort()}).catch(({code}) => code);
  const ended = await client.disconnect(call.callSid);
  const skew = Math.abs(client.now() - Date.now());
  await client.dispose();
  console.log(JSON.stringify({seen, status: ended.status, aborted, skew: skew < 5000}));
`;

const WALKED =
  /"initiating".*"in-progress".*"completed".*"status":"completed","aborted":"aborted","skew":true/;

for (const [version, socket] of [
  ['20.0.0', 'ws'],
  ['22.0.0', 'global'],
  ['22.0.0', 'ws'],
  [process.versions.node, 'global'],
] as const) {
  test(`Node ${version} with ${socket === 'ws' ? 'the WebSocket of ws' : 'its own WebSocket'}`, async (t) => {
    const node = version === process.versions.node ? {file: process.execPath} : fetchNode(version);
    if ('missing' in node) return t.skip(node.missing);
    await using gateway = await startGateway();
    const file = path.join(project.folder, `walk-${version}-${socket}.mjs`);
    const given = socket === 'ws' ? "import {WebSocket as given} from 'ws';" : 'const given = undefined;';
    writeFileSync(file, `${given}\nimport {createClient} from '@hookswitch/client';\n${WALK}`);
    const env = {GATEWAY: gateway.url, KEY: ACCESS_KEY};
    const {stdout, stderr} = await run(node.file, [file], {env, timeout: 60_000});
    assert.match(stdout, WALKED);
    assert.equal(stderr.replaceAll(/.*(?:Warning:|--trace-warnings).*\n/g, ''), '');
  });
}

/** Runs in a runtime that lacks an API, and expects only the reported error. */
async function lacking(what: string, code: string) {
  await using gateway = await startGateway();
  const file = path.join(project.folder, `lacking-${what}.mjs`);
  writeFileSync(
    file,
    `for (const name of ['WebSocket', '${what}']) Reflect.deleteProperty(globalThis, name);
    const {createClient} = await import('@hookswitch/client');
    const client = createClient({url: process.env.GATEWAY, token: process.env.KEY});
    ${code}
    await client.dispose();`,
  );
  const env = {GATEWAY: gateway.url, KEY: ACCESS_KEY};
  return await run(process.execPath, [file], {env, timeout: 30_000});
}

test('no WebSocket: the client stops with a remedy, iterations get an error, and calls over HTTP work', async () => {
  const {stdout, stderr} = await lacking(
    'WebSocket',
    `client.on('status', () => {});
    console.log(JSON.stringify(client.connection.getSnapshot()));
    await client.events()[Symbol.asyncIterator]().next().catch(({code, whatToDo}) => console.log(code, whatToDo));
    const call = await client.place({to: '+15550100001', twiml: '<Response><Pause length="600"/></Response>'});
    const {status} = await client.disconnect(call.callSid);
    console.log('ended', status);
    client.connect();
    console.log(client.connection.getSnapshot().why);`,
  );
  assert.equal(stderr, '');
  const [state = '', iteration = '', ...rest] = stdout.trim().split('\n');
  assert.deepEqual(JSON.parse(state), {
    phase: 'stopped',
    why: 'unsupported',
    whatToDo:
      'This runtime has no WebSocket. Pass one as the WebSocket option, such as that of the ws package.',
  });
  assert.match(iteration, /^stopped This runtime has no WebSocket\./);
  assert.match(rest.join(' '), /^ended (?:completed|failed) unsupported$/);
});

for (const [what, message] of [
  ['fetch', 'unsupported This runtime has no fetch. Pass one as the fetch option.'],
  ['crypto', 'unsupported This runtime has no crypto.getRandomValues. Pass an idempotencyKey.'],
] as const) {
  test(`no ${what}: placing a call is refused with an explanation`, async () => {
    const {stdout, stderr} = await lacking(
      what,
      `await client.place({to: '+15550100001'}).catch((error) => console.log(error.code, error.message, error.whatToDo));`,
    );
    assert.deepEqual([stdout.trim(), stderr], [message, '']);
  });
}

test('Chromium 92: a page follows a call and ends it', async (t) => {
  const browser = fetchChromium92();
  if ('missing' in browser) return t.skip(browser.missing);
  const pages = http.createServer((request, response) => {
    const name = path.basename(new URL(request.url ?? '/', 'http://localhost').pathname);
    const isScript = /^[\w-]+\.js$/.test(name);
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
    response.end(isScript ? readFileSync(path.join(project.target, 'dist', name)) : '<!doctype html>');
  });
  pages.listen(0, '127.0.0.1');
  await once(pages, 'listening');
  const origin = `http://127.0.0.1:${(pages.address() as AddressInfo).port}`;
  await using gateway = await startGateway({env: {ALLOWED_ORIGINS: origin}});
  try {
    const walk = WALK.replace('process.env.GATEWAY', 'gateway')
      .replace('process.env.KEY', 'key')
      .replace('given', 'undefined')
      .replace(
        'AbortSignal.abort()',
        '(() => {const c = new AbortController(); c.abort(); return c.signal;})()',
      )
      .replace('console.log(', 'return (');
    const printed = await evaluateInChromium(
      browser.file,
      origin,
      `(async (gateway, key) => {
        const {createClient} = await import('/index.js'); ${walk}
      })('${gateway.url}', '${ACCESS_KEY}')`,
    );
    assert.match(String(printed), WALKED);
  } finally {
    pages.close();
    pages.closeAllConnections();
  }
});
