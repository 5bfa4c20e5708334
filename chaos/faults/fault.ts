/** A fault that the harness can inject. One file per kind; `index.ts` lists them. */
import type {World, WorldOptions} from '../world/world.ts';

export interface Fault {
  /** In kebab-case, for the command line and the table. */
  readonly name: string;
  /** A short description for the table. */
  readonly description: string;
  /** Returns why the fault cannot run on this machine; `undefined` if it can. */
  readonly unavailable?: () => string | undefined;
  /** Changes the options of the world that the fault needs. */
  readonly world?: (options: WorldOptions) => WorldOptions;
  /** Injects the fault under load and repairs it. Everything is repaired when it resolves, but the gateway may be down. */
  readonly strike: (world: World, size: FaultSize) => Promise<void>;
}

/** `short` (tests): the minimum for a reliable result. `long`: a duration as in production. */
export type FaultSize = 'short' | 'long';
