/** Checks whether Twilio accepts the account's SID and token, and shows the type of the account. */
import {maskNumber, maskText} from '../../mask.ts';
import type {TwilioAccount, TwilioAccountClient} from '../../twilio/twilio-account.ts';
import {type Check, type Evidence, type Finding, shown, twilioFailure} from './check.ts';

export interface CredentialsCheckOptions {
  readonly account: TwilioAccountClient;
  readonly accountSid: string;
  readonly apiUrl: string;
}

/** Maximum of listed numbers. Trial accounts rarely have more. */
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
      remedy: 'Open the Twilio console to see the reason and the next step.',
    };
  if (!isTrial(account)) return {status: 'ok', summary: 'Twilio accepts the credentials.', evidence};
  return {
    status: 'warning',
    summary: 'Twilio accepts the credentials. This is a trial account, which can only call verified numbers.',
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
