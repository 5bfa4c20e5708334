/** A lease holder is paused, another node takes over, and the first holder tries to confirm its lease. */

import {Client} from 'pg';
import {pino} from 'pino';
import {systemClock} from '../../src/clock.ts';
import {PostgresCluster} from '../../src/cluster/postgres/postgres-cluster.ts';
import type {Scene} from './scene.ts';

const ROUNDS = 5;
const idle = {head: 0, openSessions: 0, laggingSessions: 0, openedSessions: 0, closes: []};

export const staleLease: Scene = async ({url, stack, violate}) => {
  const logger = pino({level: 'silent'});
  const nodes = ['node-1', 'node-2'].map((nodeId) => {
    const cluster = new PostgresCluster({url, nodeId, version: '1.0.0', clock: systemClock, logger});
    stack.defer(() => cluster.stop());
    return {cluster, lease: cluster.lease('reconciler')};
  });
  for (const {cluster} of nodes) await cluster.start(() => idle);
  const time = new Client({connectionString: url});
  await time.connect();
  stack.defer(() => time.end());
  for (let round = 0; round < ROUNDS; round += 1) {
    const holder = nodes.find(({lease}) => lease.held);
    const other = nodes.find((node) => node !== holder);
    if (holder === undefined || other === undefined) throw new Error('no node holds the lease');
    const mine = await holder.lease.confirm();
    // Let the lease expire without the holder's knowledge.
    await time.query(`UPDATE hookswitch.leases SET expires_at = clock_timestamp() - interval '1 ms'`);
    await other.lease.acquire();
    const theirs = await other.lease.confirm();
    // The holder's heartbeat has renewed the lease in between.
    if (theirs === undefined) continue;
    const late = await holder.lease.confirm();
    if (late !== undefined)
      violate('corrupt', `two nodes may write: one with token ${late.token}, one with ${theirs.token}`);
    if (mine !== undefined && theirs.token <= mine.token)
      violate('corrupt', `token ${theirs.token} was issued after ${mine.token}`);
  }
};
