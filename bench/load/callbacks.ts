/** Status callbacks as Twilio sends them, signed with its SDK, ready to write to a socket. */
import {randomBytes} from 'node:crypto';
import twilio from 'twilio';
import {ACCOUNT_SID, AUTH_TOKEN, publicUrl} from '../servers/servers.ts';

export interface CallbackOptions {
  readonly port: number;
  readonly count: number;
  /**
   * Calls in progress at a time. Each status is sent for all of them before the next status of any call, so that
   * concurrent requests do not reorder the statuses of a call.
   */
  readonly concurrentCalls: number;
  /** Number of events that a peer makes of one request. The gateway ignores it. @default 1 */
  readonly copies?: number;
  /** SIDs of the first calls. @default random */
  readonly callSids?: readonly string[];
}

/** Statuses of an answered call, in order. */
export const callbackStatuses = ['initiated', 'ringing', 'in-progress', 'completed'] as const;

/** Complete HTTP requests of about 1.4 kB: four statuses per call. */
export function signedCallbacks({
  port,
  count,
  concurrentCalls,
  copies = 1,
  callSids = [],
}: CallbackOptions): Buffer[] {
  const requests: Buffer[] = [];
  const sids = callSids.values();
  while (requests.length < count) {
    const calls = Array.from({length: concurrentCalls}, () => newCall(sids.next().value));
    for (const sequence of callbackStatuses.keys()) {
      for (const call of calls) requests.push(toRequest(port, call, sequence, copies));
    }
  }
  return requests.slice(0, count);
}

interface Call {
  readonly sid: string;
  readonly reference: string;
}

/** A random SID in Twilio's format. */
export function randomCallSid(): string {
  return `CA${randomBytes(16).toString('hex')}`;
}

function newCall(sid: string = randomCallSid()): Call {
  return {
    sid,
    reference: randomBytes(18).toString('base64url').slice(0, 22),
  };
}

function toRequest(port: number, call: Call, sequence: number, copies: number): Buffer {
  const target = `/twilio/status?ref=${call.reference}`;
  const fields = callbackFields(call.sid, sequence);
  const body = new URLSearchParams(fields).toString();
  const head = [
    `POST ${target} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    'Accept: */*',
    'User-Agent: TwilioProxy/1.1',
    'Content-Type: application/x-www-form-urlencoded; charset=UTF-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Twilio-Signature: ${twilio.getExpectedTwilioSignature(AUTH_TOKEN, publicUrl(port) + target, fields)}`,
    `I-Twilio-Idempotency-Token: ${call.reference}`,
    ...(copies === 1 ? [] : [`X-Copies: ${copies}`]),
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`);
}

/** Twilio's fields for an outbound call. */
export function callbackFields(callSid: string, sequence: number): Record<string, string> {
  const status = callbackStatuses[sequence] ?? 'completed';
  return {
    Called: '+491703330161',
    ToState: '',
    CallerCountry: 'US',
    Direction: 'outbound-api',
    // RFC 2822, as Twilio writes it.
    Timestamp: new Date().toUTCString().replace('GMT', '+0000'),
    CallbackSource: 'call-progress-events',
    SipResponseCode: status === 'completed' ? '200' : '',
    CallerState: 'CA',
    ToZip: '',
    SequenceNumber: String(sequence),
    CallSid: callSid,
    To: '+491703330161',
    CallerZip: '94105',
    ToCountry: 'DE',
    CalledZip: '',
    ApiVersion: '2010-04-01',
    CalledCity: '',
    CallStatus: status,
    From: '+16505055892',
    AccountSid: ACCOUNT_SID,
    CalledCountry: 'DE',
    CallerCity: 'SAN FRANCISCO',
    ToCity: '',
    FromCountry: 'US',
    Caller: '+16505055892',
    FromCity: 'SAN FRANCISCO',
    CalledState: '',
    FromZip: '94105',
    FromState: 'CA',
    ...(status === 'completed' ? {CallDuration: '49', Duration: '1'} : {}),
  };
}
