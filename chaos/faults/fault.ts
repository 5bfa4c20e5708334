/** A way in which things break. One file each; `index.ts` lists them. */
import type {World, WorldOptions} from '../world/world.ts';

export interface Fault {
  /** In kebab-case, for the command line and the table. */
  readonly name: string;
  /** What breaks, in a few words. */
  readonly what: string;
  /** Why it cannot be had on this machine; `undefined` where it can. */
  readonly unavailable?: () => string | undefined;
  /** What the world has to be like for it; `seconds` is about what one round takes beside a start. */
  readonly world?: (options: WorldOptions) => WorldOptions;
  /**
   * Breaks things in a world under load and mends them. When it resolves nothing is broken any more, but for a
   * gateway that may be down.
   */
  readonly strike: (world: World, size: FaultSize) => Promise<void>;
}

/** `short`: as long as it takes to be sure, for tests. `long`: as long as such a thing lasts in the field. */
export type FaultSize = 'short' | 'long';
