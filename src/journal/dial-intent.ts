/**
 * An intent to dial. It is stored before the request to Twilio, so that a call can be bound to it if the
 * response is lost.
 */
import type {CallMetadata} from '@hookswitch/protocol';

export interface DialIntent {
  /** Unguessable. It appears in the callback URLs of this call and of no other. */
  readonly reference: string;
  readonly user: string;
  /** The client's `Idempotency-Key`, unique per user. */
  readonly idempotencyKey?: string;
  /** Fingerprint of the request body. The same key with another body is a conflict. */
  readonly requestHash: string;
  readonly from: string;
  readonly to: string;
  /** The number to `<Dial>` once the call is answered. */
  readonly connectTo?: string;
  readonly metadata?: CallMetadata;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

export interface DialIntentRecord extends DialIntent {
  /**
   * - `open`: Twilio was asked and has not answered, or the answer was lost.
   * - `placed`: the intent has a call.
   * - `rejected`: there will be no call.
   */
  readonly state: 'open' | 'placed' | 'rejected';
  readonly callSid?: string;
}
