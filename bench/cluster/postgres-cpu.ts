/** CPU time of all processes of a Postgres server, from `/proc`. Linux only. */
import {readdirSync, readFileSync} from 'node:fs';

/** A tick of `/proc/<pid>/stat`: USER_HZ is 100 on every platform of Node. */
const US_PER_TICK = 10_000;

/** Indexes of fields in `/proc/<pid>/stat` after the program name. */
const PARENT = 1;
const ENDED_USER = 13;
const ENDED_SYSTEM = 14;

/**
 * CPU microseconds so far: of running processes to the nanosecond, of ended connections to the hundredth of a second.
 * @param pid of the server's main process @throws where there is no `/proc`
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

/** The fields after the program name, which is in parentheses and may contain any character. */
export function fieldsOf(stat: string): readonly string[] {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function statOf(pid: number): readonly string[] | undefined {
  const stat = read(`/proc/${pid}/stat`);
  return stat === undefined ? undefined : fieldsOf(stat);
}

/** Postgres processes have one thread each, so the first thread's time is the whole time. */
function runningUs(pid: number): number {
  const [nanoseconds = '0'] = (read(`/proc/${pid}/schedstat`) ?? '0').split(' ');
  return Number(nanoseconds) / 1000;
}

/** `undefined` if the process has just ended. */
function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
