/**
 * What time it is at the gateway. Elapsed time shown with the browser's own clock is wrong by as much as that clock is, and
 * the clocks of office machines are minutes off.
 *
 * Only messages whose `timestamp` is the moment of sending count: `call.status` says when something happened, which may be long ago.
 * Each message is late by its latency, never early, so that of several measurements the one furthest ahead is the best.
 * In between, the monotonic clock counts, so that setting the machine's clock changes nothing.
 */
import type {ClientClock} from './client-api.ts';

export interface GatewayClock {
  /** Milliseconds since 1970 by the gateway's clock; by this machine's until the first session. */
  readonly now: () => number;
  /** How far the gateway's clock is ahead of this machine's, in ms, as of the last change of at least `MATERIAL_MS`. */
  readonly offset: () => number;
  /**
   * Takes in a message that was just received.
   * @param timestamp when the gateway sent it, ISO 8601
   * @param first it is the first message of a session
   */
  readonly observe: (timestamp: string, first: boolean) => void;
}

/** A measurement counts for one to two of these, so that a clock that was set back at the gateway is noticed. */
const WINDOW_MS = 50_000;
/** A message cannot be later than this: the connection would have been given up. */
const MAX_LATENCY_MS = 60_000;
/** The first message of a session is sent when the connection is known to work. */
const MAX_FIRST_LATENCY_MS = 5000;
/** Smaller changes of the offset are not reported. */
export const MATERIAL_MS = 250;

export function createGatewayClock(clock: ClientClock, onChange: () => void): GatewayClock {
  /** The best measurements of the window before and of this one: gateway time minus monotonic time. */
  let previous: number | undefined;
  let current = 0;
  let windowAt = 0;
  let offset = 0;

  const now = () =>
    previous === undefined ? clock.now() : Math.round(Math.max(previous, current) + clock.monotonic());

  return {
    now,
    offset: () => offset,
    observe: (timestamp, first) => {
      const monotonic = clock.monotonic();
      const measured = Date.parse(timestamp) - monotonic;
      if (Number.isNaN(measured)) return;
      const behindMs = now() - monotonic - measured;
      if (previous === undefined || behindMs > (first ? MAX_FIRST_LATENCY_MS : MAX_LATENCY_MS)) {
        previous = current = measured;
        windowAt = monotonic;
      } else if (monotonic - windowAt >= WINDOW_MS) {
        previous = current;
        current = measured;
        windowAt = monotonic;
      } else current = Math.max(current, measured);
      const next = Math.round(now() - clock.now());
      if (Math.abs(next - offset) < MATERIAL_MS) return;
      offset = next;
      onChange();
    },
  };
}
