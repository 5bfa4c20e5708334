/** Damaged journal files: a flipped bit, a truncated file, an old copy. */
import {closeSync, fstatSync, openSync, readFileSync, readSync, truncateSync, writeSync} from 'node:fs';
import {setTimeout as wait} from 'node:timers/promises';
import type {World} from '../world/world.ts';
import type {Fault} from './fault.ts';

/** A start that refuses a damaged file must print the next step. */
const SAYS_WHAT_TO_DO = /damaged.*(Restore a backup|move it away)/s;

export const bitInDatabase = damage(
  'bit-in-database',
  'a bit of the database flips while the gateway is stopped',
  {
    checkpointed: true,
    harm: (world) => flipBit(world, world.gateway.databaseFile),
  },
);

export const bitInWal = damage('bit-in-wal', 'a bit of the WAL flips while the gateway is stopped', {
  checkpointed: false,
  harm: (world) => flipBit(world, `${world.gateway.databaseFile}-wal`),
});

export const tailOfDatabase = damage('tail-of-database', 'the database file is truncated', {
  checkpointed: true,
  harm: (world) => cutTail(world, world.gateway.databaseFile),
});

export const tailOfWal = damage('tail-of-wal', 'the WAL is truncated', {
  checkpointed: false,
  harm: (world) => cutTail(world, `${world.gateway.databaseFile}-wal`),
});

export const backupRestored: Fault = {
  name: 'backup-restored',
  description: 'an older copy of the database is restored, with or without its mark',
  async strike(world) {
    const {gateway, random} = world;
    await world.pause();
    await gateway.terminate();
    const restore = world.backUp();
    await gateway.start();
    world.resume();
    await world.waitForAcknowledged(40);
    await world.pause();
    await gateway.kill();
    world.endChapter();
    restore({mark: random.chance(0.5)});
    await gateway.start();
    world.resume();
    await world.waitForAcknowledged(20);
  },
};

interface Damage {
  /** Whether the WAL was checkpointed into the database before, so that it is empty. */
  readonly checkpointed: boolean;
  /** Damages a file and returns a description. */
  readonly harm: (world: World) => string;
}

function damage(name: string, description: string, {checkpointed, harm}: Damage): Fault {
  return {
    name,
    description,
    async strike(world) {
      const {gateway} = world;
      await world.waitForAcknowledged(30);
      await world.pause();
      // A kill leaves the WAL in place. A clean shutdown checkpoints it into the database.
      if (checkpointed) await gateway.terminate();
      else await gateway.kill();
      const restore = world.backUp();
      world.endChapter();
      const harmed = harm(world);
      if (!(await startsOrRefuses(world, harmed))) {
        // Follow the instructions of the refusal.
        restore({mark: true});
        await gateway.start();
      }
      world.resume();
      await world.waitForAcknowledged(20);
    },
  };
}

/** Whether the gateway started. A gateway that refuses must print the cause and the next step. */
async function startsOrRefuses(world: World, harmed: string): Promise<boolean> {
  const {gateway} = world;
  gateway.spawn();
  try {
    await gateway.waitForLog('listening');
    world.note(`${harmed}: started`);
    // The damage may be in a place that only a later read finds.
    await wait(0);
    return true;
  } catch {
    if (!SAYS_WHAT_TO_DO.test(gateway.output))
      world.violate('corrupt', `${harmed}: exited without instructions: ${gateway.output.slice(-300)}`);
    world.note(`${harmed}: refused`);
    return false;
  }
}

function flipBit({random}: World, file: string): string {
  const fd = openSync(file, 'r+');
  try {
    const at = placeOfData(random.next(), readFileSync(file));
    const bit = random.int(0, 7);
    const byte = Buffer.alloc(1);
    readSync(fd, byte, 0, 1, at);
    byte[0] = (byte[0] ?? 0) ^ (1 << bit);
    writeSync(fd, byte, 0, 1, at);
    return `bit ${bit} of byte ${at} of ${fstatSync(fd).size}`;
  } finally {
    closeSync(fd);
  }
}

/** Position of a byte that is not zero, because most of a small database is unused space. */
function placeOfData(share: number, bytes: Buffer): number {
  const used: number[] = [];
  for (let at = 0; at < bytes.length; at += 1) if (bytes[at] !== 0) used.push(at);
  const found = used[Math.floor(share * used.length)];
  if (found === undefined) throw new Error('the file is empty');
  return found;
}

function cutTail({random}: World, file: string): string {
  const {length} = readFileSync(file);
  const kept = Math.floor(length * (0.2 + 0.79 * random.next()));
  truncateSync(file, kept);
  return `cut from ${length} to ${kept} bytes`;
}
