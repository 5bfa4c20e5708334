/** Faults of the process: paused, a lost thread, a wrong clock, too few resources. */
import {setTimeout as wait} from 'node:timers/promises';
import {ACCESS_KEY} from '../../test/support/crash/crash-gateway.ts';
import {until} from '../../test/support/until.ts';
import {TestClient} from '../../test/support/websocket/client.ts';
import {ControlGroup, groupsUnavailable} from '../world/control-group.ts';
import type {World} from '../world/world.ts';
import type {Fault} from './fault.ts';

export const stopped: Fault = {
  name: 'stopped',
  description: 'SIGSTOP for 5 to 60 s (tests: 2 s), then SIGCONT',
  async strike(world, size) {
    world.gateway.signal('SIGSTOP');
    await wait(size === 'short' ? 2000 : world.random.int(5000, 60_000));
    world.gateway.signal('SIGCONT');
    await world.waitForAcknowledged(20);
  },
};

export const stalled: Fault = {
  name: 'event-loop-stall',
  description: 'the event loop is blocked for 1 to 10 s',
  async strike(world, size) {
    const stallMs = size === 'short' ? 1500 : world.random.int(1000, 10_000);
    const startedAt = performance.now();
    world.control({stallMs});
    await world.waitUntilReady();
    world.note(`readyz after ${Math.round(performance.now() - startedAt)} ms`);
    await world.waitForAcknowledged(40);
  },
};

export const clockJumps: Fault = {
  name: 'clock-jumps',
  description: 'the wall clock jumps forward and back by seconds, hours and days',
  async strike(world) {
    const {random} = world;
    const jumps = [-5_000, 3_600_000, -86_400_000, 5 * 86_400_000, 0];
    for (const clockOffsetMs of jumps.toSorted(() => random.next() - 0.5)) {
      world.control({clockOffsetMs});
      await until(async () => Math.abs((await offsetOf(world)) - clockOffsetMs) < 4000, {what: 'the jump'});
      await world.waitForAcknowledged(random.int(10, 30));
    }
    world.control({clockOffsetMs: 0});
  },
};

/** The difference between the gateway's clock and this process's clock, from the first message of a session. */
async function offsetOf({gateway}: World): Promise<number> {
  const client = new TestClient(gateway.wsUrl, {token: ACCESS_KEY});
  try {
    const {timestamp} = await client.ready();
    return Date.parse(timestamp) - Date.now();
  } finally {
    client.terminate();
  }
}

export const writerDies: Fault = {
  name: 'writer-dies',
  description: 'the writer thread exits inside a group, or before its response',
  async strike(world) {
    const {gateway, random} = world;
    for (const point of ['inside-group', 'after-commit', 'after-mark-write'] as const) {
      await gateway.kill();
      await world.startWithFailpoint({point, hit: random.int(8, 30), action: 'exit-thread'});
      await gateway.waitForLog('journal fault');
      await world.waitForAcknowledged(20);
      if (!gateway.isRunning) world.violate('stuck', 'the process exited with its writer thread');
    }
  },
};

export const readerDies: Fault = {
  name: 'reader-dies',
  description: 'the reader thread exits during a query',
  async strike(world) {
    const {gateway, random} = world;
    await gateway.kill();
    // The first queries belong to the start.
    await world.startWithFailpoint({
      point: 'reader-query',
      hit: random.int(6, 12),
      action: 'exit-thread',
    });
    await gateway.waitForLog('journal fault');
    await world.waitForAcknowledged(20);
    if (!gateway.isRunning) world.violate('stuck', 'the process exited with its reader thread');
  },
};

export const squeezed: Fault = {
  name: 'squeezed',
  description: 'a cgroup limits the gateway to a tenth of a core and little memory',
  unavailable: groupsUnavailable,
  async strike(world, size) {
    {
      using group = new ControlGroup(`hookswitch-chaos-${process.pid}`);
      group.limit({cores: 0.1, memoryBytes: 512 * 1024 * 1024});
      group.take(world.gateway.pid);
      await wait(size === 'short' ? 3000 : 15_000);
      if (!world.gateway.isRunning) world.note('killed by the memory limit');
    }
    if (world.gateway.isRunning) await world.waitForAcknowledged(20);
  },
};
