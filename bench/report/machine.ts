/** Describes the machine. */
import {closeSync, fdatasyncSync, openSync, statfsSync, writeSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {percentile} from './statistics.ts';

const TMPFS_MAGIC = 0x01021994;
const FSYNCS = 200;
const BLOCK = Buffer.alloc(4096, 1);

/** Whether `folder` is in memory, where fsync costs nothing. */
export function isInMemory(folder: string): boolean {
  return process.platform === 'linux' && statfsSync(folder).type === TMPFS_MAGIC;
}

/** Rows of the report's first table. */
export function describeMachine(folder: string): readonly (readonly [string, string])[] {
  const cpus = os.cpus();
  return [
    ['machine', `${cpus.length} × ${cpus[0]?.model.trim() ?? 'unknown'}, ${gib(os.totalmem())} GiB`],
    ['system', `${os.type()} ${os.release()}, ${process.arch}`],
    ['load before', loadAverage()],
    ['disk', `fdatasync of 4 KiB: ${fsyncMs(folder).toFixed(2)} ms median`],
    ['Node', process.version],
    ['date', new Date().toISOString().slice(0, 10)],
    ['command', '`npm run bench -- --write`'],
  ];
}

function loadAverage(): string {
  const [oneMinute = 0] = os.loadavg();
  return `${oneMinute.toFixed(2)} over the last minute`;
}

function gib(bytes: number): string {
  return (bytes / 2 ** 30).toFixed(0);
}

/** Median duration of the smallest durable write, in milliseconds. */
function fsyncMs(folder: string): number {
  const file = path.join(folder, 'fsync');
  const fd = openSync(file, 'w');
  try {
    const times = new Float64Array(FSYNCS);
    for (let index = 0; index < FSYNCS; index += 1) {
      const startedAt = performance.now();
      writeSync(fd, BLOCK, 0, BLOCK.length, 0);
      fdatasyncSync(fd);
      times[index] = performance.now() - startedAt;
    }
    return percentile(times.sort(), 0.5);
  } finally {
    closeSync(fd);
  }
}
