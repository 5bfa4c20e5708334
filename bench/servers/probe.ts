/**
 * Loaded into a server that is measured (`node --import`): tells the benchmark what the process has used, and ends it
 * when the benchmark is gone. It does nothing between questions.
 */
import {isMainThread} from 'node:worker_threads';

/** What a server process has used so far. */
export interface Usage {
  /** Microseconds of CPU time, user and system, of all its threads. */
  readonly cpuUs: number;
  /** Resident memory, bytes. */
  readonly rssBytes: number;
  /** Used by JavaScript objects and by what they hold outside of the heap, bytes. */
  readonly heapBytes: number;
}

export type ProbeQuestion = 'usage' | 'usage after collection';

// Worker threads are given the same flags as the process.
if (isMainThread && process.send !== undefined) {
  process.on('message', (question: ProbeQuestion) => {
    if (question === 'usage after collection') globalThis.gc?.();
    process.send?.(usage());
  });
  process.on('disconnect', () => process.exit(1));
  // The server shall end when it has nothing more to do, not when we have no more questions.
  process.channel?.unref();
}

function usage(): Usage {
  const {user, system} = process.cpuUsage();
  const {rss, heapUsed, external} = process.memoryUsage();
  return {cpuUs: user + system, rssBytes: rss, heapBytes: heapUsed + external};
}
