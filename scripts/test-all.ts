/**
 * `npm run test:all`: the suite, then its random tests at full length, then every fault of the chaos harness. Each step prints what it
 * counts; a step that fails does not keep the next from running.
 */
import {spawnSync} from 'node:child_process';
import {globSync, readFileSync} from 'node:fs';
import path from 'node:path';

const ROOT = path.join(import.meta.dirname, '..');

interface Step {
  readonly title: string;
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Tests that do a tenth of their work, or less, unless LONG is set. */
const longTests = globSync('test/**/*.test.ts', {cwd: ROOT}).filter((file) =>
  readFileSync(path.join(ROOT, file), 'utf8').includes("process.env['LONG']"),
);

const steps: readonly Step[] = [
  {title: 'npm test', argv: ['scripts/test.js']},
  {
    title: 'the random tests at full length (LONG=1)',
    argv: ['scripts/test.js', ...longTests],
    env: {LONG: '1'},
  },
  {title: 'npm run chaos -- --short', argv: ['chaos/run.js', '--short']},
  {title: 'npm run chaos -- --short --nodes 2', argv: ['chaos/run.js', '--short', '--nodes', '2']},
];

function runStep({title, argv, env}: Step): boolean {
  process.stdout.write(`\n=== ${title}\n`);
  const options = {cwd: ROOT, env: {...process.env, ...env}, stdio: 'inherit'} as const;
  return spawnSync(process.execPath, argv, options).status === 0;
}

const results = steps.map((step) => ({title: step.title, ok: runStep(step)}));
process.stdout.write(
  `\n${results.map(({title, ok}) => `${ok ? 'passed' : 'FAILED'}  ${title}`).join('\n')}\n`,
);
process.exitCode = results.every(({ok}) => ok) ? 0 : 1;
