/** The load of the process: event loop, CPU, memory. Measured only between `start` and `stop`. */
import type {Clock} from '../clock.ts';
import {startEventLoopDelay} from './event-loop-delay.ts';

export interface ProcessLoadReading {
  /** 99th percentile of the duration of event loop turns. */
  readonly eventLoopP99Ms: number;
  /** Percentage of one core. */
  readonly cpuPercent: number;
  readonly rssBytes: number;
}

export interface ProcessLoad {
  start(): void;
  stop(): void;
  /** The load since the last reading, or since the start. */
  take(): ProcessLoadReading;
}

export function createProcessLoad(clock: Clock): ProcessLoad {
  let histogram: ReturnType<typeof startEventLoopDelay> | undefined;
  let cpu = process.cpuUsage();
  let at = 0;
  return {
    start() {
      histogram = startEventLoopDelay();
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
      const p99Ms = (histogram?.count ?? 0) === 0 ? 0 : (histogram?.percentile(99) ?? 0) / 1e6;
      histogram?.reset();
      const cpuMs = (used.user + used.system) / 1000;
      return {
        eventLoopP99Ms: Math.round(p99Ms * 100) / 100,
        cpuPercent: elapsedMs > 0 ? Math.round((cpuMs / elapsedMs) * 1000) / 10 : 0,
        rssBytes: process.memoryUsage.rss(),
      };
    },
  };
}
