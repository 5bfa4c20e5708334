import type {Call} from '../calls/call.ts';
import {API_VERSION} from '../calls/call-parameters.ts';
import {rfc2822} from '../dates.ts';

/** How long after the end the price is available. Real milliseconds. */
const PRICING_MS = 1000;
/** Price per started minute. US dollars. */
const PRICE_PER_MINUTE = 0.014;

const SUBRESOURCES: Readonly<Record<string, string>> = {
  notifications: 'Notifications',
  recordings: 'Recordings',
  payments: 'Payments',
  events: 'Events',
  siprec: 'Siprec',
  streams: 'Streams',
  transcriptions: 'Transcriptions',
  user_defined_message_subscriptions: 'UserDefinedMessageSubscriptions',
  user_defined_messages: 'UserDefinedMessages',
};

/** Renders a call as the REST API does (Twilio docs: "Call resource"). */
export function callResource(call: Call, accountSid: string): Record<string, unknown> {
  const {options, end} = call;
  const path = `/${API_VERSION}/Accounts/${accountSid}/Calls/${call.sid}`;
  const subresources = Object.entries(SUBRESOURCES).map(([key, name]) => [key, `${path}/${name}.json`]);
  return {
    sid: call.sid,
    account_sid: accountSid,
    parent_call_sid: call.parentSid,
    to: options.to,
    to_formatted: formatted(options.to),
    from: options.from,
    from_formatted: formatted(options.from),
    phone_number_sid: options.phoneNumberSid ?? null,
    // `initiated` appears only in callbacks.
    status: call.status === 'initiated' ? 'queued' : call.status,
    start_time: call.dialedAt === null ? null : rfc2822(call.dialedAt),
    end_time: call.endedAt === null ? null : rfc2822(call.endedAt),
    duration: end?.status === 'completed' ? String(end.durationSeconds) : null,
    price: price(call),
    price_unit: 'USD',
    direction: options.direction,
    answered_by: call.answeredBy,
    annotation: null,
    api_version: API_VERSION,
    forwarded_from: options.forwardedFrom ?? null,
    group_sid: null,
    caller_name: options.callerName ?? '',
    queue_time: String(options.queueTimeMs ?? 0),
    trunk_sid: '',
    date_created: rfc2822(call.createdAt),
    date_updated: rfc2822(call.updatedAt),
    uri: `${path}.json`,
    subresource_uris: Object.fromEntries(subresources) as Record<string, string>,
  };
}

/** The response to a create request: still queued, and most later fields are null. */
export function freshCallResource(call: Call, accountSid: string): Record<string, unknown> {
  return {
    ...callResource(call, accountSid),
    status: 'queued',
    start_time: null,
    end_time: null,
    duration: null,
    price: null,
    answered_by: null,
    caller_name: null,
    trunk_sid: null,
    date_created: null,
    date_updated: null,
  };
}

/** Formats North American numbers for people, and leaves other addresses unchanged. */
export function formatted(address: string): string {
  return address.replace(/^\+1(\d{3})(\d{3})(\d{4})$/, '($1) $2-$3');
}

function price({end, endedAt}: Call): string | null {
  if (end === null || endedAt === null || end.durationSeconds === 0) return null;
  if (Date.now() - endedAt.getTime() < PRICING_MS) return null;
  return (-Math.ceil(end.durationSeconds / 60) * PRICE_PER_MINUTE).toFixed(5);
}
