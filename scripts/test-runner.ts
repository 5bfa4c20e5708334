/** The test command: finds `*.test.ts`, runs them with node's own runner, counts tests (not suites). */
import {globSync, statSync} from 'node:fs';
import path from 'node:path';
import {run} from 'node:test';
import {spec} from 'node:test/reporters';
import {prepareBrowser} from './prepare-browser.ts';

const ROOTS = ['test', 'packages/*/test', 'bench'];

/** A file that takes longer is stopped and counts as failed. */
const FILE_TIMEOUT_MS = 5 * 60_000;

/** The runner's time limit applies to tests, not to files. */
const END_WITH_TESTS = new URL('./end-with-tests.ts', import.meta.url).href;

/**
 * Maximum time without any test event. The runner stops a late file and then waits for its output to end. A
 * child process that the file has left behind would make it wait forever.
 */
const SILENCE_TIMEOUT_MS = FILE_TIMEOUT_MS + 60_000;

/** Slow files start first, so that both workers finish at about the same time. */
const SLOW_FIRST = ['/soak/', '/simulation/', '/e2e/', '/integration/'];

function findTests(patterns: readonly string[]): string[] {
  const roots = patterns.length > 0 ? patterns : ROOTS;
  const files = roots.flatMap((root) =>
    root.endsWith('.ts') || (statSync(root, {throwIfNoEntry: false})?.isFile() ?? false)
      ? [root]
      : globSync(`${root}/**/*.test.ts`, {exclude: ['**/node_modules/**']}),
  );
  const rank = (file: string) => {
    const at = SLOW_FIRST.findIndex((part) => file.includes(part));
    return at === -1 ? SLOW_FIRST.length : at;
  };
  return [...new Set(files)].sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
}

/** The files that took the most time. */
function slowest(spent: ReadonlyMap<string, number>): string {
  const worst = [...spent].sort(([, a], [, b]) => b - a).slice(0, 15);
  const lines = worst.map(
    ([file, ms]) => `${(ms / 1000).toFixed(1).padStart(7)} s  ${path.relative('', file)}`,
  );
  return lines.length < 2 ? '' : `\nSlowest files:\n${lines.join('\n')}\n`;
}

interface TestEvent {
  readonly file?: string;
  readonly name?: string;
}

/** Ends the process and prints the unfinished tests if there has been no test event for too long. */
class Watchdog {
  readonly #running = new Map<string, string>();
  #timer = this.#wait();

  note(kind: string, {file, name = ''}: TestEvent): void {
    clearTimeout(this.#timer);
    this.#timer = this.#wait();
    if (file === undefined) return;
    if (kind === 'test:dequeue') this.#running.set(`${file} ${name}`, `${path.relative('', file)}: ${name}`);
    else if (kind === 'test:complete') this.#running.delete(`${file} ${name}`);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #wait(): NodeJS.Timeout {
    return setTimeout(() => {
      const seconds = SILENCE_TIMEOUT_MS / 1000;
      process.stdout.write(
        `\nNo test event for ${seconds} s. Unfinished:\n${[...this.#running.values()].join('\n')}\n`,
      );
      process.exit(1);
    }, SILENCE_TIMEOUT_MS);
  }
}

/** Runs the tests in `args` (files or folders; all by default) and returns the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const only = args.indexOf('--only');
  const pattern = only === -1 ? undefined : args[only + 1];
  const files = findTests(only === -1 ? args : args.toSpliced(only, 2));
  if (files.length === 0) {
    process.stderr.write('No test files found.\n');
    return 1;
  }
  try {
    await prepareBrowser(files);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    return 1;
  }
  const counts = {passed: 0, failed: 0, skipped: 0};
  const stream = run({
    files,
    concurrency: 2,
    timeout: FILE_TIMEOUT_MS,
    execArgv: ['--import', END_WITH_TESTS],
    ...(pattern === undefined ? {} : {testNamePatterns: [pattern]}),
  });
  const watchdog = new Watchdog();
  for (const name of ['test:dequeue', 'test:complete', 'test:diagnostic'] as const)
    stream.on(name, (event: TestEvent) => watchdog.note(name, event));
  const spent = new Map<string, number>();
  const spend = ({
    file,
    nesting,
    details,
  }: {
    file?: string;
    nesting: number;
    details: {duration_ms: number};
  }) => {
    if (file !== undefined && nesting === 0) spent.set(file, (spent.get(file) ?? 0) + details.duration_ms);
  };
  stream.on('test:pass', (event) => {
    spend(event);
    if (event.details.type === 'suite') return;
    counts[event.skip || event.todo ? 'skipped' : 'passed'] += 1;
  });
  stream.on('test:fail', (event) => {
    spend(event);
    if (event.details.type !== 'suite') counts.failed += 1;
  });
  for await (const chunk of stream.compose(new spec())) process.stdout.write(chunk);
  watchdog.stop();
  if (counts.skipped > 0) process.stdout.write(`\n${counts.skipped} skipped (reasons above)\n`);
  process.stdout.write(slowest(spent));
  process.stdout.write(`\n${counts.passed} passed, ${counts.failed} failed\n`);
  return counts.failed > 0 || counts.passed === 0 ? 1 : 0;
}
