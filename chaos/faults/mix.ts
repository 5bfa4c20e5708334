/** Twilio faults, and several other faults one after the other meanwhile. */
import * as disk from './disk.ts';
import type {Fault} from './fault.ts';
import {killAtRandom, killBeforeAnswer, killInsideGroup} from './kill.ts';
import {clockJumps, stalled, stopped, writerDies} from './process.ts';

const candidates: readonly Fault[] = [
  killAtRandom,
  killInsideGroup,
  killBeforeAnswer,
  disk.fsyncFails,
  disk.diskFull,
  disk.readOnly,
  clockJumps,
  stopped,
  stalled,
  writerDies,
];

const AT_ONCE = {short: 2, long: 4} as const;

export const mix: Fault = {
  name: 'mix',
  description: 'faults in callbacks and REST, and meanwhile two to four of the faults above',
  async strike(world, size) {
    const {random, simulator} = world;
    simulator.setFaults({
      repeat: 0.2,
      reorder: 0.2,
      delay: {probability: 0.2, minMs: 10, maxMs: 400},
      callbackBeforeCreateResponse: 0.2,
      createResponseLost: 0.1,
      serverError: 0.1,
      tooManyRequests: 0.1,
    });
    const possible = candidates.filter(({unavailable}) => unavailable?.() === undefined);
    for (let count = 0; count < AT_ONCE[size]; count += 1) {
      const fault = random.pick(possible);
      world.note(fault.name);
      await fault.strike(world, 'short');
    }
  },
};
