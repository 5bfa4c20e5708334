/**
 * Preloaded into the gateway. On SIGUSR2, it reads commands from a file that the harness has written: it moves the wall
 * clock, as an administrator or a wrong time server would, or blocks the event loop.
 * Usage: --import <this file>?file=<path of a JSON file>
 */
import {readFileSync} from 'node:fs';
import {isMainThread} from 'node:worker_threads';

export interface Control {
  /** Offset of the wall clock from now on, in milliseconds. The monotonic clock is not changed. */
  readonly clockOffsetMs?: number;
  /** How long to block the main thread, in milliseconds. */
  readonly stallMs?: number;
}

const file = new URL(import.meta.url).searchParams.get('file') ?? '';
const SystemDate = Date;
let offsetMs = 0;

const now = () => SystemDate.now() + offsetMs;

/** Only the main thread receives signals, and only the main thread reads the time. */
if (isMainThread) {
  process.on('SIGUSR2', () => {
    const {clockOffsetMs = offsetMs, stallMs = 0} = JSON.parse(readFileSync(file, 'utf8')) as Control;
    offsetMs = clockOffsetMs;
    const until = performance.now() + stallMs;
    while (performance.now() < until);
  });
  globalThis.Date = new Proxy(SystemDate, {
    construct: (target, args: [], newTarget) =>
      Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget) as Date,
    apply: () => new SystemDate(now()).toString(),
    get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
  });
}
