/** Postgres is stopped with `-m immediate`, as by a crash, and started again. */
import {setTimeout as wait} from 'node:timers/promises';
import type {FaultWorld} from '../fault-world.ts';
import type {Recovery} from './recovery.ts';
import {recover} from './recovery.ts';

/** Duration of the outage, after the first 503. */
const AWAY_MS = 1000;

export async function restartPostgres(world: FaultWorld): Promise<Recovery> {
  const {postgres} = world.cluster;
  const refused = world.load.answered(503);
  await postgres.stop('immediate');
  await world.waitFor('a 503', () => world.load.answered(503) > refused);
  await wait(AWAY_MS);
  // Resolves when the server has recovered and accepts connections.
  await postgres.start();
  return recover(world);
}
