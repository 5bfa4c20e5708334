import {BoundedLog} from '../bounded-log.ts';
import type {WebhookParameters} from './signature.ts';
import type {HttpMethod} from './target.ts';

/** What a webhook is for. */
export type DeliveryKind = 'status' | 'twiml' | 'recording' | 'amd';

export interface DeliveryAttempt {
  readonly startedAt: Date;
  readonly endedAt: Date;
  /** URL that was requested, redirects included; never with a fragment. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** HTTP status of the answer, null when there was none. */
  readonly status: number | null;
  /** Twilio's error code and why there was no answer, null when there was one. */
  readonly error: {readonly code: number; readonly message: string} | null;
  /** Its first 8192 characters. */
  readonly responseBody: string;
  /** `repeat` when it was sent again by a fault, `redirect` when an answer led here. */
  readonly cause: 'first' | 'retry' | 'redirect' | 'repeat';
}

/** One logical webhook: what was sent, and how it went. */
export interface Delivery {
  readonly id: number;
  readonly kind: DeliveryKind;
  readonly callSid: string;
  readonly method: HttpMethod;
  /** As configured, with the fragment that the receiver never sees. */
  readonly url: string;
  readonly params: WebhookParameters;
  /** Of every attempt, repeats included. */
  readonly idempotencyToken: string;
  readonly firedAt: Date;
  /** `dropped` was withheld by a fault; `failed` got no 2xx; `aborted` was cut off by stop(). */
  readonly state: 'pending' | 'delivered' | 'failed' | 'dropped' | 'aborted';
  readonly attempts: readonly DeliveryAttempt[];
  /** Faults that struck it. */
  readonly faults: readonly string[];
}

/** A delivery while it is under way: only the sender changes it. */
export type MutableDelivery = Omit<Delivery, 'state' | 'attempts' | 'faults'> & {
  state: Delivery['state'];
  attempts: DeliveryAttempt[];
  faults: string[];
};

/** Remembers the latest deliveries, oldest first. */
export class DeliveryLog {
  readonly #log: BoundedLog<MutableDelivery>;
  #nextId = 1;

  constructor({limit}: {readonly limit: number}) {
    this.#log = new BoundedLog({limit});
  }

  open(entry: Pick<Delivery, 'kind' | 'callSid' | 'method' | 'url' | 'params' | 'idempotencyToken'>) {
    const delivery: MutableDelivery = {
      id: this.#nextId,
      ...entry,
      firedAt: new Date(),
      state: 'pending',
      attempts: [],
      faults: [],
    };
    this.#nextId += 1;
    this.#log.add(delivery);
    return delivery;
  }

  list(): readonly Delivery[] {
    return this.#log.list().map((entry) => ({
      ...entry,
      attempts: [...entry.attempts],
      faults: [...entry.faults],
    }));
  }

  clear(): void {
    this.#log.clear();
  }
}
