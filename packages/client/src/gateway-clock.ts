/**
 * An estimate of the gateway's clock. Elapsed time must not use the browser's clock, because the clocks of office
 * machines are often minutes off.
 *
 * Only messages whose `timestamp` is their send time count. The timestamp of `call.status` is the time of the event,
 * which may be long ago. Latency makes a message late, never early. Therefore the measurement that is furthest ahead
 * is the best. Between measurements the monotonic clock counts, so that setting the machine's clock changes nothing.
 */
import type {ClientClock} from './client-api.ts';

export interface GatewayClock {
  /** Milliseconds since 1970 by the gateway's clock. Before the first session, by this machine's clock. */
  readonly now: () => number;
  /**
   * How many milliseconds the gateway's clock is ahead of this machine's clock. It is updated on changes of at least
   * `MATERIAL_MS`.
   */
  readonly offset: () => number;
  /**
   * Measures the clock with a message that was just received.
   * @param timestamp the gateway's send time, ISO 8601
   * @param first whether this is the first message of a session
   */
  readonly observe: (timestamp: string, first: boolean) => void;
}

/** A measurement is used for one to two windows, so that the client notices when the gateway's clock is set back. */
const WINDOW_MS = 50_000;
/** The maximum possible latency. A slower connection would have been closed as silent. */
const MAX_LATENCY_MS = 60_000;
/** The maximum latency of a session's first message, which the gateway sends on a working connection. */
const MAX_FIRST_LATENCY_MS = 5000;
/** Smaller changes of the offset are not reported. Milliseconds. */
export const MATERIAL_MS = 250;

export function createGatewayClock(clock: ClientClock, onChange: () => void): GatewayClock {
  /** The best measurements of the previous and the current window: gateway time minus monotonic time. */
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
