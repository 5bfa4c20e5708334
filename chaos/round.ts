/** One round: a world, one fault, and the violations in the history. */
import {SeededRandom} from '../test/support/simulation/random.ts';
import type {AnyFault} from './faults/cluster-fault.ts';
import type {FaultSize} from './faults/fault.ts';
import type {SceneFault} from './faults/scenes.ts';
import {checkHistory} from './history/check-history.ts';
import type {Violation} from './history/history.ts';
import {runScene} from './scenes/run-scene.ts';
import {ClusterWorld} from './world/cluster-world.ts';
import {World} from './world/world.ts';

export interface RoundOptions {
  readonly fault: AnyFault;
  readonly seed: number;
  readonly size: FaultSize;
  /** Name of the mutant to run instead of the real gateway. */
  readonly mutant?: string;
  /** Number of sessions in a stampede. */
  readonly crowd?: number;
  /** Gateways on one Postgres, for cluster faults. @default 3 */
  readonly nodes?: number;
}

export interface RoundResult {
  readonly fault: string;
  readonly seed: number;
  readonly violations: readonly Violation[];
  /** Acknowledged webhooks. */
  readonly acknowledged: number;
  readonly dials: number;
  readonly connections: number;
  /** What the fault did and measured. */
  readonly notes: readonly string[];
}

/** Does not throw for failures of the gateway. A world that cannot be repaired is a violation. */
export async function runRound(options: RoundOptions): Promise<RoundResult> {
  const {fault, size} = options;
  if ('scene' in fault) return runSceneRound(fault, options);
  await using round = await open(fault, options);
  const {world} = round;
  try {
    await round.strike(size);
  } catch (error) {
    world.violate('stuck', `${fault.name}: ${error instanceof Error ? error.message : String(error)}`);
  }
  await world.settle();
  const {history, violations} = await world.conclude();
  return {
    fault: fault.name,
    seed: options.seed,
    violations: [...violations, ...checkHistory(history)],
    acknowledged: history.webhooks.filter(({answeredIn}) => answeredIn !== undefined).length,
    dials: history.dials.length,
    connections: history.connections.length,
    notes: world.notes,
  };
}

async function runSceneRound(
  {name, scene}: SceneFault,
  {seed, mutant, nodes = 3}: RoundOptions,
): Promise<RoundResult> {
  const {violations, notes} = await runScene({scene, seed, nodes, ...(mutant === undefined ? {} : {mutant})});
  return {fault: name, seed, violations, notes, acknowledged: 0, dials: 0, connections: 0};
}

interface OpenRound extends AsyncDisposable {
  readonly world: World | ClusterWorld;
  readonly strike: (size: FaultSize) => Promise<void>;
}

async function open(
  fault: Exclude<AnyFault, SceneFault>,
  {seed, mutant, crowd, nodes = 3}: RoundOptions,
): Promise<OpenRound> {
  const random = new SeededRandom(seed);
  const common = {random, ...(mutant === undefined ? {} : {mutant})};
  if ('strikeCluster' in fault) {
    const world = await ClusterWorld.open({...common, nodes});
    return {
      world,
      strike: (size) => fault.strikeCluster(world, size),
      [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
    };
  }
  const options = {...common, ...(crowd === undefined ? {} : {crowd})};
  const world = await World.open(fault.world?.(options) ?? options);
  return {
    world,
    strike: (size) => fault.strike(world, size),
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
}
