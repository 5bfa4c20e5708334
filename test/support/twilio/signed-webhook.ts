/** Webhooks as Twilio sends them: form-encoded, and signed with the official SDK as a reference. */
import twilio from 'twilio';
import type {TestGateway} from '../gateway/gateway.ts';

export interface WebhookOptions {
  readonly route?: 'status' | 'voice';
  /** Query string with `?`. */
  readonly query?: string;
  readonly authToken?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A signature to send instead of the correct one; `null` for none. */
  readonly signature?: string | null;
}

/** Fields of a status callback, with the common fields. */
export function statusFields(
  gateway: TestGateway,
  fields: Readonly<Record<string, string>>,
): Record<string, string> {
  return {
    AccountSid: gateway.environment.twilio.accountSid,
    ApiVersion: '2010-04-01',
    From: '+15005550006',
    To: '+15550100001',
    Direction: 'outbound-api',
    CallbackSource: 'call-progress-events',
    ...fields,
  };
}

/** Posts a signed webhook to the gateway. */
export async function postWebhook(
  gateway: Pick<TestGateway, 'url' | 'environment'>,
  fields: Readonly<Record<string, string>>,
  {route = 'status', query = '', authToken, headers, signature}: WebhookOptions = {},
): Promise<Response> {
  const {twilio: account, publicUrl} = gateway.environment;
  const pathAndQuery = `/twilio/${route}${query}`;
  const right = twilio.getExpectedTwilioSignature(
    authToken ?? account.authToken,
    publicUrl + pathAndQuery,
    fields,
  );
  const signed: Record<string, string> = signature === null ? {} : {'x-twilio-signature': signature ?? right};
  return fetch(gateway.url + pathAndQuery, {
    method: 'POST',
    headers: {'content-type': 'application/x-www-form-urlencoded', ...signed, ...headers},
    body: new URLSearchParams(fields),
  });
}

/** A call SID that no simulator assigns. */
export function someCallSid(number: number): string {
  return `CAf${number.toString(16).padStart(31, '0')}`;
}
