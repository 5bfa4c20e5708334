/** Others have every connection that the database gives (`max_connections`), and the gateways have none. */
import {setTimeout as wait} from 'node:timers/promises';
import {ConnectionTaker} from '../../../chaos/world/connection-taker.ts';
import type {FaultWorld} from '../fault-world.ts';
import {type Recovery, recover} from './recovery.ts';

/** So long they have none, after the first callback was refused. */
const WITHOUT_MS = 2000;
const END_EVERY_MS = 20;

export async function takeConnections(world: FaultWorld): Promise<Recovery> {
  const taker = await ConnectionTaker.open(world.cluster.databaseUrl);
  try {
    await world.waitFor('all connections to be taken', () => taker.hasAll);
    // What a gateway loses is taken before it asks again, sooner or later.
    await world.waitFor(
      'the gateways to have none',
      async () => (await taker.endGateways()) === 0 && taker.hasAll,
      END_EVERY_MS,
    );
    const refused = world.load.answered(503);
    await world.waitFor('a 503', () => world.load.answered(503) > refused);
    const taken = world.load.taken;
    await wait(WITHOUT_MS);
    if (world.load.taken > taken) throw new Error('callbacks were taken by gateways without a connection');
  } finally {
    await taker.release();
  }
  return recover(world);
}
