import {API_VERSION} from '../calls/call-parameters.ts';
import {rfc2822} from '../dates.ts';
import {createSid} from '../sids.ts';
import {formatted} from './call-resource.ts';

/** A number of somebody else's that the account has verified: it may be called from, and called on trial. */
export interface CallerId {
  readonly sid: string;
  readonly phoneNumber: string;
  readonly createdAt: Date;
}

export function createCallerIds(phoneNumbers: readonly string[]): readonly CallerId[] {
  const createdAt = new Date();
  return phoneNumbers.map((phoneNumber) => ({sid: createSid('PN'), phoneNumber, createdAt}));
}

/** A caller id as the REST API shows it (Twilio docs: "OutgoingCallerIds resource"). */
export function callerIdResource(callerId: CallerId, accountSid: string): Record<string, unknown> {
  const {sid, phoneNumber, createdAt} = callerId;
  return {
    sid,
    account_sid: accountSid,
    friendly_name: formatted(phoneNumber),
    phone_number: phoneNumber,
    date_created: rfc2822(createdAt),
    date_updated: rfc2822(createdAt),
    uri: `/${API_VERSION}/Accounts/${accountSid}/OutgoingCallerIds/${sid}.json`,
  };
}
