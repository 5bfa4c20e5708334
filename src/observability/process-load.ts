/** What the process itself costs: event loop, CPU, memory. Measured only between `start` and `stop`. */
import {monitorEventLoopDelay} from 'node:perf_hooks';
import type {Clock} from '../clock.ts';

export interface ProcessLoadReading {
  /** By how much a timer was late, 99 times out of 100 it was less. */
  readonly eventLoopP99Ms: number;
  /** Of one core. */
  readonly cpuPercent: number;
  readonly rssBytes: number;
}

export interface ProcessLoad {
  start(): void;
  stop(): void;
  /** Since the last reading, or the start. */
  take(): ProcessLoadReading;
}

/** A timer of this interval is what the event loop's delay is measured by. */
const RESOLUTION_MS = 10;

export function createProcessLoad(clock: Clock): ProcessLoad {
  let histogram: ReturnType<typeof monitorEventLoopDelay> | undefined;
  let cpu = process.cpuUsage();
  let at = 0;
  return {
    start() {
      histogram = monitorEventLoopDelay({resolution: RESOLUTION_MS});
      histogram.enable();
      cpu = process.cpuUsage();
      at = clock.monotonic();
    },
    stop() {
      histogram?.disable();
      histogram = undefined;
    },
    take() {
      const used = process.cpuUsage(cpu);
      cpu = process.cpuUsage();
      const elapsedMs = clock.monotonic() - at;
      at = clock.monotonic();
      // What is measured is the time between two turns, the interval of the timer included.
      const p99Ms =
        (histogram?.count ?? 0) === 0 ? 0 : (histogram?.percentile(99) ?? 0) / 1e6 - RESOLUTION_MS;
      histogram?.reset();
      const cpuMs = (used.user + used.system) / 1000;
      return {
        eventLoopP99Ms: Math.round(Math.max(0, p99Ms) * 100) / 100,
        cpuPercent: elapsedMs > 0 ? Math.round((cpuMs / elapsedMs) * 1000) / 10 : 0,
        rssBytes: process.memoryUsage.rss(),
      };
    },
  };
}
