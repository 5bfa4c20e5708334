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
  readonly #slots = new Map<string, Offset | undefined>();
  #lastSlot = 0;

  constructor({clock}: {readonly clock: Clock}) {
    this.#clock = clock;
  }

  /** Decides in the same turn, without waiting. */
  async admit(request: PlacementRequest): Promise<Admission> {
    const {user, maxActiveCalls, activeCalls, head} = request;
    for (const [slot, written] of this.#slots) {
      if (written !== undefined && written <= head) this.#slots.delete(slot);
    }
    if (activeCalls + this.#slots.size >= maxActiveCalls) return {kind: 'busy'};
    const {ofUsers, ofAll} = this.#ratesOf(request);
    const waitMs = ofUsers.take(user);
    if (waitMs !== undefined) return {kind: 'user-rate', waitMs};
    const waitForAllMs = ofAll.take(EVERYBODY);
    if (waitForAllMs !== undefined) {
      ofUsers.refund(user);
      return {kind: 'all-rate', waitMs: waitForAllMs};
    }
    this.#lastSlot += 1;
    const slot = String(this.#lastSlot);
    this.#slots.set(slot, undefined);
    return {kind: 'admitted', slot};
  }

  release(slot: string, written: Offset): void {
    if (this.#slots.has(slot)) this.#slots.set(slot, written);
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
