/** The installed packages are few, pinned by version and hash, and run nothing at installation. */
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {test} from 'node:test';

interface Locked {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly dev?: boolean;
  readonly hasInstallScript?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
}

const root = new URL('../../', import.meta.url);
const locked: Readonly<Record<string, Locked>> = JSON.parse(
  readFileSync(new URL('package-lock.json', root), 'utf8'),
).packages;
const installed = Object.entries(locked).filter(
  ([path, {link}]) => path.includes('node_modules/') && link !== true,
);

/**
 * The count beside the Twilio SDK and its dependencies. It may fall. A change that raises it must give a
 * reason: the last 12 came with `pg`.
 */
const MOST_RUNTIME_PACKAGES = 92;
/** Those of them that would disappear without Express and its middleware, as SECURITY.md states. */
const OF_EXPRESS = 45;

/** Where Node finds `name` from a package at `from`. */
function find(from: string, name: string): string | undefined {
  const path = `${from === '' ? '' : `${from}/`}node_modules/${name}`;
  if (locked[path] !== undefined) return path;
  return from === '' ? undefined : find(from.slice(0, Math.max(0, from.lastIndexOf('/node_modules/'))), name);
}

/** These packages with all of their dependencies. */
function broughtBy(names: readonly string[], from = '', seen = new Set<string>()): Set<string> {
  for (const name of names) {
    const path = find(from, name);
    if (path === undefined || seen.has(path)) continue;
    seen.add(path);
    broughtBy(Object.keys(locked[path]?.dependencies ?? {}), path, seen);
  }
  return seen;
}

test('the number of run-time packages does not grow', () => {
  const names = Object.keys(locked['']?.dependencies ?? {});
  assert.ok(names.includes('twilio'));
  const sdk = broughtBy(['twilio']);
  const ours = [...broughtBy(names)].filter((path) => !sdk.has(path));
  assert.ok(ours.length <= MOST_RUNTIME_PACKAGES, `${ours.length}: ${ours.join(', ')}`);
});

test('SECURITY.md states the number of packages, and how many come with Express', () => {
  const sdk = broughtBy(['twilio']);
  const beside = (names: readonly string[]) => [...broughtBy(names)].filter((path) => !sdk.has(path)).length;
  const names = Object.keys(locked['']?.dependencies ?? {}).filter((name) => name !== 'twilio');
  const forExpress = ['express', 'cors', 'helmet'];
  const all = beside(names);
  const ofExpress = all - beside(names.filter((name) => !forExpress.includes(name)));
  assert.ok(ofExpress <= OF_EXPRESS, `${ofExpress}`);
  const text = readFileSync(new URL('SECURITY.md', root), 'utf8').replaceAll(/\s+/g, ' ');
  assert.ok(
    text.includes(`there are ${all} run-time packages, ${ofExpress} of them`),
    `${all}, ${ofExpress}`,
  );
});

test('every package is one version with one hash, from the registry', () => {
  assert.ok(installed.length > 100);
  for (const [path, {version, resolved = '', integrity = ''}] of installed) {
    assert.match(version ?? '', /^\d+\.\d+\.\d+/, path);
    // A lockfile may omit the URL, which then is the registry's.
    assert.match(resolved, /^(?:$|https:\/\/registry\.npmjs\.org\/)/, path);
    assert.match(integrity, /^sha512-/, path);
  }
});

test('no package runs an install script, by lockfile or by manifest, and the scripts of test packages are denied by name', () => {
  const allowed: Readonly<Record<string, boolean>> = JSON.parse(
    readFileSync(new URL('package.json', root), 'utf8'),
  ).allowScripts;
  for (const [path, {hasInstallScript, dev}] of installed) {
    const isDenied = dev === true && allowed[path.replace(/^node_modules\//, '')] === false;
    if (isDenied) continue;
    assert.notEqual(hasInstallScript, true, path);
    const {scripts = {}, gypfile} = manifestOf(path);
    for (const script of ['preinstall', 'install', 'postinstall'])
      assert.equal(scripts[script], undefined, `${path}: ${script}`);
    assert.notEqual(gypfile, true, path);
  }
});

/** Empty for a package of another platform, which is not installed. */
function manifestOf(path: string): {scripts?: Readonly<Record<string, string>>; gypfile?: boolean} {
  try {
    return JSON.parse(readFileSync(new URL(`${path}/package.json`, root), 'utf8'));
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ENOENT');
    return {};
  }
}
