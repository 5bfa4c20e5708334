/** Requests as Twilio sends them, signed with the official SDK as a reference. */
import twilio from 'twilio';
import type {FormField} from '../../../src/twilio/webhook/form.ts';
import type {WebhookRequest} from '../../../src/twilio/webhook/webhook.ts';

export const ACCOUNT_SID = 'AC0123456789abcdef0123456789abcdef';
export const AUTH_TOKEN = '0f1e2d3c4b5a69788796a5b4c3d2e1f0';
export const ALTERNATE_TOKEN = '11112222333344445555666677778888';
export const PUBLIC_URL = 'https://gateway.example.com';
export const CALL_SID = 'CAfedcba9876543210fedcba9876543210';
export const PARENT_SID = 'CA00000000000000000000000000000001';
export const REFERENCE = 'Zk3vQ9-abcdefgh_012345';

/** A status callback of an outbound call (observed shape, without geography). */
export const ringingFields: readonly FormField[] = [
  ['Called', '+491703330161'],
  ['ToState', ''],
  ['CallerCountry', 'US'],
  ['Direction', 'outbound-api'],
  ['Timestamp', 'Sun, 25 Mar 2018 09:53:19 +0000'],
  ['CallbackSource', 'call-progress-events'],
  ['SipResponseCode', ''],
  ['CallerState', 'CA'],
  ['ToZip', ''],
  ['SequenceNumber', '1'],
  ['CallSid', CALL_SID],
  ['To', '+491703330161'],
  ['CallerZip', '94105'],
  ['ToCountry', 'DE'],
  ['CalledZip', ''],
  ['ApiVersion', '2010-04-01'],
  ['CalledCity', ''],
  ['CallStatus', 'ringing'],
  ['From', '+16505055892'],
  ['AccountSid', ACCOUNT_SID],
  ['CalledCountry', 'DE'],
  ['CallerCity', 'SAN FRANCISCO'],
  ['ToCity', ''],
  ['FromCountry', 'US'],
  ['Caller', '+16505055892'],
  ['FromCity', 'SAN FRANCISCO'],
  ['CalledState', ''],
  ['FromZip', '94105'],
  ['FromState', 'CA'],
];

/** The last callback of an answered leg. */
export const completedFields: readonly FormField[] = [
  ...ringingFields.filter(
    ([name]) => !['CallStatus', 'SequenceNumber', 'Timestamp', 'SipResponseCode'].includes(name),
  ),
  ['CallStatus', 'completed'],
  ['SequenceNumber', '3'],
  ['Timestamp', 'Sun, 25 Mar 2018 09:54:08 +0000'],
  ['CallDuration', '49'],
  ['Duration', '1'],
  ['SipResponseCode', '200'],
  ['AnsweredBy', 'human'],
  ['ParentCallSid', PARENT_SID],
];

/** The TwiML request of an inbound call: no Timestamp, CallbackSource or SequenceNumber. */
export const voiceFields: readonly FormField[] = [
  ['AccountSid', ACCOUNT_SID],
  ['ApiVersion', '2010-04-01'],
  ['CallSid', CALL_SID],
  ['CallStatus', 'ringing'],
  ['Called', '+16505055892'],
  ['Caller', '+491703330161'],
  ['CallerName', 'GRÜN & SÖHNE'],
  ['Direction', 'inbound'],
  ['From', '+491703330161'],
  ['FromCity', ''],
  ['StirVerstat', 'TN-Validation-Passed-A'],
  ['To', '+16505055892'],
];

/** Encodes fields as a form body, escaped as by browsers. */
export function encodeForm(fields: readonly FormField[]): Buffer {
  return Buffer.from(new URLSearchParams(fields.map(([name, value]) => [name, value])).toString());
}

/** Converts fields to the SDK's format: repeated names become arrays. */
export function toSdkParams(fields: readonly FormField[]): Record<string, string | string[]> {
  const params: Record<string, string | string[]> = Object.create(null);
  for (const [name, value] of fields) {
    const known = params[name];
    params[name] = known === undefined ? value : [...(Array.isArray(known) ? known : [known]), value];
  }
  return params;
}

/** The signature header that Twilio would send. */
export function sdkSignature(token: string, url: string, fields: readonly FormField[]): string {
  return twilio.getExpectedTwilioSignature(token, url, toSdkParams(fields));
}

/** Whether the official SDK accepts the signature. */
export function sdkAccepts(
  token: string,
  signature: string | undefined,
  url: string,
  fields: readonly FormField[],
): boolean {
  return twilio.validateRequest(token, signature ?? '', url, toSdkParams(fields));
}

export interface RequestOptions {
  readonly pathAndQuery?: string;
  readonly token?: string;
  readonly publicUrl?: string;
}

/** A webhook with a valid signature. */
export function signedRequest(
  fields: readonly FormField[],
  {
    pathAndQuery = `/twilio/status?ref=${REFERENCE}`,
    token = AUTH_TOKEN,
    publicUrl = PUBLIC_URL,
  }: RequestOptions = {},
): WebhookRequest {
  return {
    publicUrl,
    pathAndQuery,
    signatureHeader: sdkSignature(token, publicUrl + pathAndQuery, fields),
    body: encodeForm(fields),
    authTokens: [AUTH_TOKEN, ALTERNATE_TOKEN],
    accountSid: ACCOUNT_SID,
  };
}
