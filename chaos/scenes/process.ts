/**
 * The process of a scene. Prints the violations as JSON on stdout.
 * Usage: node process.ts <scene> <seed> <nodes> <database URL>
 */
import {SeededRandom} from '../../test/support/simulation/random.ts';
import type {Violation} from '../history/history.ts';
import {commitsGone} from './commits-gone.ts';
import {crossing} from './crossing.ts';
import {noNotifications} from './no-notifications.ts';
import type {Scene, SceneName, SceneResult} from './scene.ts';
import {staleLease} from './stale-lease.ts';

const scenes: Readonly<Record<SceneName, Scene>> = {
  crossing,
  'no-notifications': noNotifications,
  'commits-gone': commitsGone,
  'stale-lease': staleLease,
};

/** Time limit. Violations found so far are printed. */
const DEADLINE_MS = 20_000;

const [, , name = '', seed = '', nodes = '', url = ''] = process.argv;
const scene = scenes[name as SceneName];
const violations: Violation[] = [];
const notes: string[] = [];
const stack = new AsyncDisposableStack();
const {promise: late, reject} = Promise.withResolvers<never>();
setTimeout(() => reject(new Error(`the scene did not finish within ${DEADLINE_MS} ms`)), DEADLINE_MS).unref();
try {
  const played = scene({
    random: new SeededRandom(Number(seed)),
    url,
    nodes: Number(nodes),
    stack,
    violate: (kind, detail) => void violations.push({kind, detail}),
    note: (text) => void notes.push(text),
  });
  await Promise.race([played, late]);
} catch (error) {
  violations.push({
    kind: 'stuck',
    detail: error instanceof Error ? (error.stack ?? error.message) : String(error),
  });
}
const result: SceneResult = {violations, notes};
// Exit at once, because a mutant may leave work that never ends.
process.stdout.write(JSON.stringify(result), () => process.exit(0));
