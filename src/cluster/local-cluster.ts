/** The cluster of a single node: it shares nothing and holds every lease from the start. */
import type {Clock} from '../clock.ts';
import type {Fence} from '../journal/fence.ts';
import type {Unsubscribe} from '../journal/followable-journal.ts';
import type {Cluster, Lease, LeaseName} from './cluster.ts';
import {LocalPlacementLedger} from './local-placement-ledger.ts';

export interface LocalClusterOptions {
  readonly nodeId: string;
  readonly clock: Clock;
}

export class LocalCluster implements Cluster {
  readonly nodeId: string;
  readonly placement: LocalPlacementLedger;
  readonly connected = true;

  constructor({nodeId, clock}: LocalClusterOptions) {
    this.nodeId = nodeId;
    this.placement = new LocalPlacementLedger({clock});
  }

  async start(): Promise<void> {}

  nodes(): readonly never[] {
    return [];
  }

  lease(name: LeaseName): Lease {
    return new LocalLease(name);
  }

  renew(): void {}

  async stop(): Promise<void> {}
}

/** A lease that no other node can take. */
class LocalLease implements Lease {
  readonly held = true;
  readonly #fence: Fence;

  constructor(name: LeaseName) {
    this.#fence = {name, token: 0};
  }

  async confirm(): Promise<Fence> {
    return this.#fence;
  }

  onAcquired(): Unsubscribe {
    return () => {};
  }
}
