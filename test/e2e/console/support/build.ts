/** Builds the console from the sources on disk, as the gateway serves it. */
import {execFile} from 'node:child_process';
import {existsSync, globSync, mkdirSync, renameSync, rmdirSync, rmSync, statSync} from 'node:fs';
import path from 'node:path';
import {promisify} from 'node:util';
import {until} from '../../../support/until.ts';

const ROOT = path.join(import.meta.dirname, '../../../..');
const CONSOLE = path.join(ROOT, 'packages/console');
const DIST = path.join(CONSOLE, 'dist');
const PAGE = path.join(DIST, 'index.html');
const CACHE = path.join(CONSOLE, 'node_modules');
/** A folder, because creating one is atomic: test files run in parallel, and only one may build. */
const LOCK = path.join(CACHE, '.building');
const BUILD_TIMEOUT_MS = 180_000;

const SOURCES = [
  'packages/console/{src,public}/**/*.*',
  'packages/console/{index.html,vite.config.ts}',
  'packages/client/src/**/*.ts',
  'packages/protocol/src/**/*.ts',
];

/** Builds if a source has changed since the last build. Concurrent callers share one build. */
export async function buildConsole(): Promise<void> {
  if (isFresh()) return;
  mkdirSync(CACHE, {recursive: true});
  if (!lock()) {
    // Sources changed during the build are left to the next build; otherwise this could loop while people
    // edit.
    await until(() => !existsSync(LOCK), {
      what: 'the console to be built',
      timeoutMs: BUILD_TIMEOUT_MS,
    });
    return;
  }
  try {
    const vite = path.join(ROOT, 'node_modules/vite/bin/vite.js');
    const next = path.join(CACHE, '.dist');
    const args = [vite, 'build', '--outDir', next, '--emptyOutDir'];
    await promisify(execFile)(process.execPath, args, {cwd: CONSOLE, timeout: BUILD_TIMEOUT_MS});
    // Replaced as a whole, so that a concurrent test loads either build, never a mix.
    rmSync(path.join(CACHE, '.old'), {recursive: true, force: true});
    if (existsSync(DIST)) renameSync(DIST, path.join(CACHE, '.old'));
    renameSync(next, DIST);
  } finally {
    rmdirSync(LOCK);
  }
}

function isFresh(): boolean {
  const built = statSync(PAGE, {throwIfNoEntry: false})?.mtimeMs ?? 0;
  return globSync(SOURCES, {cwd: ROOT}).every((file) => statSync(path.join(ROOT, file)).mtimeMs <= built);
}

/** A lock older than any build was left behind by a killed run. */
function lock(): boolean {
  const age = Date.now() - (statSync(LOCK, {throwIfNoEntry: false})?.mtimeMs ?? Date.now());
  if (age > BUILD_TIMEOUT_MS) rmdirSync(LOCK);
  try {
    mkdirSync(LOCK);
    return true;
  } catch {
    return false;
  }
}
