/** One round: a world, one fault, and what the history says of it. */
import {SeededRandom} from '../test/support/simulation-random.ts';
import type {Fault, FaultSize} from './faults/fault.ts';
import {checkHistory} from './history/check-history.ts';
import type {Violation} from './history/history.ts';
import {World} from './world/world.ts';

export interface RoundOptions {
  readonly fault: Fault;
  readonly seed: number;
  readonly size: FaultSize;
  /** Name of the mutant to run instead of the gateway as it is. */
  readonly mutant?: string;
  /** Sessions in a crowd. */
  readonly crowd?: number;
}

export interface RoundResult {
  readonly fault: string;
  readonly seed: number;
  readonly violations: readonly Violation[];
  /** What the round was about, in numbers. */
  readonly acknowledged: number;
  readonly dials: number;
  readonly connections: number;
  /** What the fault did and saw. */
  readonly notes: readonly string[];
}

/** Never throws for what a gateway does: a world that cannot be opened or mended is a violation too. */
export async function runRound({fault, seed, size, mutant, crowd}: RoundOptions): Promise<RoundResult> {
  const random = new SeededRandom(seed);
  const options = {
    random,
    ...(mutant === undefined ? {} : {mutant}),
    ...(crowd === undefined ? {} : {crowd}),
  };
  await using world = await World.open(fault.world?.(options) ?? options);
  try {
    await fault.strike(world, size);
  } catch (error) {
    world.violate('stuck', `${fault.name}: ${error instanceof Error ? error.message : String(error)}`);
  }
  await world.settle();
  const {history, violations} = await world.conclude();
  return {
    fault: fault.name,
    seed,
    violations: [...violations, ...checkHistory(history)],
    acknowledged: history.webhooks.filter(({answeredIn}) => answeredIn !== undefined).length,
    dials: history.dials.length,
    connections: history.connections.length,
    notes: world.notes,
  };
}
