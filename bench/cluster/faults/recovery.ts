/** How long it takes once the database is there again. */
import type {FaultWorld} from '../fault-world.ts';

export interface Recovery {
  /** Until the first callback was taken. */
  readonly firstMs: number;
  /** Until every session was told of everything. */
  readonly levelMs: number;
}

/** To be called at the moment at which the database is back. */
export async function recover(world: FaultWorld): Promise<Recovery> {
  const backAt = performance.now();
  await world.taken(1);
  const firstMs = performance.now() - backAt;
  await world.level();
  return {firstMs, levelMs: performance.now() - backAt};
}
