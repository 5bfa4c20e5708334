/**
 * What the doctor asks of Twilio, as a port of its own: about the account and its numbers. Apart from the calls'
 * `TwilioClient`, so that whoever dials can do nothing else.
 */
import type {ProviderFault} from './twilio-client.ts';

export interface TwilioAccount {
  readonly friendlyName: string;
  /** `active`, `suspended` or `closed`. */
  readonly status: string;
  /** `Full`, or `Trial`: such an account calls only numbers that were verified. */
  readonly type: string;
}

/** A number of the account. Texts are empty where nothing is set. */
export interface TwilioNumber {
  readonly sid: string;
  /** E.164. */
  readonly phoneNumber: string;
  readonly voice: boolean;
  readonly voiceUrl: string;
  readonly voiceMethod: string;
  readonly statusCallback: string;
  readonly statusCallbackMethod: string;
  /** An application or a trunk takes the calls, whatever `voiceUrl` says. */
  readonly voiceApplicationSid: string;
  readonly trunkSid: string;
}

export interface NumberUpdate {
  readonly voiceUrl: string;
  readonly voiceMethod: 'POST';
  readonly statusCallback: string;
  readonly statusCallbackMethod: 'POST';
}

/** When Twilio answered, by its own clock: milliseconds since 1970, with a resolution of one second. */
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
  /** Looks a number of the account up by its E.164 form. */
  findNumber(phoneNumber: string): Promise<NumberOutcome>;
  /** The first 50 numbers of other people that the account may call and call from. */
  listVerifiedNumbers(): Promise<VerifiedNumbersOutcome>;
  updateNumber(sid: string, update: NumberUpdate): Promise<NumberOutcome>;
}
