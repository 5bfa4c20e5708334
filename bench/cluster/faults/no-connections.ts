/** Other clients hold every database connection (`max_connections`), so that the gateways have none. */
import {setTimeout as wait} from 'node:timers/promises';
import {ConnectionTaker} from '../../../chaos/world/connection-taker.ts';
import type {FaultWorld} from '../fault-world.ts';
import {type Recovery, recover} from './recovery.ts';

/** Duration without connections, after the first 503. */
const WITHOUT_MS = 2000;
const END_EVERY_MS = 20;

export async function takeConnections(world: FaultWorld): Promise<Recovery> {
  const taker = await ConnectionTaker.open(world.cluster.databaseUrl);
  try {
    await world.waitFor('all connections to be taken', () => taker.hasAll);
    // Take the connections that the gateways lose before they reconnect.
    await world.waitFor(
      'the gateways to have none',
      async () => (await taker.terminateGateways()) === 0 && taker.hasAll,
      END_EVERY_MS,
    );
    const refused = world.load.answered(503);
    await world.waitFor('a 503', () => world.load.answered(503) > refused);
    const taken = world.load.accepted;
    await wait(WITHOUT_MS);
    if (world.load.accepted > taken)
      throw new Error('gateways accepted callbacks without a database connection');
  } finally {
    await taker.release();
  }
  return recover(world);
}
