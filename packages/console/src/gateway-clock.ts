/**
 * The gateway's clock. Its timestamps are compared with this clock only, because the clock of this machine
 * may be wrong. Every relative time and every duration of the console comes from here.
 *
 * The SDK measures the gateway's clock with every message. Until its first message, the time of the response
 * to the sign-in counts, because the first render and the first requests need a clock, too.
 */
import type {HookswitchClient} from '@hookswitch/client';

export class GatewayClock {
  readonly #monotonic: () => number;
  /** Before the sign-in, the time of this machine. */
  #source: () => number = Date.now;

  /** @param monotonic milliseconds; setting this machine's clock does not change them */
  constructor(monotonic: () => number = () => performance.now()) {
    this.#monotonic = monotonic;
  }

  /** Milliseconds since 1970, by the gateway's clock. */
  readonly now = (): number => this.#source();

  /**
   * Counts from a time that the gateway has just sent.
   * @param gatewayMs milliseconds since 1970; `NaN` is ignored
   */
  start(gatewayMs: number): void {
    const offsetMs = gatewayMs - this.#monotonic();
    if (Number.isFinite(offsetMs)) this.#source = () => this.#monotonic() + offsetMs;
  }

  /** From now on, the time is the client's, which has received a message. */
  follow(client: Pick<HookswitchClient, 'now'>): void {
    this.#source = () => client.now();
  }
}

/** The clock of the page, which is connected to one gateway only. */
export const gatewayClock = new GatewayClock();
