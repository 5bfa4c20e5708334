/** What a Postgres server has used of the CPU, all of its processes, from `/proc`. Linux only. */
import {readdirSync, readFileSync} from 'node:fs';

/** What `/proc/<pid>/stat` counts in: USER_HZ, which is 100 wherever Node runs. */
const US_PER_TICK = 10_000;

/** Of `/proc/<pid>/stat`, counted from behind the program's name: the parent, and CPU of children that have ended. */
const PARENT = 1;
const ENDED_USER = 13;
const ENDED_SYSTEM = 14;

/**
 * Microseconds so far: those of the processes that run, to the nanosecond, and those of connections that have ended, to
 * the hundredth of a second.
 * @param pid of the server's first process @throws where there is no `/proc`
 */
export function postgresCpuUs(pid: number): number {
  const own = statOf(pid);
  if (own === undefined) throw new Error(`there is no process ${pid}, or no /proc`);
  const ended = Number(own[ENDED_USER]) + Number(own[ENDED_SYSTEM]);
  const running = [pid, ...childrenOf(pid)].reduce((sum, each) => sum + runningUs(each), 0);
  return ended * US_PER_TICK + running;
}

function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((each) => Number(statOf(each)?.[PARENT]) === pid);
}

/** The fields behind the program's name, which is in brackets and may hold anything. */
export function fieldsOf(stat: string): readonly string[] {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function statOf(pid: number): readonly string[] | undefined {
  const stat = read(`/proc/${pid}/stat`);
  return stat === undefined ? undefined : fieldsOf(stat);
}

/** Postgres' processes have one thread each: what the kernel tells of the first is all. */
function runningUs(pid: number): number {
  const [nanoseconds = '0'] = (read(`/proc/${pid}/schedstat`) ?? '0').split(' ');
  return Number(nanoseconds) / 1000;
}

/** `undefined` when it has just ended. */
function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
