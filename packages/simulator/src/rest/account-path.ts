import {API_VERSION} from '../calls/call-parameters.ts';

/** Path of an account below `/2010-04-01`. */
export function accountPathOf(accountSid: string): string {
  return `/Accounts/${accountSid}`;
}

/** Full path of an account, as it stands in the `uri` of resources. */
export function accountUriOf(accountSid: string): string {
  return `/${API_VERSION}${accountPathOf(accountSid)}`;
}
