/** Runs the README's examples in a user's project that contains only the packed package. */
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {after, before, test} from 'node:test';
import {build} from 'vite';
import {launchChromium} from '../../../test/support/browser/chromium.ts';
import {ACCESS_KEY, startGateway, type TestGateway} from '../../../test/support/gateway/gateway.ts';
import {until} from '../../../test/support/until.ts';
import {type PackedProject, packIntoProject} from './support/packed-package.ts';

const folder = path.join(import.meta.dirname, '..');
const modules = path.join(folder, '../../node_modules');
const readme = readFileSync(path.join(folder, 'README.md'), 'utf8');

let packed: PackedProject;
/** The folder of the project. */
let project: string;

before(() => {
  packed = packIntoProject();
  project = packed.folder;
});
after(() => packed.remove());

/** The example below a heading, with the address of the test's gateway. */
function example(heading: string, gateway: TestGateway): string {
  const section = readme.slice(readme.indexOf(heading));
  const code = /```jsx?\n(.*?)```/s.exec(section)?.[1];
  assert.ok(code, heading);
  return code.replaceAll('localhost:8081', new URL(gateway.url).host);
}

/** Runs a module in the project and returns its output and its end. */
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
  const {printed, ended} = run('plain.js', `${example('## Quick start', gateway)}\nawait client.dispose();`);
  assert.equal(await ended, 0, printed.faults);
  assert.match(printed.text, /^CA[0-9a-f]{32} initiating$/m);
  assert.match(printed.text, /^CA[0-9a-f]{32} (?:completed|failed)$/m);
});

test('without the SDK: each change of a call is printed', async () => {
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
      // Resolves React as after `npm install react`.
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
    // The pause keeps the call in progress until the page has rendered it.
    const twiml = '<Response><Pause length="86400"/></Response>';
    await gateway.place({to: '+15550100001', twiml});
    await page.locator('li', {hasText: '+15550100001 in-progress'}).waitFor();
  } finally {
    await browser.close();
  }
});
