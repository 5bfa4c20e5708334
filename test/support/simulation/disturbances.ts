/** Disturbances of a simulation: what happens to the nodes and the database, drawn before the start. */
import type {SeededRandom} from './random.ts';

export type Disturbance =
  /** `alsoWhen`: log messages after which the next start is killed too. */
  | {readonly what: 'kill'; readonly node: number; readonly alsoWhen: readonly string[]}
  /** SIGTERM, and a restart once the process has ended. */
  | {readonly what: 'drain'; readonly node: number}
  /** Stopped as in a crash, and restarted. */
  | {readonly what: 'restart-database'};

export type PlannedDisturbance = Disturbance & {
  /** Number of started deliveries at the beginning. */
  readonly at: number;
  /** Deliveries that start during the disturbance. */
  readonly overlap: number;
};

export interface DisturbanceOptions {
  readonly kills: number;
  /** @default 1 */
  readonly nodes?: number;
  /** @default 0 */
  readonly drains?: number;
  /** @default 0 */
  readonly databaseRestarts?: number;
}

/** Draws the disturbances in order, each before delivery `end`. */
export function drawDisturbances(
  random: SeededRandom,
  end: number,
  {kills, nodes = 1, drains = 0, databaseRestarts = 0}: DisturbanceOptions,
): PlannedDisturbance[] {
  const times = () => ({at: random.int(1, end - 1), overlap: random.int(0, 30)});
  const many = <T>(count: number, draw: () => T) => Array.from({length: count}, draw);
  return [
    ...many(kills, () => ({...drawKill(random, nodes), ...times()})),
    ...many(drains, () => ({what: 'drain' as const, node: random.below(nodes), ...times()})),
    ...many(databaseRestarts, () => ({what: 'restart-database' as const, ...times()})),
  ].sort((a, b) => a.at - b.at);
}

/** Draws the target nodes of a delivery: mostly one, sometimes two at once, as after an early retry by a balancer. */
export function drawNodes(random: SeededRandom, nodes: number): readonly number[] {
  const first = random.below(nodes);
  return nodes > 1 && random.chance(0.3) ? [first, (first + random.int(1, nodes - 1)) % nodes] : [first];
}

function drawKill(random: SeededRandom, nodes: number) {
  const steps = ['configuration', 'journal open', 'listening'];
  const node = random.below(nodes);
  return {what: 'kill' as const, node, alsoWhen: random.chance(0.3) ? [random.pick(steps)] : []};
}
