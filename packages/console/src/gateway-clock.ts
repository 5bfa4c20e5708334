/**
 * The gateway's clock. Its timestamps are compared with this clock only, because the clock of this machine may be wrong.
 * Every relative time and every duration of the console comes from here.
 */

export interface ClockPorts {
  /** Wall clock of this machine, milliseconds since 1970. It may be wrong, and it may jump. */
  wall(): number;
  /** Milliseconds since some moment. It never jumps, but it may stand still while the machine sleeps. */
  monotonic(): number;
}

const browser: ClockPorts = {wall: () => Date.now(), monotonic: () => performance.now()};

/** The two clocks of a machine may drift apart by this much before one of them counts as wrong. */
const TOLERANCE_MS = 1000;

export class GatewayClock {
  readonly #ports: ClockPorts;
  readonly #listeners = new Set<() => void>();
  /** Gateway minus monotonic; before the gateway has answered, what this machine believes. */
  #offsetMs: number;
  #wallOffsetMs: number;

  constructor(ports: ClockPorts = browser) {
    this.#ports = ports;
    this.#wallOffsetMs = ports.wall() - ports.monotonic();
    this.#offsetMs = this.#wallOffsetMs;
  }

  /** Milliseconds since 1970, by the gateway's clock. */
  readonly now = (): number => this.#ports.monotonic() + this.#offsetMs;

  /** Asks the gateway what time it is. @param ask resolves with its clock, milliseconds since 1970 */
  async read<T>(ask: () => Promise<T>, clockOf: (answer: T) => number): Promise<T> {
    const askedAt = this.#ports.monotonic();
    const answer = await ask();
    const gatewayMs = clockOf(answer);
    // The answer was written about half way between question and answer.
    if (Number.isFinite(gatewayMs)) this.#offsetMs = gatewayMs - (askedAt + this.#ports.monotonic()) / 2;
    return answer;
  }

  /** Calls `listener` when the offset has become doubtful: the machine has slept, or its wall clock was set. */
  onDoubt(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Called every second: compares the two clocks of this machine. */
  check(): void {
    const wallOffsetMs = this.#ports.wall() - this.#ports.monotonic();
    const driftMs = Math.abs(wallOffsetMs - this.#wallOffsetMs);
    this.#wallOffsetMs = wallOffsetMs;
    if (driftMs > TOLERANCE_MS) for (const listener of [...this.#listeners]) listener();
  }
}

/** The page's own: it talks to one gateway only. */
export const gatewayClock = new GatewayClock();
