/** The packed package in strict projects of a user: its types and its files. */
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {readFileSync, symlinkSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {after, before, test} from 'node:test';
import {type ClientOptions, createClient} from '../src/index.ts';
import {type PackedProject, packIntoProject} from './support/packed-package.ts';

const root = path.join(import.meta.dirname, '../../..');
const modules = path.join(root, 'node_modules');

let project: PackedProject;
before(() => {
  project = packIntoProject();
  for (const name of ['react', '@types', 'ws', 'csstype'])
    symlinkSync(path.join(modules, name), path.join(project.folder, 'node_modules', name));
});
after(() => project.remove());

const CONSUMER = `
import {type CallState, type ClientOptions, createClient, type HookswitchClient, HookswitchError, liveDuration} from '@hookswitch/client';
const url = 'http://localhost';
const client: HookswitchClient = createClient({url, token: 'x'});
export const first: CallState | undefined = client.calls.getSnapshot()[0];
export const seconds: number = first === undefined ? 0 : liveDuration(first, client.now());
export const offset: number = client.clockOffset.getSnapshot();
client.on('status', (event) => {
  const status: 'initiating' | 'ringing' | 'in-progress' | 'completed' | 'failed' = event.status;
  // @ts-expect-error a status is none of these
  const wrong: 'busy' = event.status;
  console.log(status, wrong, event.offset.toFixed());
});
export const isOurs = (error: unknown): string => (error instanceof HookswitchError ? error.whatToDo : '');
export const renewed = createClient({url, getToken: async (reason) => reason});
export const explicit = createClient({url, token: 'x', getToken: undefined, WebSocket: undefined, storage: undefined, calls: undefined});
export const native = createClient({url, token: 'x', WebSocket, fetch, sessionStorage});
void client.place({to: '+15550100001', from: undefined, metadata: {order: 7}}, {idempotencyKey: undefined});
// @ts-expect-error neither
createClient({url});
// @ts-expect-error both
createClient({url, token: 'x', getToken: () => 'x'});
// @ts-expect-error neither, in so many words
createClient({url, token: undefined, getToken: undefined});
// @ts-expect-error the time has to be given: the browser's clock may be off
liveDuration({});
const {token} = {token: 'x'} as {readonly token: string | undefined};
// @ts-expect-error it may be missing
export const options: ClientOptions = {url, token};
`;

const DISPOSAL = `
import {createClient} from '@hookswitch/client';
export async function look(): Promise<number> {
  await using client = createClient({url: 'http://localhost', token: 'x'});
  return client.calls.getSnapshot().length;
}
`;

const WS = `
import {createClient} from '@hookswitch/client';
import {WebSocket} from 'ws';
export const client = createClient({url: 'http://localhost', token: 'x', WebSocket});
`;

const REACT = `
import {useCallDuration, useCalls, useGatewayTime} from '@hookswitch/client/react';
export const useAge = (): number => useGatewayTime() - Date.parse(useCalls({user: undefined})[0]?.createdAt ?? '');
export const useSeconds = (sid: string): number => useCallDuration(sid);
`;

const STRICT = {
  strict: true,
  noEmit: true,
  skipLibCheck: false,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noPropertyAccessFromIndexSignature: true,
  noImplicitOverride: true,
  verbatimModuleSyntax: true,
  isolatedModules: true,
  target: 'es2022',
};

/** Type-checks `code` in the project and returns the compiler's output. */
function check(name: string, code: string, options: object): string {
  writeFileSync(path.join(project.folder, `${name}.ts`), code);
  const config = path.join(project.folder, `tsconfig.${name}.json`);
  writeFileSync(config, JSON.stringify({compilerOptions: {...STRICT, ...options}, files: [`${name}.ts`]}));
  try {
    execFileSync(path.join(modules, '.bin/tsc'), ['-p', config], {cwd: project.folder, encoding: 'utf8'});
    return '';
  } catch (error) {
    return (error as {stdout: string}).stdout;
  }
}

for (const module of ['esnext', 'nodenext']) {
  const resolution = {module, moduleResolution: module === 'esnext' ? 'bundler' : 'nodenext'};

  test(`strict, lib ES2022 and DOM, every library checked, nothing else installed (${module})`, () => {
    const options = {...resolution, lib: ['es2022', 'dom'], types: []};
    assert.equal(check(`plain-${module}`, CONSUMER, options), '');
    assert.match(check(`no-disposal-${module}`, DISPOSAL, options), /error TS/);
  });

  test(`await using works where the lib has it (${module})`, () => {
    const options = {...resolution, lib: ['es2022', 'dom', 'esnext.disposable'], types: []};
    assert.equal(check(`disposal-${module}`, DISPOSAL, options), '');
    assert.equal(check(`plain-disposal-${module}`, CONSUMER, options), '');
  });
}

const bundler = {module: 'esnext', moduleResolution: 'bundler'};

test('the WebSocket of the ws package is compatible with the types of Node', () => {
  const options = {...bundler, lib: ['es2024'], types: ['node'], skipLibCheck: true};
  assert.equal(check('ws', WS, options), '');
});

test('the hooks type-check', () => {
  const options = {...bundler, lib: ['es2022', 'dom', 'dom.iterable'], types: [], skipLibCheck: true};
  assert.equal(check('react', REACT, options), '');
});

test('the tarball contains what it needs, documents its requirements, and has no internal files', () => {
  const wanted = ['LICENSE', 'README.md', 'package.json'];
  for (const name of [...wanted, 'dist/index.js', 'dist/index.d.ts', 'dist/react.js', 'dist/react.d.ts'])
    assert.ok(project.files.includes(name), name);
  assert.deepEqual(
    project.files.filter((name) => /(?:^|\/)(?:src|test|scripts)\//.test(name)),
    [],
  );
  const read = (name: string) => readFileSync(path.join(project.target, name), 'utf8');
  for (const name of project.files.filter((each) => /\.(?:js|d\.ts)$/.test(each)))
    assert.doesNotMatch(read(name), /from ['"](?:zod|@hookswitch|[^'"]*\.ts['"])/, name);
  assert.equal(read('LICENSE'), readFileSync(path.join(root, 'LICENSE'), 'utf8'));
  assert.match(read('dist/react.js'), /^"use client";/);
  const manifest = JSON.parse(read('package.json'));
  assert.equal(manifest.license, 'MIT');
  assert.equal(manifest.engines.node, '>=20');
  assert.equal(manifest.repository.directory, 'packages/client');
  for (const name of [manifest.types, manifest.main]) assert.ok(project.files.includes(name.slice(2)), name);
  assert.match(read('README.md'), /Node 20/);
});

test('exactly one of token and getToken is required, also in JavaScript', () => {
  const url = 'http://127.0.0.1:9';
  const faults: readonly (readonly [object, RegExp])[] = [
    [{}, /^Set token or getToken: neither is set\.$/],
    [{token: undefined, getToken: null}, /neither is set/],
    [{token: 'a', getToken: () => 'b'}, /^Set either token or getToken: both are set\.$/],
    [{getToken: 'a'}, /^getToken must be a function\.$/],
    [{token: 'a', calls: Array.from({length: 101}, String)}, /^calls: list at most 100 call sids\.$/],
  ];
  for (const [options, message] of faults)
    assert.throws(() => createClient({url, ...options} as unknown as ClientOptions), {
      name: 'TypeError',
      message,
    });
  for (const options of [
    {token: 'a', getToken: undefined},
    {token: null, getToken: () => 'b'},
  ])
    createClient({url, ...options} as unknown as ClientOptions);
});

test('an invalid url is refused with the fix, and a valid one is accepted', () => {
  const faults: readonly (readonly [unknown, RegExp])[] = [
    ['https://example.com/ws', /^url: remove \/ws, the client adds it\.$/],
    ['https://example.com/voice/ws/', /remove \/ws/],
    ['http://localhost:8081/WS', /remove \/ws/],
    ['wss://example.com', /^url: write https:\/\/example\.com, /],
    ['ws://localhost:8081/ws', /^url: write http:\/\/localhost:8081, /],
    ['https://example.com?token=abc', /remove the query \('\?'\) and the fragment \('#'\)/],
    ['https://example.com/#/calls', /remove the query \('\?'\) and the fragment \('#'\)/],
    ['https://me:secret@example.com', /remove the user and password/],
    ['ftp://example.com', /must start with https/],
    ['localhost:8081', /must start with https/],
    ['/gateway', /pass the gateway's full http\(s\) address/],
    ['', /full http\(s\) address/],
    [undefined, /full http\(s\) address/],
  ];
  const make = (url: unknown) => createClient({url: url as string, token: 'a'});
  for (const [url, message] of faults)
    assert.throws(
      () => make(url),
      (error) => {
        assert.ok(error instanceof TypeError);
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /secret|abc/);
        return true;
      },
      String(url),
    );
  for (const url of [
    'https://example.com',
    'https://example.com/voice//',
    'http://[::1]:8081/',
    new URL('http://a/'),
    'https://a/news',
  ])
    make(url);
});
