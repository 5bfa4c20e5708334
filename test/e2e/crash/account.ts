/** The account these tests are about. */
import {ACCOUNT_SID, AUTH_TOKEN} from '../../support/simulation/twilio.ts';

export const account = {accountSid: ACCOUNT_SID, authToken: AUTH_TOKEN} as const;

/** Nobody answers look-ups here: what the journal knows, it knows from webhooks. */
export const NOBODY = 'http://127.0.0.1:9';
