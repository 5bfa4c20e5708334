import {API_VERSION} from '../calls/call-parameters.ts';
import {rfc2822} from '../dates.ts';

const SUBRESOURCES: Readonly<Record<string, string>> = {
  calls: 'Calls',
  incoming_phone_numbers: 'IncomingPhoneNumbers',
  outgoing_caller_ids: 'OutgoingCallerIds',
  recordings: 'Recordings',
  notifications: 'Notifications',
};

/** The account as the REST API shows it (Twilio docs: "Account resource"). */
export function accountResource(account: {
  readonly accountSid: string;
  readonly authToken: string;
  readonly type: 'Full' | 'Trial';
  readonly createdAt: Date;
}): Record<string, unknown> {
  const {accountSid, authToken, type, createdAt} = account;
  const path = `/${API_VERSION}/Accounts/${accountSid}`;
  const subresources = Object.entries(SUBRESOURCES).map(([key, name]) => [key, `${path}/${name}.json`]);
  return {
    sid: accountSid,
    friendly_name: 'Simulated account',
    status: 'active',
    type,
    auth_token: authToken,
    owner_account_sid: accountSid,
    date_created: rfc2822(createdAt),
    date_updated: rfc2822(createdAt),
    uri: `${path}.json`,
    subresource_uris: Object.fromEntries(subresources) as Record<string, string>,
  };
}
