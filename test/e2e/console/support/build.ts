/** The console as the gateway serves it, built from what is on disk now. */
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
/** A folder, since making one is atomic: test files run side by side, and one of them builds. */
const LOCK = path.join(CACHE, '.building');
const BUILD_TIMEOUT_MS = 180_000;

const SOURCES = [
  'packages/console/{src,public}/**/*.*',
  'packages/console/{index.html,vite.config.ts}',
  'packages/client/src/**/*.ts',
  'packages/protocol/src/**/*.ts',
];

/** Builds when anything has changed since the last build; once, however many ask at a time. */
export async function buildConsole(): Promise<void> {
  if (isFresh()) return;
  mkdirSync(CACHE, {recursive: true});
  if (!lock()) {
    // What changes in the meantime is for the next to build: it would never end where people are at work.
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
    // Swapped whole, so that a page that another test just loads finds one build or the other.
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

/** A lock that a killed run has left behind is as old as no build ever gets. */
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
