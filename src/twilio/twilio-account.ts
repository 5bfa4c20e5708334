/**
 * The account port: the doctor's requests to Twilio about the account and its numbers. Separate from
 * `TwilioClient`, so that code that dials can do nothing else.
 */
import type {ProviderFault} from './twilio-client.ts';

export interface TwilioAccount {
  readonly friendlyName: string;
  /** `active`, `suspended` or `closed`. */
  readonly status: string;
  /** `Full` or `Trial`. A trial account can only call verified numbers. */
  readonly type: string;
}

/** A number of the account. Unset texts are empty. */
export interface TwilioNumber {
  readonly sid: string;
  /** E.164. */
  readonly phoneNumber: string;
  readonly voice: boolean;
  readonly voiceUrl: string;
  readonly voiceMethod: string;
  readonly statusCallback: string;
  readonly statusCallbackMethod: string;
  /** If an application or a trunk is set, it takes the calls instead of `voiceUrl`. */
  readonly voiceApplicationSid: string;
  readonly trunkSid: string;
}

export interface NumberUpdate {
  readonly voiceUrl: string;
  readonly voiceMethod: 'POST';
  readonly statusCallback: string;
  readonly statusCallbackMethod: 'POST';
}

/** Time of the response on Twilio's clock: milliseconds since 1970, with a resolution of one second. */
interface Stamped {
  readonly serverTime?: number;
}

export type AccountOutcome = Stamped &
  (
    | {readonly kind: 'found'; readonly account: TwilioAccount}
    | {readonly kind: 'failed'; readonly fault: ProviderFault}
  );

export type NumberOutcome =
  | {readonly kind: 'found'; readonly number: TwilioNumber}
  /** The account has no such number. */
  | {readonly kind: 'missing'}
  | {readonly kind: 'failed'; readonly fault: ProviderFault};

export type VerifiedNumbersOutcome =
  | {readonly kind: 'found'; readonly phoneNumbers: readonly string[]}
  | {readonly kind: 'failed'; readonly fault: ProviderFault};

export interface TwilioAccountClient {
  fetchAccount(): Promise<AccountOutcome>;
  /** Finds a number of the account by its E.164 form. */
  findNumber(phoneNumber: string): Promise<NumberOutcome>;
  /** The first 50 verified numbers of other people that the account may call and call from. */
  listVerifiedNumbers(): Promise<VerifiedNumbersOutcome>;
  updateNumber(sid: string, update: NumberUpdate): Promise<NumberOutcome>;
}
