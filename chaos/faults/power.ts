/**
 * Power loss: everything that was written but not synced is gone. Because the test cannot cut the power, it traces the
 * system calls and checks that no response is sent before the data that it promises was synced.
 */
import {readFileSync} from 'node:fs';
import path from 'node:path';
import {until} from '../../test/support/until.ts';
import {checkSyncs} from '../history/check-syncs.ts';
import {Tracer, tracingUnavailable} from '../world/tracer.ts';
import type {Fault} from './fault.ts';

const SYSCALLS = 'fsync,fdatasync,pwrite64,write,writev,sendto,sendmsg';
/** The mark is synced within a second, plus a margin for busy machines. */
const MARK_DEADLINE_MS = 10_000;
const ANSWERS = {short: 25, long: 200} as const;

export const powerLoss: Fault = {
  name: 'power-loss',
  description:
    'system call trace: the WAL is synced and the mark written before every 2xx, and the mark synced soon after',
  unavailable: tracingUnavailable,
  async strike(world, size) {
    const file = path.join(world.scratch, 'syscalls');
    await world.pause();
    // The simulator must not send callbacks either.
    await world.simulator.settled();
    const trace = () => checkSyncs(readFileSync(file, 'latin1'));
    {
      await using _ = await Tracer.record(world.gateway.pid, SYSCALLS, file);
      // One at a time, so that the writes between two responses belong to the second one.
      for (let count = 0; count < ANSWERS[size]; count += 1) await world.webhooks.sendOne();
      await until(() => trace().isMarkSynced, {
        what: 'the mark to be synced',
        timeoutMs: MARK_DEADLINE_MS,
      }).catch(() => world.violate('not-durable', 'the mark was not synced after the last response'));
    }
    const {answers, violations} = trace();
    if (answers < ANSWERS[size])
      world.violate('not-durable', `${answers} of ${ANSWERS[size]} responses are in the trace`);
    for (const detail of violations.slice(0, 5)) world.violate('not-durable', detail);
  },
};
