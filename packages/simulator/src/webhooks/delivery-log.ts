import {BoundedLog} from '../bounded-log.ts';
import type {WebhookParameters} from './signature.ts';
import type {HttpMethod} from './target.ts';

/** The purpose of a webhook. */
export type DeliveryKind = 'status' | 'twiml' | 'recording' | 'amd';

export interface DeliveryAttempt {
  readonly startedAt: Date;
  readonly endedAt: Date;
  /** The requested URL, after redirects and without a fragment. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The response's HTTP status. Null without a response. */
  readonly status: number | null;
  /** Twilio's error code and the reason for a missing response. Null if there was a response. */
  readonly error: {readonly code: number; readonly message: string} | null;
  /** The first 8192 characters of the response. */
  readonly responseBody: string;
  /** `repeat`: sent again because of a fault. `redirect`: a response redirected here. */
  readonly cause: 'first' | 'retry' | 'redirect' | 'repeat';
}

/** One logical webhook: its request and its result. */
export interface Delivery {
  readonly id: number;
  readonly kind: DeliveryKind;
  readonly callSid: string;
  readonly method: HttpMethod;
  /** The configured URL, including the fragment, which is never sent. */
  readonly url: string;
  readonly params: WebhookParameters;
  /** All attempts, including repeats. */
  readonly idempotencyToken: string;
  readonly firedAt: Date;
  /** `dropped`: withheld by a fault. `failed`: no 2xx response. `aborted`: interrupted by stop(). */
  readonly state: 'pending' | 'delivered' | 'failed' | 'dropped' | 'aborted';
  readonly attempts: readonly DeliveryAttempt[];
  /** The faults that affected it. */
  readonly faults: readonly string[];
}

/** A delivery in progress. Only the sender changes it. */
export type MutableDelivery = Omit<Delivery, 'state' | 'attempts' | 'faults'> & {
  state: Delivery['state'];
  attempts: DeliveryAttempt[];
  faults: string[];
};

/** The latest deliveries, oldest first. */
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
