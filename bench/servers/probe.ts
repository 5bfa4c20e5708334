/**
 * Preloaded into a measured server (`node --import`). It reports the resource usage to the benchmark, and ends the
 * process when the benchmark is gone. Between requests it does nothing, unless the event-loop lag was requested.
 */
import {monitorEventLoopDelay} from 'node:perf_hooks';
import {isMainThread} from 'node:worker_threads';

/** Resource usage of a server process so far. */
export interface Usage {
  /** CPU time of all threads, user and system, in microseconds. */
  readonly cpuUs: number;
  readonly userUs: number;
  readonly systemUs: number;
  /** Resident memory, bytes. */
  readonly rssBytes: number;
  /** JavaScript objects and the external memory they hold, in bytes. */
  readonly heapBytes: number;
  /** p99 of the timer delay since the last `lag` request; 0 for the first request. */
  readonly lagP99Ms: number;
}

export type ProbeRequest = 'usage' | 'usage after collection' | 'lag';

/** Resolution of the timer that measures the lag. */
const LAG_RESOLUTION_MS = 2;
let lag: ReturnType<typeof monitorEventLoopDelay> | undefined;

// Worker threads get the same flags as the process.
if (isMainThread && process.send !== undefined) {
  process.on('message', (request: ProbeRequest) => {
    if (request === 'usage after collection') globalThis.gc?.();
    process.send?.({...usage(), lagP99Ms: request === 'lag' ? readLag() : 0});
  });
  process.on('disconnect', () => process.exit(1));
  // The IPC channel must not keep the server alive.
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

function readLag(): number {
  if (lag === undefined) {
    lag = monitorEventLoopDelay({resolution: LAG_RESOLUTION_MS});
    lag.enable();
    return 0;
  }
  const p99Ms = lag.count === 0 ? 0 : lag.percentile(99) / 1e6 - LAG_RESOLUTION_MS;
  lag.reset();
  return Math.max(0, p99Ms);
}
