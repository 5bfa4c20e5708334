/** Allowances and slots of a single node, in memory. */
import type {Clock} from '../clock.ts';
import type {Offset} from '../journal/call-event.ts';
import {RateLimit} from '../rate-limit/rate-limit.ts';
import type {Admission, PlacementLedger, PlacementRequest} from './placement-ledger.ts';

/** Key of the allowance that all users share. */
const EVERYBODY = '';

export class LocalPlacementLedger implements PlacementLedger {
  readonly #clock: Clock;
  #rates: {readonly ofUsers: RateLimit; readonly ofAll: RateLimit} | undefined;
  /**
   * By slot: the entry from which on the feed counts the call; `undefined` while the request is in progress.
   */
  readonly #lines = new Map<string, Offset | undefined>();
  #lastLine = 0;

  constructor({clock}: {readonly clock: Clock}) {
    this.#clock = clock;
  }

  /** Decides in the same turn, without waiting. */
  async admit(request: PlacementRequest): Promise<Admission> {
    const {user, maxActiveCalls, activeCalls, head} = request;
    for (const [line, written] of this.#lines) {
      if (written !== undefined && written <= head) this.#lines.delete(line);
    }
    if (activeCalls + this.#lines.size >= maxActiveCalls) return {kind: 'busy'};
    const {ofUsers, ofAll} = this.#ratesOf(request);
    const waitMs = ofUsers.take(user);
    if (waitMs !== undefined) return {kind: 'user-rate', waitMs};
    const waitForAllMs = ofAll.take(EVERYBODY);
    if (waitForAllMs !== undefined) {
      ofUsers.refund(user);
      return {kind: 'all-rate', waitMs: waitForAllMs};
    }
    this.#lastLine += 1;
    const line = String(this.#lastLine);
    this.#lines.set(line, undefined);
    return {kind: 'admitted', line};
  }

  release(line: string, written: Offset): void {
    if (this.#lines.has(line)) this.#lines.set(line, written);
  }

  refund(request: Pick<PlacementRequest, 'user' | 'perMinute' | 'perMinuteOfAll'>): void {
    const {ofUsers, ofAll} = this.#ratesOf(request);
    ofUsers.refund(request.user);
    ofAll.refund(EVERYBODY);
  }

  /** Created with the first request's limits, because a process never changes its configuration. */
  #ratesOf({perMinute, perMinuteOfAll}: Pick<PlacementRequest, 'perMinute' | 'perMinuteOfAll'>) {
    const clock = this.#clock;
    this.#rates ??= {
      ofUsers: new RateLimit({perMinute, clock}),
      ofAll: new RateLimit({perMinute: perMinuteOfAll, clock}),
    };
    return this.#rates;
  }
}
