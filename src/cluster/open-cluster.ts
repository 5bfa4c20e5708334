/** Picks the cluster's adapter from `DATABASE_URL`: whoever shares the journal shares the rest. */
import {randomUUID} from 'node:crypto';
import type {Logger} from 'pino';
import type {Clock} from '../clock.ts';
import type {Cluster} from './cluster.ts';
import {LocalCluster} from './local-cluster.ts';

export interface OpenClusterOptions {
  readonly databaseUrl: string;
  /** @default a random one */
  readonly nodeId?: string;
  readonly version: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Enough to tell a few nodes apart in a list; nothing depends on its being unique. */
const RANDOM_ID_LENGTH = 8;

/** Nothing is opened yet. */
export function openCluster({nodeId, ...options}: OpenClusterOptions): Cluster {
  const id = nodeId ?? `node-${randomUUID().slice(0, RANDOM_ID_LENGTH)}`;
  return new LocalCluster({...options, nodeId: id});
}
