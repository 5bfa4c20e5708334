/** Whether Twilio takes the account's SID and token, and what kind of account it is. */
import {maskNumber, maskText} from '../../mask.ts';
import type {TwilioAccount, TwilioAccountClient} from '../../twilio/twilio-account.ts';
import {type Check, type Evidence, type Finding, shown, twilioFailure} from './check.ts';

export interface CredentialsCheckOptions {
  readonly account: TwilioAccountClient;
  readonly accountSid: string;
  readonly apiUrl: string;
}

/** Numbers that are listed; a trial account that has more knows them. */
const MAX_LISTED = 10;

export function credentialsCheck(options: CredentialsCheckOptions): Check {
  return {id: 'credentials', title: 'Twilio credentials', run: () => check(options)};
}

async function check({account: client, accountSid, apiUrl}: CredentialsCheckOptions): Promise<Finding> {
  const outcome = await client.fetchAccount();
  if (outcome.kind === 'failed') return twilioFailure(outcome.fault, apiUrl);
  const {account} = outcome;
  const evidence = [
    {label: 'Account', value: `${accountSid} (${shown(account.friendlyName) || 'no name'})`},
    {label: 'Status', value: shown(account.status)},
    {label: 'Type', value: shown(account.type) || 'unknown'},
    {label: 'Asked', value: apiUrl},
  ];
  if (account.status !== 'active')
    return {
      status: 'failed',
      summary: `The account is ${shown(account.status)}.`,
      evidence,
      remedy: 'The Twilio console says why, and what Twilio needs of you.',
    };
  if (!isTrial(account)) return {status: 'ok', summary: 'Twilio accepts the credentials.', evidence};
  return {
    status: 'warning',
    summary: 'The credentials are accepted; it is a trial account, which calls only verified numbers.',
    evidence: [...evidence, await verifiedNumbers(client)],
    remedy:
      'Verify the numbers you want to call in the Twilio console (Verified Caller IDs), or upgrade the account.',
  };
}

function isTrial({type}: TwilioAccount): boolean {
  return type.toLowerCase() === 'trial';
}

async function verifiedNumbers(client: TwilioAccountClient): Promise<Evidence> {
  const label = 'May call';
  const outcome = await client.listVerifiedNumbers();
  if (outcome.kind === 'failed') return {label, value: `unknown: ${shown(maskText(outcome.fault.message))}`};
  const {phoneNumbers} = outcome;
  if (phoneNumbers.length === 0) return {label, value: 'nobody yet: no number is verified'};
  const listed = phoneNumbers.slice(0, MAX_LISTED).map(maskNumber).join(', ');
  const more = phoneNumbers.length - MAX_LISTED;
  return {label, value: more > 0 ? `${listed} and ${more} more` : listed};
}
