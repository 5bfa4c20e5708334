/**
 * Loaded into a server that is measured (`node --import`): tells the benchmark what the process has used, and ends it
 * when the benchmark is gone. It does nothing between questions, unless the event loop's lag was asked for.
 */
import {monitorEventLoopDelay} from 'node:perf_hooks';
import {isMainThread} from 'node:worker_threads';

/** What a server process has used so far. */
export interface Usage {
  /** Microseconds of CPU time, user and system, of all its threads. */
  readonly cpuUs: number;
  readonly userUs: number;
  readonly systemUs: number;
  /** Resident memory, bytes. */
  readonly rssBytes: number;
  /** Used by JavaScript objects and by what they hold outside of the heap, bytes. */
  readonly heapBytes: number;
  /** How late a timer was, since `lag` was last asked for, 99 times out of 100 less; 0 the first time. */
  readonly lagP99Ms: number;
}

export type ProbeQuestion = 'usage' | 'usage after collection' | 'lag';

/** Of the timer that the lag is measured with. */
const LAG_RESOLUTION_MS = 2;
let lag: ReturnType<typeof monitorEventLoopDelay> | undefined;

// Worker threads are given the same flags as the process.
if (isMainThread && process.send !== undefined) {
  process.on('message', (question: ProbeQuestion) => {
    if (question === 'usage after collection') globalThis.gc?.();
    process.send?.({...usage(), lagP99Ms: question === 'lag' ? takeLag() : 0});
  });
  process.on('disconnect', () => process.exit(1));
  // The server shall end when it has nothing more to do, not when we have no more questions.
  process.channel?.unref?.();
}

function usage(): Omit<Usage, 'lagP99Ms'> {
  const {user, system} = process.cpuUsage();
  const {rss, heapUsed, external} = process.memoryUsage();
  return {
    cpuUs: user + system,
    userUs: user,
    systemUs: system,
    rssBytes: rss,
    heapBytes: heapUsed + external,
  };
}

function takeLag(): number {
  if (lag === undefined) {
    lag = monitorEventLoopDelay({resolution: LAG_RESOLUTION_MS});
    lag.enable();
    return 0;
  }
  const p99Ms = lag.count === 0 ? 0 : lag.percentile(99) / 1e6 - LAG_RESOLUTION_MS;
  lag.reset();
  return Math.max(0, p99Ms);
}
