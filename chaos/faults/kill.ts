/** `kill -9` at random moments and at critical moments. */
import {setTimeout as wait} from 'node:timers/promises';
import type {Failpoint} from '../preload/failpoint.ts';
import type {Fault} from './fault.ts';

const KILLS = {short: 2, long: 4} as const;

export const killAtRandom: Fault = {
  name: 'kill-at-random',
  description: 'kill -9 at any moment under load',
  async strike(world, size) {
    for (let kill = 0; kill < KILLS[size]; kill += 1) {
      await world.waitForAcknowledged(world.random.int(5, 60));
      await wait(world.random.int(0, 15));
      await world.gateway.restart();
    }
  },
};

export const killInsideGroup = killAt('kill-inside-group', 'kill -9 inside the transaction of a group', [
  'inside-group',
  'before-commit',
]);

export const killBeforeAnswer = killAt('kill-before-answer', 'kill -9 between an append and its response', [
  'after-commit',
  'before-mark-write',
  'after-mark-write',
  'after-reply',
]);

function killAt(name: string, description: string, points: readonly Failpoint[]): Fault {
  return {
    name,
    description,
    async strike(world) {
      const {gateway, random} = world;
      // Each failpoint once, in random order.
      for (const point of points.toSorted(() => random.next() - 0.5)) {
        await gateway.kill();
        // The first hits come from opening the journal.
        await world.startWithFailpoint({point, hit: random.int(8, 40), action: 'kill'});
        await gateway.waitForExit();
        await gateway.start();
        await world.waitForAcknowledged(10);
      }
    },
  };
}
