/**
 * What the gateway asks of Twilio, as a port. Outcomes that happen in the normal course of things are variants, not
 * exceptions: the difference between "refused" and "nobody knows" decides whether a call may be dialed again.
 */
import type {CallDirection, ProviderStatus} from '@hookswitch/protocol';

/** A call as Twilio's REST API shows it. Times are milliseconds since 1970. */
export interface TwilioCall {
  readonly callSid: string;
  readonly providerStatus: ProviderStatus;
  readonly direction?: CallDirection;
  readonly from?: string;
  readonly to?: string;
  readonly parentCallSid?: string;
  readonly answeredBy?: string;
  /** Seconds; only where the call was answered and has ended. */
  readonly duration?: number;
  readonly endedAt?: number;
}

export interface DialRequest {
  readonly to: string;
  readonly from: string;
  /** What the call does once answered: inline TwiML, or a URL that Twilio fetches it from. */
  readonly instructions: {readonly twiml: string} | {readonly url: string};
  /** Where status callbacks go, with connection overrides in the fragment. */
  readonly statusCallback: string;
  /** Seconds to ring. */
  readonly timeout?: number;
  readonly record?: boolean;
  readonly machineDetection?: 'Enable' | 'DetectMessageEnd';
  /** Seconds after which Twilio ends the call. */
  readonly timeLimit: number;
}

/** Why Twilio did not do as asked: its own code and HTTP status where it answered at all. */
export interface ProviderFault {
  readonly message: string;
  /** Twilio's error code, such as 21211. */
  readonly code?: number;
  /** HTTP status of Twilio's answer. */
  readonly status?: number;
  /** Milliseconds to wait before the next request, where Twilio's answer says so. */
  readonly retryAfterMs?: number;
}

export type DialOutcome =
  | {readonly kind: 'placed'; readonly call: TwilioCall}
  /** There is no call: Twilio said so, or was never reached. */
  | {readonly kind: 'rejected'; readonly fault: ProviderFault}
  /** The request went out and no usable answer came back: there may be a call. */
  | {readonly kind: 'unknown'; readonly fault: ProviderFault};

export type EndOutcome =
  | {readonly kind: 'accepted'; readonly call: TwilioCall}
  /** Twilio says that this call is in no state to be ended: most often it ended a moment ago. */
  | {readonly kind: 'not-endable'; readonly fault: ProviderFault}
  | {readonly kind: 'failed'; readonly fault: ProviderFault};

export type FetchOutcome =
  | {readonly kind: 'found'; readonly call: TwilioCall}
  | {readonly kind: 'missing'}
  | {readonly kind: 'failed'; readonly fault: ProviderFault};

/** Selects the calls on a list. Without `status`, the list has calls in every status. */
export interface CallFilter {
  /** `queued` includes `initiated`, which the REST API does not know. */
  readonly status?: ProviderStatus;
  /** Milliseconds since 1970. Calls that Twilio has not started to dial are on no list with this filter. */
  readonly startedAfter?: number;
}

export type ListOutcome =
  | {
      readonly kind: 'page';
      /** The calls of the page that could be read, of all applications of the account. */
      readonly calls: readonly TwilioCall[];
      /** Where the next page is; absent on the last one. */
      readonly next?: string;
    }
  | {readonly kind: 'failed'; readonly fault: ProviderFault};

export interface TwilioClient {
  /** Places a call; never tries twice. */
  dial(request: DialRequest): Promise<DialOutcome>;
  /** `canceled` ends a queued or ringing call and leaves an answered one going; `completed` ends either. */
  end(callSid: string, status: 'canceled' | 'completed'): Promise<EndOutcome>;
  /** Looks a call up; changes nothing. */
  fetch(callSid: string): Promise<FetchOutcome>;
  /**
   * Reads one page of a list, up to 1,000 calls; changes nothing. `next` of one page leads to the next page. The list is
   * eventually consistent: a call can be missing for a moment, or be shown in the state that it has just left.
   */
  list(filter: CallFilter, next?: string): Promise<ListOutcome>;
}
