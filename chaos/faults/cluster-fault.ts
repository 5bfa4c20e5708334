/** A fault in a cluster: several gateways on one Postgres. */
import type {ClusterWorld} from '../world/cluster-world.ts';
import type {Fault, FaultSize} from './fault.ts';
import type {SceneFault} from './scenes.ts';

export interface ClusterFault extends Pick<Fault, 'name' | 'description' | 'unavailable'> {
  /** Injects the fault under load and repairs it. Nodes may be down when it resolves. */
  readonly strikeCluster: (world: ClusterWorld, size: FaultSize) => Promise<void>;
}

export type AnyFault = Fault | ClusterFault | SceneFault;
