/** The part of the journal that stores intents to dial. */
import type {DialIntent, DialIntentRecord} from './dial-intent.ts';

export type OpenIntentResult =
  | {readonly kind: 'opened'}
  | {readonly kind: 'exists'; readonly intent: DialIntentRecord};

/** Stores intents to dial, so that a call can be bound to its request even if Twilio's response is lost. */
export interface DialIntentStore {
  /**
   * Stores an intent to dial before the request to Twilio. If the user has used the same idempotency key
   * since `keysSince` (milliseconds since 1970), nothing is written and the first intent is returned.
   * @throws JournalUnavailableError
   */
  openIntent(intent: DialIntent, keysSince: number): Promise<OpenIntentResult>;

  /**
   * Marks the intent as rejected, which frees its idempotency key. Does nothing if the intent does not exist
   * or has a call. @throws JournalUnavailableError
   */
  rejectIntent(reference: string): Promise<void>;

  /** The intent that a callback URL refers to. */
  findIntent(reference: string): Promise<DialIntentRecord | undefined>;

  /** The intent that `openIntent` would find for this key: the first since `since` that was not rejected. */
  findIntentByKey(user: string, idempotencyKey: string, since: number): Promise<DialIntentRecord | undefined>;
}
