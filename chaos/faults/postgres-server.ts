/** Cluster faults of the shared database and of the connections to it. */
import {execFileSync} from 'node:child_process';
import {appendFileSync, chownSync, renameSync, rmSync, statSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {setTimeout as wait} from 'node:timers/promises';
import {Client} from 'pg';
import {until} from '../../test/support/until.ts';
import type {ClusterWorld} from '../world/cluster-world.ts';
import {ConnectionTaker} from '../world/connection-taker.ts';
import type {ClusterFault} from './cluster-fault.ts';

/** Time within which all sessions must be caught up once the database is back. */
const BACK_MS = 5000;

/** Time until the first webhook must get a 503: a request waits 3 s, plus a margin for busy machines. */
const REFUSED_MS = 5000;

const LISTENERS = `FROM pg_stat_activity WHERE application_name LIKE '%listener'`;

export const listenerKilled: ClusterFault = {
  name: 'pg-listener-killed',
  description: 'pg_terminate_backend for every LISTEN connection, several times',
  async strikeCluster(world) {
    for (let round = 0; round < 3; round += 1) {
      const killed = await until(
        async () => {
          const rows = await world.sql(`SELECT pg_terminate_backend(pid) ${LISTENERS}`);
          return rows.length > 0 ? rows.length : undefined;
        },
        {what: 'a listener to kill'},
      );
      world.note(`${killed} listeners killed`);
      await world.waitUntilCaughtUp(BACK_MS, 'listeners killed');
      await world.waitForAcknowledged(10);
    }
  },
};

export const listenerSilent: ClusterFault = {
  name: 'pg-listener-silent',
  description: 'the LISTEN connection of one node goes silent; events may be delayed, but never lost',
  async strikeCluster(world, size) {
    const {link} = world.anyNode();
    const rows = await world.sql(`SELECT client_port ${LISTENERS}`);
    if (!rows.some((row) => link.silenceOne(Number(row['client_port']))))
      throw new Error('the node has no listener');
    await world.waitForAcknowledged(20);
    await world.waitUntilCaughtUp(BACK_MS, 'a listener went silent');
    // The node must detect this within 15 s and replace the connection.
    if (size === 'long') await wait(16_000);
    link.mend();
  },
};

export const restarted: ClusterFault = {
  name: 'pg-restarted',
  description:
    'the database is stopped with -m immediate and restarted: only 503, caught up within 5 s after',
  async strikeCluster(world, size) {
    for (let round = 0; round < (size === 'short' ? 1 : 3); round += 1) {
      const before = world.webhooks.failures.get(503) ?? 0;
      await world.server.stop('immediate');
      await until(() => (world.webhooks.failures.get(503) ?? 0) > before, {what: 'a 503', timeoutMs: 20_000});
      await wait(size === 'short' ? 0 : world.random.int(500, 10_000));
      await world.server.start();
      const startedAt = performance.now();
      await world.waitForAcknowledged(1, BACK_MS);
      await world.waitUntilCaughtUp(BACK_MS - (performance.now() - startedAt), 'the database was back');
    }
  },
};

export const headHeld: ClusterFault = {
  name: 'pg-head-held',
  description: 'a foreign transaction holds the journal lock until a webhook gets a 503, then releases it',
  async strikeCluster(world) {
    const holder = new Client({connectionString: world.databaseUrl, application_name: 'foreign console'});
    holder.on('error', () => {});
    await holder.connect();
    try {
      const before = world.webhooks.failures.get(503) ?? 0;
      await holder.query('BEGIN; SELECT * FROM hookswitch.journal_head FOR UPDATE');
      const heldAt = performance.now();
      await until(() => (world.webhooks.failures.get(503) ?? 0) > before, {what: 'a 503', timeoutMs: 20_000});
      const tookMs = Math.round(performance.now() - heldAt);
      world.note(`503 after the head was locked for ${tookMs} ms`);
      if (tookMs > REFUSED_MS)
        world.violate('stuck', `the first 503 came after the head was locked for ${tookMs} ms`);
    } finally {
      await holder.end();
    }
    await world.waitForAcknowledged(20);
    await world.waitUntilCaughtUp(BACK_MS, 'the head was released');
  },
};

export const noConnections: ClusterFault = {
  name: 'pg-no-connections',
  description:
    'other clients take every database connection, including those of the gateways, then release them',
  async strikeCluster(world) {
    const taker = await ConnectionTaker.open(world.databaseUrl);
    try {
      const before = world.webhooks.failures.get(503) ?? 0;
      await until(
        async () => {
          await taker.terminateGateways();
          return (world.webhooks.failures.get(503) ?? 0) > before + 5;
        },
        {what: 'a 503', timeoutMs: 20_000},
      );
      world.note(`${taker.taken} connections taken`);
    } finally {
      await taker.release();
    }
    await world.waitForAcknowledged(20);
    await world.waitUntilCaughtUp(BACK_MS, 'connections were available again');
  },
};

export const failover: ClusterFault = {
  name: 'pg-failover',
  description:
    'a copy of the database without the last commits is promoted: a new epoch, and sessions that are not recovered',
  async strikeCluster(world) {
    const [row] = await world.sql('SHOW data_directory');
    const data = String(row?.['data_directory']);
    const copy = `${data}-standby`;
    await world.server.stop();
    execFileSync('cp', ['-a', data, copy]);
    await world.server.start();
    await world.waitForAcknowledged(20);
    await world.waitUntilCaughtUp(BACK_MS, 'the copy was taken');
    // Stop the load, because webhooks acknowledged after the chapter would be lost with the original.
    await world.waitUntilQuiet();
    const before = await world.endChapter();
    const connectionsBefore = world.sessions.map(({records}) => records.length);
    await world.server.stop('immediate');
    promote(data, copy);
    await world.server.start();
    world.resume();
    await world.waitForAcknowledged(20);
    const after = await world.readChapter();
    if (after.epoch === before.epoch)
      world.violate('corrupt', 'the epoch survived a failover that lost commits');
    await expectNewEpoch(world, after.epoch, connectionsBefore);
  },
};

/** Replaces the original with the copy, which recovers to the end of its log on a new timeline. */
function promote(data: string, copy: string): void {
  const {uid, gid} = statSync(data);
  renameSync(data, `${data}-lost`);
  renameSync(copy, data);
  appendFileSync(path.join(data, 'postgresql.auto.conf'), "restore_command = 'false'\n");
  const signal = path.join(data, 'recovery.signal');
  writeFileSync(signal, '');
  chownSync(signal, uid, gid);
  rmSync(`${data}-lost`, {recursive: true, force: true});
}

/** Waits until every session is in the new epoch, and checks that none was recovered. */
async function expectNewEpoch(world: ClusterWorld, epoch: string, before: readonly number[]): Promise<void> {
  for (const [index, session] of world.sessions.entries()) {
    const first = await until(
      () => session.records.slice(before[index]).find(({ready}) => ready.epoch === epoch),
      {what: 'a session in the new epoch', timeoutMs: 20_000},
    );
    if (first.ready.recovered) world.violate('session', 'a session of the lost history was recovered');
  }
}
