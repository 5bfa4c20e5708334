/** Runs a scene in a separate process on a new database. */
import {spawn} from 'node:child_process';
import {fileURLToPath} from 'node:url';
import {killOnExit} from '../../test/support/gateway/kill-on-exit.ts';
import {postgresServer} from '../../test/support/postgres/postgres.ts';
import {preload} from '../world/preload.ts';
import type {SceneName, SceneResult} from './scene.ts';

export interface SceneOptions {
  readonly scene: SceneName;
  readonly seed: number;
  readonly nodes: number;
  readonly mutant?: string;
}

const program = fileURLToPath(new URL('./process.ts', import.meta.url));

/** Time limit after which the process is killed. */
const DEADLINE_MS = 40_000;

/** A process that exits without a result is `stuck`. */
export async function runScene({scene, seed, nodes, mutant}: SceneOptions): Promise<SceneResult> {
  await using stack = new AsyncDisposableStack();
  const url = await (await postgresServer()).databaseOf({
    after: (drop) => stack.defer(drop as () => Promise<void>),
  });
  const flags = mutant === undefined ? [] : [preload('mutate', {mutant})];
  const child = spawn(process.execPath, [...flags, program, scene, String(seed), String(nodes), url], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  killOnExit(child);
  const timer = setTimeout(() => child.kill('SIGKILL'), DEADLINE_MS);
  const output = {stdout: '', stderr: ''};
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text;
  });
  const {promise: closed, resolve} = Promise.withResolvers<void>();
  child.once('close', () => resolve());
  await closed;
  clearTimeout(timer);
  if (output.stdout !== '') return JSON.parse(output.stdout) as SceneResult;
  const detail = `${scene} exited without a result (${child.signalCode ?? child.exitCode}): ${output.stderr.slice(-2000)}`;
  return {violations: [{kind: 'stuck', detail}], notes: []};
}
