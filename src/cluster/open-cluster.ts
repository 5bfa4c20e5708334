/** Picks the cluster's adapter from `DATABASE_URL`: nodes that share a journal also share the cluster. */
import {randomUUID} from 'node:crypto';
import type {Logger} from 'pino';
import type {Clock} from '../clock.ts';
import {isPostgresUrl} from '../postgres/postgres-url.ts';
import type {Cluster} from './cluster.ts';
import {LocalCluster} from './local-cluster.ts';
import {PostgresCluster} from './postgres/postgres-cluster.ts';

export interface OpenClusterOptions {
  readonly databaseUrl: string;
  /** @default a random id */
  readonly nodeId?: string | undefined;
  readonly version: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Long enough to distinguish a few nodes in a list. Nothing depends on uniqueness. */
const RANDOM_ID_LENGTH = 8;

/** Creates the cluster. Nothing is opened yet. */
export function openCluster({databaseUrl, nodeId, ...options}: OpenClusterOptions): Cluster {
  const id = nodeId ?? `node-${randomUUID().slice(0, RANDOM_ID_LENGTH)}`;
  if (!isPostgresUrl(databaseUrl)) return new LocalCluster({...options, nodeId: id});
  return new PostgresCluster({...options, url: databaseUrl, nodeId: id});
}
