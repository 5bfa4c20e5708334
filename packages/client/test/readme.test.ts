/** The README's examples, as they stand there, in a project of somebody else's: the packed package and nothing of ours around it. */
import assert from 'node:assert/strict';
import {execFileSync, spawn} from 'node:child_process';
import {mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {after, before, test} from 'node:test';
import {build} from 'vite';
import {launchChromium} from '../../../test/support/chromium.ts';
import {ACCESS_KEY, startGateway, type TestGateway} from '../../../test/support/gateway.ts';
import {until} from '../../../test/support/until.ts';

const folder = path.join(import.meta.dirname, '..');
const modules = path.join(folder, '../../node_modules');
const readme = readFileSync(path.join(folder, 'README.md'), 'utf8');

let project: string;

/** What was packed, by path in the package. */
let packed: readonly string[];

before(() => {
  project = mkdtempSync(path.join(os.tmpdir(), 'hookswitch-project-'));
  execFileSync(process.execPath, ['scripts/build.ts'], {cwd: folder, stdio: 'inherit'});
  const answer = execFileSync('npm', ['pack', '--json', '--pack-destination', project], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const report: unknown = JSON.parse(answer);
  const [{filename, files}] = (Array.isArray(report) ? report : Object.values(Object(report))) as [
    {filename: string; files: {path: string}[]},
  ];
  packed = files.map((file) => file.path);
  const target = path.join(project, 'node_modules/@hookswitch/client');
  mkdirSync(target, {recursive: true});
  execFileSync('tar', ['-xzf', path.join(project, filename), '--strip-components=1', '-C', target]);
  writeFileSync(path.join(project, 'package.json'), '{"type": "module", "private": true}');
});
after(() => rmSync(project, {recursive: true, force: true}));

/** The example below a heading, with the gateway of the test for the one that it names. */
function example(heading: string, gateway: TestGateway): string {
  const section = readme.slice(readme.indexOf(heading));
  const code = /```jsx?\n(.*?)```/s.exec(section)?.[1];
  assert.ok(code, heading);
  return code.replaceAll('localhost:8081', new URL(gateway.url).host);
}

/** Runs a module in the project; what it has printed so far, and its end. */
function run(name: string, code: string) {
  const file = path.join(project, name);
  writeFileSync(file, `const accessKey = '${ACCESS_KEY}';\n${code}`);
  const child = spawn(process.execPath, [file], {cwd: project});
  const printed = {text: '', faults: ''};
  child.stdout.on('data', (chunk) => {
    printed.text += String(chunk);
  });
  child.stderr.on('data', (chunk) => {
    printed.faults += String(chunk);
  });
  const ended = new Promise<number | null>((resolve) => {
    child.on('close', resolve);
  });
  return {child, printed, ended};
}

test('plain JavaScript: a call is placed, followed and ended', async () => {
  await using gateway = await startGateway();
  const {printed, ended} = run('plain.js', `${example('# @hookswitch', gateway)}\nawait client.dispose();`);
  assert.equal(await ended, 0, printed.faults);
  assert.match(printed.text, /^CA[0-9a-f]{32} initiating$/m);
  assert.match(printed.text, /^CA[0-9a-f]{32} (?:completed|failed)$/m);
});

test('no SDK: each change of a call is printed', async () => {
  await using gateway = await startGateway();
  const {child, printed, ended} = run('raw.js', example('## Without the SDK', gateway));
  await until(() => gateway.api('/api/sessions').then(({body}) => body.total === 1), {what: 'the session'});
  const sid = await gateway.place({to: '+15550100001'});
  await until(() => new RegExp(`^${sid} in-progress \\d+$`, 'm').test(printed.text), {what: 'the answer'});
  assert.match(printed.text, new RegExp(`^${sid} initiating \\d+$`, 'm'));
  child.kill();
  await ended;
  assert.equal(printed.faults, '');
});

test('React: the list shows the call', async () => {
  await using gateway = await startGateway();
  const browser = await launchChromium();
  try {
    writeFileSync(path.join(project, 'app.jsx'), example('## React', gateway));
    writeFileSync(
      path.join(project, 'main.jsx'),
      `import {createRoot} from 'react-dom/client';
import {App} from './app.jsx';
createRoot(document.body).render(<App />);`,
    );
    const result = await build({
      configFile: false,
      root: project,
      logLevel: 'error',
      define: {'process.env.NODE_ENV': '"production"'},
      oxc: {jsx: {runtime: 'automatic'}},
      // As `npm install react` would put it into the project.
      resolve: {
        alias: ['react-dom', 'react', 'scheduler'].map((name) => ({
          find: new RegExp(`^${name}(?=/|$)`),
          replacement: path.join(modules, name),
        })),
      },
      build: {
        write: false,
        lib: {entry: path.join(project, 'main.jsx'), formats: ['iife'], name: 'app'},
        rolldownOptions: {output: {codeSplitting: false}},
      },
    });
    const [output] = Array.isArray(result) ? result : [result];
    assert.ok(output !== undefined && 'output' in output);
    const page = await browser.newPage();
    await page.route('**/token', (route) => route.fulfill({body: ACCESS_KEY}));
    await page.goto(`${gateway.url}/healthz`);
    await page.evaluate(output.output[0].code);
    await gateway.place({to: '+15550100001'});
    await page.locator('li', {hasText: '+15550100001 in-progress'}).waitFor();
  } finally {
    await browser.close();
  }
});

for (const resolution of ['bundler', 'nodenext']) {
  test(`the types are whole without anything else installed (${resolution})`, () => {
    writeFileSync(
      path.join(project, 'types.ts'),
      `import {type CallState, createClient, HookswitchError, liveDuration} from '@hookswitch/client';
const client = createClient({url: 'http://localhost', token: 'x'});
export const first: CallState | undefined = client.calls.getSnapshot()[0];
export const seconds: number = first === undefined ? 0 : liveDuration(first);
client.on('status', (event) => {
  const status: 'initiating' | 'ringing' | 'in-progress' | 'completed' | 'failed' = event.status;
  // @ts-expect-error a status is none of these
  const wrong: 'busy' = event.status;
  console.log(status, wrong, event.offset.toFixed());
});
export const isOurs = (error: unknown): string => (error instanceof HookswitchError ? error.whatToDo : '');
`,
    );
    const module = resolution === 'bundler' ? 'esnext' : 'nodenext';
    const flags = ['--noEmit', '--strict', '--target', 'es2022', '--lib', 'es2022,dom,esnext.disposable'];
    const args = [...flags, '--types', '', '--module', module, '--moduleResolution', resolution, 'types.ts'];
    try {
      execFileSync(path.join(modules, '.bin/tsc'), args, {cwd: project, encoding: 'utf8'});
    } catch (error) {
      assert.fail((error as {stdout: string}).stdout);
    }
  });
}

test('the package holds what it exports and nothing that is ours alone', () => {
  for (const name of ['README.md', 'dist/index.js', 'dist/index.d.ts', 'dist/react.js', 'dist/react.d.ts']) {
    assert.ok(packed.includes(name), name);
  }
  assert.deepEqual(
    packed.filter((name) => /(?:^|\/)(?:src|test|scripts)\//.test(name)),
    [],
  );
  for (const name of packed.filter((each) => /\.(?:js|d\.ts)$/.test(each))) {
    const text = readFileSync(path.join(project, 'node_modules/@hookswitch/client', name), 'utf8');
    assert.doesNotMatch(text, /from ['"](?:zod|@hookswitch|[^'"]*\.ts['"])/, name);
  }
});
