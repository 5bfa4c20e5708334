/** Measures the recovery once the database is back. */
import type {FaultWorld} from '../fault-world.ts';

export interface Recovery {
  /** Until the first callback was accepted. */
  readonly firstMs: number;
  /** Until every session was caught up. */
  readonly caughtUpMs: number;
}

/** Call this at the moment the database is back. */
export async function recover(world: FaultWorld): Promise<Recovery> {
  const backAt = performance.now();
  await world.waitForAccepted(1);
  const firstMs = performance.now() - backAt;
  await world.waitUntilCaughtUp();
  return {firstMs, caughtUpMs: performance.now() - backAt};
}
