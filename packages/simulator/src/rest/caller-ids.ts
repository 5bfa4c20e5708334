import {API_VERSION} from '../calls/call-parameters.ts';
import {rfc2822} from '../dates.ts';
import {createSid} from '../sids.ts';
import {notFound} from './api-error.ts';
import {formatted} from './call-resource.ts';
import {page} from './paging.ts';
import type {Route} from './routes.ts';

/**
 * An external number that the account has verified. The account can call from it, and a trial account can
 * call it.
 */
export interface CallerId {
  readonly sid: string;
  readonly phoneNumber: string;
  readonly createdAt: Date;
}

export function createCallerIds(phoneNumbers: readonly string[]): readonly CallerId[] {
  const createdAt = new Date();
  return phoneNumbers.map((phoneNumber) => ({sid: createSid('PN'), phoneNumber, createdAt}));
}

export interface CallerIdRoutesOptions {
  readonly callerIds: readonly CallerId[];
  readonly accountSid: string;
  readonly accountPath: string;
}

/** `/OutgoingCallerIds.json` and `/OutgoingCallerIds/{sid}.json` (Twilio docs: "OutgoingCallerIds resource"). */
export function callerIdRoutes({callerIds, accountSid, accountPath}: CallerIdRoutesOptions): Route[] {
  const render = (callerId: CallerId) => callerIdResource(callerId, accountSid);
  return [
    {
      path: `${accountPath}/OutgoingCallerIds.json`,
      GET: ({path, query}) => {
        const wanted = query.get('PhoneNumber');
        const items = callerIds.filter(({phoneNumber}) => !wanted || phoneNumber === wanted);
        return {status: 200, body: page({key: 'outgoing_caller_ids', items, render, path, query})};
      },
    },
    {
      path: `${accountPath}/OutgoingCallerIds/:callerId.json`,
      GET: ({params, path}) => {
        const callerId = callerIds.find(({sid}) => sid === params['callerId']);
        if (callerId === undefined) throw notFound(path);
        return {status: 200, body: render(callerId)};
      },
    },
  ];
}

function callerIdResource(callerId: CallerId, accountSid: string): Record<string, unknown> {
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
