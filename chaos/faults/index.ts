/** All faults, in the order of the table. */
import type {AnyFault, ClusterFault} from './cluster-fault.ts';
import * as disk from './disk.ts';
import type {Fault} from './fault.ts';
import * as files from './files.ts';
import {inTurn} from './in-turn.ts';
import {killAtRandom, killBeforeAnswer, killInsideGroup} from './kill.ts';
import {mix} from './mix.ts';
import {halfOpen, stampede} from './network.ts';
import * as nodes from './postgres-nodes.ts';
import * as server from './postgres-server.ts';
import {powerLoss} from './power.ts';
import * as processes from './process.ts';
import {type SceneFault, sceneFaults} from './scenes.ts';
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

/** Faults of several gateways on one Postgres. */
export const clusterFaults: readonly (ClusterFault | SceneFault)[] = [
  nodes.nodeKilled,
  nodes.nodePaused,
  nodes.clockSkew,
  nodes.partitioned,
  nodes.rollingRestart,
  nodes.repeatedAcross,
  server.listenerKilled,
  server.listenerSilent,
  server.restarted,
  server.headHeld,
  server.noConnections,
  server.failover,
  inTurn,
  ...sceneFaults,
];

/** @throws Error if no fault has this name */
export function findFault(name: string): AnyFault {
  const all: readonly AnyFault[] = [...faults, ...clusterFaults];
  const found = all.find((fault) => fault.name === name);
  if (found !== undefined) return found;
  throw new Error(`Unknown fault: ${name}. Faults: ${all.map((fault) => fault.name).join(', ')}.`);
}
