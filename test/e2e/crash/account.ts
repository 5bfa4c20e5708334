/** The account of these tests. */
import {ACCOUNT_SID, AUTH_TOKEN} from '../../support/simulation/twilio.ts';

export const account = {accountSid: ACCOUNT_SID, authToken: AUTH_TOKEN} as const;

/** An unused address for the Twilio API, so that the journal has only webhooks. */
export const NOBODY = 'http://127.0.0.1:9';
