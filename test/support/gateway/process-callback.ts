/** A signed status callback for a gateway in a separate process. */
import twilio from 'twilio';
import {someCallSid} from '../twilio/signed-webhook.ts';
import type {ProcessBench} from './process-gateway.ts';

/** Posts the end of call `number` (see `someCallSid`). */
export function postCallback(
  {url, simulator}: ProcessBench,
  number: number,
  {headers, signal}: Pick<RequestInit, 'signal'> & {readonly headers?: Readonly<Record<string, string>>} = {},
): Promise<Response> {
  const fields = {
    AccountSid: simulator.accountSid,
    ApiVersion: '2010-04-01',
    CallSid: someCallSid(number),
    CallStatus: 'completed',
    Direction: 'outbound-api',
    From: '+15005550006',
    To: '+15550100001',
  };
  const signature = twilio.getExpectedTwilioSignature(simulator.authToken, `${url}/twilio/status`, fields);
  return fetch(`${url}/twilio/status`, {
    method: 'POST',
    headers: {'x-twilio-signature': signature, ...headers},
    body: new URLSearchParams(fields),
    ...(signal === undefined ? {} : {signal}),
  });
}
