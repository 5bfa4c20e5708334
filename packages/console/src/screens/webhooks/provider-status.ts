/** Why a call failed, by Twilio's word. Pure. */
import {type FailureReason, failureReasons, type ProviderStatus} from '@hookswitch/protocol';

/** `undefined` where it did not. */
export function failureOf(status: ProviderStatus): FailureReason | undefined {
  return failureReasons.find((reason) => reason === status);
}
