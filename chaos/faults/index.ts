/** Every fault there is, in the order of the table. */
import * as disk from './disk.ts';
import type {Fault} from './fault.ts';
import * as files from './files.ts';
import {killAtRandom, killBeforeAnswer, killInsideGroup} from './kill.ts';
import {mix} from './mix.ts';
import {halfOpen, stampede} from './network.ts';
import {powerLoss} from './power.ts';
import * as processes from './process.ts';
import * as twilio from './twilio.ts';

export const faults: readonly Fault[] = [
  killAtRandom,
  killInsideGroup,
  killBeforeAnswer,
  powerLoss,
  disk.fsyncFails,
  disk.fsyncFailsAtTimes,
  disk.fsyncSlow,
  disk.diskFull,
  disk.smallDiskFull,
  disk.readOnly,
  files.bitInDatabase,
  files.bitInWal,
  files.tailOfDatabase,
  files.tailOfWal,
  files.backupRestored,
  processes.clockJumps,
  processes.stopped,
  processes.stalled,
  processes.writerDies,
  processes.readerDies,
  processes.squeezed,
  twilio.tooManyRequests,
  twilio.serverError,
  twilio.reset,
  twilio.garbage,
  twilio.hang,
  twilio.answerLost,
  twilio.callbackFirst,
  twilio.repeated,
  twilio.reordered,
  twilio.anHourLate,
  twilio.lostForGood,
  halfOpen,
  stampede,
  mix,
];

/** @throws Error — there is none of that name */
export function findFault(name: string): Fault {
  const found = faults.find((fault) => fault.name === name);
  if (found !== undefined) return found;
  throw new Error(`There is no fault ${name}; there are ${faults.map((fault) => fault.name).join(', ')}.`);
}
