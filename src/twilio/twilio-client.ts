/**
 * The Twilio port of the gateway. Expected outcomes are variants instead of exceptions, because the
 * difference between "refused" and "unknown" decides whether a call may be dialed again.
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
  /** Seconds; only for calls that were answered and have ended. */
  readonly duration?: number;
  readonly endedAt?: number;
}

export interface DialRequest {
  readonly to: string;
  readonly from: string;
  /** Instructions for the answered call: inline TwiML, or a URL from which Twilio fetches it. */
  readonly instructions: {readonly twiml: string} | {readonly url: string};
  /** The URL for status callbacks, with connection overrides in the fragment. */
  readonly statusCallback: string;
  /** Seconds to ring. */
  readonly timeout?: number;
  readonly record?: boolean;
  readonly machineDetection?: 'Enable' | 'DetectMessageEnd';
  /** Seconds after which Twilio ends the call. */
  readonly timeLimit: number;
}

/** An error from Twilio, with its code and HTTP status if Twilio answered. */
export interface ProviderFault {
  readonly message: string;
  /** Twilio's error code, such as 21211. */
  readonly code?: number;
  /** HTTP status of Twilio's answer. */
  readonly status?: number;
  /** Milliseconds to wait before the next request, if Twilio requested a pause. */
  readonly retryAfterMs?: number;
}

export type DialOutcome =
  | {readonly kind: 'placed'; readonly call: TwilioCall}
  /** There is no call: Twilio refused the request or was never reached. */
  | {readonly kind: 'rejected'; readonly fault: ProviderFault}
  /** The request was sent, but no usable response came back. The call may exist. */
  | {readonly kind: 'unknown'; readonly fault: ProviderFault};

export type EndOutcome =
  | {readonly kind: 'accepted'; readonly call: TwilioCall}
  /** The call is in a state that cannot be ended. Usually it has just ended. */
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
      /** The readable calls of the page, of all applications of the account. */
      readonly calls: readonly TwilioCall[];
      /** The position of the next page; absent on the last page. */
      readonly next?: string;
    }
  | {readonly kind: 'failed'; readonly fault: ProviderFault};

export interface TwilioClient {
  /** Places a call. Never retries. */
  dial(request: DialRequest): Promise<DialOutcome>;
  /**
   * `canceled` ends a queued or ringing call but not an answered one. `completed` ends a call in any state.
   */
  end(callSid: string, status: 'canceled' | 'completed'): Promise<EndOutcome>;
  /** Looks up a call. Read-only. */
  fetch(callSid: string): Promise<FetchOutcome>;
  /**
   * Reads one page of a list, up to 1,000 calls. Read-only. `next` is the position of the following page. The
   * list is eventually consistent: a call can be missing for a moment, or appear in its previous state.
   */
  list(filter: CallFilter, next?: string): Promise<ListOutcome>;
}
