/**
 * Loaded into the gateway before anything of its own: at a SIGUSR2 it does what a file says, which the harness wrote
 * before the signal. Moves the wall clock as an administrator or a wrong time server does, and stops the event loop.
 * Usage: --import <this file>?file=<path of a JSON file>
 */
import {readFileSync} from 'node:fs';
import {isMainThread} from 'node:worker_threads';

export interface Control {
  /** Added to the wall clock from now on, in milliseconds; the monotonic clock goes on as it was. */
  readonly clockOffsetMs?: number;
  /** The main thread does nothing else for so long. */
  readonly stallMs?: number;
}

const file = new URL(import.meta.url).searchParams.get('file') ?? '';
const SystemDate = Date;
let offsetMs = 0;

const now = () => SystemDate.now() + offsetMs;

/** Signals are the main thread's alone, and it alone asks for the time. */
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
