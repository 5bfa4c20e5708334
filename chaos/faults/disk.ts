/** Disks that fail, are slow, are full or cannot be written, and recover. */
import {closeSync, openSync, rmSync, writeSync} from 'node:fs';
import path from 'node:path';
import {setTimeout as wait} from 'node:timers/promises';
import {
  fileSizeLimitUnavailable,
  immutableUnavailable,
  limitFileSize,
  mountSmallDisk,
  setImmutable,
  smallDiskUnavailable,
} from '../../test/support/journal/journal-disk.ts';
import {until} from '../../test/support/until.ts';
import {measureLatency} from '../world/latency.ts';
import {Tracer, tracingUnavailable} from '../world/tracer.ts';
import type {World} from '../world/world.ts';
import type {Fault} from './fault.ts';

const BROKEN_MS = {short: 1500, long: 6000} as const;

export const fsyncFails: Fault = {
  name: 'fsync-fails',
  description: 'fsync of the database, the WAL and the mark fails with EIO, then works again',
  unavailable: tracingUnavailable,
  async strike(world, size) {
    {
      await using _ = await Tracer.inject(world.gateway.pid, 'fsync,fdatasync:error=EIO');
      await broken(world, BROKEN_MS[size]);
    }
    await world.waitForAcknowledged(20);
  },
};

export const fsyncFailsAtTimes: Fault = {
  name: 'fsync-fails-at-times',
  description: 'every third fsync fails',
  unavailable: tracingUnavailable,
  async strike(world, size) {
    {
      await using _ = await Tracer.inject(world.gateway.pid, 'fsync,fdatasync:error=EIO:when=3+3');
      await wait(BROKEN_MS[size]);
    }
    await world.waitForAcknowledged(20);
  },
};

export const fsyncSlow: Fault = {
  name: 'fsync-slow',
  description: 'fsync takes 0.3 to 5 s; must not delay pongs to sessions',
  unavailable: tracingUnavailable,
  async strike(world, size) {
    const delayMs = size === 'short' ? 800 : world.random.int(300, 5000);
    const before = await measureLatency(world, async () => wait(1000));
    const {gateway} = world;
    const during = await measureLatency(world, async () => {
      await using _ = await Tracer.inject(gateway.pid, `fsync,fdatasync:delay_enter=${delayMs * 1000}`);
      await wait(delayMs * 5);
    });
    // If the event loop waited for the disk, half of all pongs would take at least half an fsync.
    const allowed = Math.max(delayMs / 4, 3 * before);
    if (during > allowed) {
      world.violate(
        'disturbed',
        `fsync of ${delayMs} ms delays pongs to ${Math.round(during)} ms at p75, ${Math.round(before)} ms before the fault`,
      );
    }
    await world.waitForAcknowledged(20);
  },
};

export const diskFull: Fault = {
  name: 'disk-full',
  description: 'the WAL cannot grow (file size limit), then can again',
  unavailable: fileSizeLimitUnavailable,
  async strike(world, size) {
    const {pid} = world.gateway;
    if (!limitFileSize(8192, pid)) throw new Error('prlimit is missing');
    await broken(world, BROKEN_MS[size]);
    limitFileSize('unlimited', pid);
    await world.waitForAcknowledged(20);
  },
};

/** Enough for a start and the first webhooks. */
const SMALL_DISK_BYTES = 32 * 1024 * 1024;

export const smallDiskFull: Fault = {
  name: 'small-disk-full',
  description: 'the disk has no free block (tmpfs), then has space again',
  unavailable: smallDiskUnavailable,
  world: (options) => {
    const endings: (() => void)[] = [];
    const disk = mountSmallDisk({after: (fn) => endings.push(fn)}, SMALL_DISK_BYTES);
    if (disk === undefined) throw new Error('could not mount a tmpfs');
    return {...options, disk: {...disk, end: () => runAll(endings)}};
  },
  async strike(world, size) {
    const {disk} = world;
    if (disk === undefined) throw new Error('the world has no small disk');
    const filler = path.join(disk.folder, 'filler');
    fill(filler);
    // The load uses up the free space inside existing files.
    await broken(world, BROKEN_MS[size]);
    rmSync(filler);
    await world.waitForAcknowledged(20);
  },
};

export const readOnly: Fault = {
  name: 'read-only',
  description: 'the files cannot be written (immutable), then can again',
  unavailable: immutableUnavailable,
  async strike(world, size) {
    const {files} = world;
    const mend = () => {
      for (const file of files) setImmutable(file, false);
    };
    world.after(mend);
    if (!files.every((file) => setImmutable(file, true))) throw new Error('chattr +i failed');
    await broken(world, BROKEN_MS[size]);
    mend();
    await world.waitForAcknowledged(20);
  },
};

function runAll(endings: readonly (() => void)[]): void {
  for (const end of endings) end();
}

/** Writes until the disk is full. */
function fill(file: string): void {
  const fd = openSync(file, 'w');
  try {
    for (let bytes = 1024 * 1024; bytes >= 1; bytes = Math.floor(bytes / 4)) {
      try {
        for (;;) writeSync(fd, Buffer.alloc(bytes));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
    }
  } finally {
    closeSync(fd);
  }
}

/** Waits until the gateway is not ready, keeps the fault for a while, and checks that the process still runs. */
async function broken(world: World, forMs: number): Promise<void> {
  await until(async () => (await readiness(world)) === 503, {
    what: 'readyz to answer 503',
    timeoutMs: 20_000,
  });
  await wait(forMs);
  if (!world.gateway.isRunning) world.violate('stuck', 'the gateway exited when its disk failed');
}

async function readiness({gateway}: World): Promise<number | undefined> {
  try {
    const response = await fetch(`${gateway.url}/readyz`, {signal: AbortSignal.timeout(5000)});
    return response.status;
  } catch {
    return undefined;
  }
}
