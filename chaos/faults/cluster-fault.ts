/** A way in which things break where several gateways share one Postgres. */
import type {ClusterWorld} from '../world/cluster-world.ts';
import type {Fault, FaultSize} from './fault.ts';
import type {SceneFault} from './scenes.ts';

export interface ClusterFault extends Pick<Fault, 'name' | 'what' | 'unavailable'> {
  /** Breaks things in a world under load and mends them; nodes may be down when it resolves. */
  readonly strikeCluster: (world: ClusterWorld, size: FaultSize) => Promise<void>;
}

export type AnyFault = Fault | ClusterFault | SceneFault;
