import {API_VERSION} from '../calls/call-parameters.ts';

/** The path of an account below `/2010-04-01`. */
export function accountPathOf(accountSid: string): string {
  return `/Accounts/${accountSid}`;
}

/** The full path of an account, as in the `uri` of resources. */
export function accountUriOf(accountSid: string): string {
  return `/${API_VERSION}${accountPathOf(accountSid)}`;
}
