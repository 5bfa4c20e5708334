/** A cgroup (version 1) that limits a process's CPU and memory. */
import {accessSync, constants, mkdirSync, readFileSync, rmdirSync, writeFileSync} from 'node:fs';

const ROOT = '/sys/fs/cgroup';
const PERIOD_US = 100_000;

/** Why no cgroup can be made on this machine; `undefined` where one can. */
export function groupsUnavailable(): string | undefined {
  try {
    for (const name of ['cpu', 'memory']) {
      accessSync(`${ROOT}/${name}/cgroup.procs`);
      accessSync(`${ROOT}/${name}`, constants.W_OK);
    }
    return undefined;
  } catch {
    return `needs root, and cgroups of version 1 that can be written in ${ROOT}`;
  }
}

export class ControlGroup implements Disposable {
  readonly #folders: {readonly cpu: string; readonly memory: string};

  constructor(name: string) {
    this.#folders = {cpu: `${ROOT}/cpu/${name}`, memory: `${ROOT}/memory/${name}`};
    for (const folder of Object.values(this.#folders)) mkdirSync(folder, {recursive: true});
  }

  limit({cores, memoryBytes}: {readonly cores: number; readonly memoryBytes: number}): void {
    const {cpu, memory} = this.#folders;
    writeFileSync(`${cpu}/cpu.cfs_period_us`, String(PERIOD_US));
    writeFileSync(`${cpu}/cpu.cfs_quota_us`, String(Math.round(PERIOD_US * cores)));
    writeFileSync(`${memory}/memory.limit_in_bytes`, String(memoryBytes));
  }

  take(pid: number): void {
    for (const folder of Object.values(this.#folders)) writeFileSync(`${folder}/cgroup.procs`, String(pid));
  }

  /** Moves the remaining processes back to the root group. */
  [Symbol.dispose](): void {
    for (const [name, folder] of Object.entries(this.#folders)) {
      for (const pid of readFileSync(`${folder}/cgroup.procs`, 'utf8').split('\n').filter(Boolean))
        writeFileSync(`${ROOT}/${name}/cgroup.procs`, pid);
      rmdirSync(folder);
    }
  }
}
