import {rfc2822} from '../dates.ts';
import {accountPathOf, accountUriOf} from './account-path.ts';
import {page} from './paging.ts';
import type {Route} from './routes.ts';

/** The simulated account. */
export interface Account {
  readonly sid: string;
  readonly authToken: string;
  readonly type: 'Full' | 'Trial';
  readonly createdAt: Date;
}

const FRIENDLY_NAME = 'Simulated account';

const SUBRESOURCES: Readonly<Record<string, string>> = {
  applications: 'Applications',
  calls: 'Calls',
  incoming_phone_numbers: 'IncomingPhoneNumbers',
  keys: 'Keys',
  notifications: 'Notifications',
  outgoing_caller_ids: 'OutgoingCallerIds',
  recordings: 'Recordings',
};

/**
 * `/Accounts.json` and `/Accounts/{sid}.json` (Twilio docs: "Account resource"). There is one account,
 * without subaccounts.
 */
export function accountRoutes(account: Account): Route[] {
  return [
    {
      path: '/Accounts.json',
      mainOnly: true,
      GET: ({path, query}) => {
        const name = query.get('FriendlyName');
        const status = query.get('Status');
        const isWanted = (!name || name === FRIENDLY_NAME) && (!status || status === 'active');
        const items = isWanted ? [account] : [];
        return {status: 200, body: page({key: 'accounts', items, render: accountResource, path, query})};
      },
    },
    {
      path: `${accountPathOf(account.sid)}.json`,
      mainOnly: true,
      GET: () => ({status: 200, body: accountResource(account)}),
    },
  ];
}

function accountResource({sid, authToken, type, createdAt}: Account): Record<string, unknown> {
  const uri = accountUriOf(sid);
  const subresources = Object.entries(SUBRESOURCES).map(([key, name]) => [key, `${uri}/${name}.json`]);
  return {
    sid,
    friendly_name: FRIENDLY_NAME,
    status: 'active',
    type,
    auth_token: authToken,
    owner_account_sid: sid,
    date_created: rfc2822(createdAt),
    date_updated: rfc2822(createdAt),
    uri: `${uri}.json`,
    subresource_uris: Object.fromEntries(subresources) as Record<string, string>,
  };
}
