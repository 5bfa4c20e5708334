/** Full disks and read-only folders, real ones where the system allows it. */
import {execFileSync} from 'node:child_process';
import {mkdirSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {temporaryFolder} from './journal-sqlite-fixture.ts';

/** Registers cleanup: a test context, or a round of the chaos harness. */
export interface Ending {
  after(fn: () => void): void;
}

/** A disk of a fixed size. */
export interface SmallDisk {
  readonly folder: string;
  resize(bytes: number): void;
}

/** Mounts a tmpfs until `t` ends. Returns `undefined` without permission to mount. */
export function mountSmallDisk(t: Ending, bytes: number): SmallDisk | undefined {
  const folder = temporaryFolder();
  const mounted = run('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', folder]);
  t.after(() => {
    if (mounted) run('umount', [folder]);
    rmSync(folder, {recursive: true, force: true});
  });
  if (!mounted) return undefined;
  return {
    folder,
    resize(size) {
      execFileSync('mount', ['-o', `remount,size=${size}`, folder]);
    },
  };
}

/**
 * Limits the file size of a process (RLIMIT_FSIZE). Returns whether the system supports it. Needs no privileges and
 * fails the same writes as a full disk, with EFBIG. Node ignores the signal that comes with it.
 */
export function limitFileSize(bytes: number | 'unlimited', pid = process.pid): boolean {
  return run('prlimit', ['--pid', String(pid), `--fsize=${bytes}:unlimited`]);
}

/** A folder in which even root cannot create files. Returns `undefined` if the system does not allow it. */
export function readOnlyFolder(t: Ending): string | undefined {
  const folder = temporaryFolder();
  const inner = join(folder, 'read-only');
  mkdirSync(inner, {mode: 0o500});
  const isRoot = process.getuid?.() === 0;
  const mounted = isRoot && run('mount', ['-t', 'tmpfs', '-o', 'ro', 'tmpfs', inner]);
  t.after(() => {
    if (mounted) run('umount', [inner]);
    rmSync(folder, {recursive: true, force: true});
  });
  return isRoot && !mounted ? undefined : inner;
}

/** Makes an open file unwritable (`chattr +i`) or writable again. Returns whether the system supports it. */
export function setImmutable(file: string, immutable: boolean): boolean {
  return run('chattr', [immutable ? '+i' : '-i', file]);
}

/** Why no small disk can be mounted on this machine; `undefined` where one can. */
export function smallDiskUnavailable(): string | undefined {
  return unavailable('a small disk needs root, on a Linux that lets it mount a tmpfs', (ending) =>
    mountSmallDisk(ending, 1_000_000),
  );
}

/** Why the size of files cannot be limited on this machine; `undefined` where it can. */
export function fileSizeLimitUnavailable(): string | undefined {
  return run('prlimit', ['--pid', String(process.pid), '--fsize'])
    ? undefined
    : 'prlimit is not installed on this machine (apt-get install util-linux)';
}

/** Why no file can be made immutable on this machine; `undefined` where one can. */
export function immutableUnavailable(): string | undefined {
  return unavailable(
    'chattr +i needs root, the program (apt-get install e2fsprogs) and a disk that knows it',
    () => {
      const folder = temporaryFolder();
      const file = join(folder, 'probe');
      writeFileSync(file, '');
      const can = setImmutable(file, true) && setImmutable(file, false);
      rmSync(folder, {recursive: true});
      return can || undefined;
    },
  );
}

/** `reason` when `attempt` returns `undefined`. Closes everything that the attempt has opened. */
function unavailable(reason: string, attempt: (ending: Ending) => unknown): string | undefined {
  const endings: (() => void)[] = [];
  const result = attempt({after: (fn) => endings.push(fn)});
  for (const end of endings) end();
  return result === undefined ? reason : undefined;
}

function run(program: string, args: readonly string[]): boolean {
  try {
    execFileSync(program, args, {stdio: 'ignore'});
    return true;
  } catch {
    return false;
  }
}
