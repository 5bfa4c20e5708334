/** The reason of a failed call, from Twilio's status. Pure. */
import {type FailureReason, failureReasons, type ProviderStatus} from '@hookswitch/protocol';

/** `undefined` if the call did not fail. */
export function failureOf(status: ProviderStatus): FailureReason | undefined {
  return failureReasons.find((reason) => reason === status);
}
