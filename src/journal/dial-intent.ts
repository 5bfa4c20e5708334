/** An intent to dial: on disk before Twilio is asked, so that a lost answer leaves a trace to bind the call to. */
import type {CallMetadata} from '@hookswitch/protocol';

export interface DialIntent {
  /** Unguessable; part of the callback URLs of this call, and of no other. */
  readonly reference: string;
  readonly user: string;
  /** The client's `Idempotency-Key`; unique per user. */
  readonly idempotencyKey?: string;
  /** Fingerprint of the request body: the same key with another body is a conflict. */
  readonly requestHash: string;
  readonly from: string;
  readonly to: string;
  /** Whom to `<Dial>` once the call is answered. */
  readonly connectTo?: string;
  readonly metadata?: CallMetadata;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

export interface DialIntentRecord extends DialIntent {
  /**
   * `open`: asked, and no answer yet — or none any more. `placed`: there is a call. `rejected`: there will be none.
   */
  readonly state: 'open' | 'placed' | 'rejected';
  readonly callSid?: string;
}
