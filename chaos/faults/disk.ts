/** Disks that fail, hesitate, fill up and cannot be written, and that work again afterwards. */
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
  what: 'fsync of database, WAL and mark fails with EIO, then works again',
  unavailable: tracingUnavailable,
  async strike(world, size) {
    {
      await using _ = await Tracer.inject(world.gateway.pid, 'fsync,fdatasync:error=EIO');
      await broken(world, BROKEN_MS[size]);
    }
    await world.answers(20);
  },
};

export const fsyncFailsAtTimes: Fault = {
  name: 'fsync-fails-at-times',
  what: 'every third fsync fails',
  unavailable: tracingUnavailable,
  async strike(world, size) {
    {
      await using _ = await Tracer.inject(world.gateway.pid, 'fsync,fdatasync:error=EIO:when=3+3');
      await wait(BROKEN_MS[size]);
    }
    await world.answers(20);
  },
};

export const fsyncSlow: Fault = {
  name: 'fsync-slow',
  what: 'fsync takes 0.3 to 5 s; sockets of others must not notice',
  unavailable: tracingUnavailable,
  async strike(world, size) {
    const delayMs = size === 'short' ? 800 : world.random.int(300, 5000);
    const before = await measureLatency(world, async () => wait(1000));
    const {gateway} = world;
    const during = await measureLatency(world, async () => {
      await using _ = await Tracer.inject(gateway.pid, `fsync,fdatasync:delay_enter=${delayMs * 1000}`);
      await wait(delayMs * 5);
    });
    // Were the event loop to wait for the disk, half of all answers would take as long as half an fsync.
    const allowed = Math.max(delayMs / 4, 3 * before);
    if (during > allowed) {
      world.violate(
        'disturbed',
        `an fsync of ${delayMs} ms delays pongs to ${Math.round(during)} ms at p75; before it was ${Math.round(before)} ms`,
      );
    }
    await world.answers(20);
  },
};

export const diskFull: Fault = {
  name: 'disk-full',
  what: 'no room for a longer WAL (file size limit), then there is again',
  unavailable: fileSizeLimitUnavailable,
  async strike(world, size) {
    const {pid} = world.gateway;
    if (!limitFileSize(8192, pid)) throw new Error('prlimit is missing');
    await broken(world, BROKEN_MS[size]);
    limitFileSize('unlimited', pid);
    await world.answers(20);
  },
};

/** What a start takes, with its first webhooks. */
const SMALL_DISK_BYTES = 32 * 1024 * 1024;

export const smallDiskFull: Fault = {
  name: 'small-disk-full',
  what: 'a disk without a free block (tmpfs), then with room again',
  unavailable: smallDiskUnavailable,
  world: (options) => {
    const endings: (() => void)[] = [];
    const disk = mountSmallDisk({after: (fn) => endings.push(fn)}, SMALL_DISK_BYTES);
    if (disk === undefined) throw new Error('a tmpfs cannot be mounted');
    return {...options, disk: {...disk, end: () => runAll(endings)}};
  },
  async strike(world, size) {
    const {disk} = world;
    if (disk === undefined) throw new Error('this world has no small disk');
    const filler = path.join(disk.folder, 'filler');
    fill(filler);
    // What is free in files that are there already is used up by itself.
    await broken(world, BROKEN_MS[size]);
    rmSync(filler);
    await world.answers(20);
  },
};

export const readOnly: Fault = {
  name: 'read-only',
  what: 'the files cannot be written any more (immutable), then can again',
  unavailable: immutableUnavailable,
  async strike(world, size) {
    const {files} = world;
    const mend = () => {
      for (const file of files) setImmutable(file, false);
    };
    world.after(mend);
    if (!files.every((file) => setImmutable(file, true))) throw new Error('chattr +i does not work here');
    await broken(world, BROKEN_MS[size]);
    mend();
    await world.answers(20);
  },
};

function runAll(endings: readonly (() => void)[]): void {
  for (const end of endings) end();
}

/** Writes until there is no room. */
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

/** Nothing is acknowledged while nothing can be written, and the process lives. */
async function broken(world: World, forMs: number): Promise<void> {
  await until(async () => (await readiness(world)) === 503, {
    what: 'readyz to answer 503',
    timeoutMs: 20_000,
  });
  await wait(forMs);
  if (!world.gateway.isRunning) world.violate('stuck', 'the gateway ended when its disk failed');
}

async function readiness({gateway}: World): Promise<number | undefined> {
  try {
    const response = await fetch(`${gateway.url}/readyz`, {signal: AbortSignal.timeout(5000)});
    return response.status;
  } catch {
    return undefined;
  }
}
