/** The Twilio port over Twilio's REST API, through the official SDK. */
import {type CallDirection, type ProviderStatus, providerStatuses} from '@hookswitch/protocol';
import {callDirection} from '@hookswitch/protocol/schemas';
import type twilio from 'twilio';
import type {
  CallFilter,
  DialOutcome,
  DialRequest,
  EndOutcome,
  FetchOutcome,
  ListOutcome,
  ProviderFault,
  TwilioCall,
  TwilioClient,
} from '../twilio-client.ts';
import {createSdk, type TwilioRestOptions, toFault} from './sdk.ts';

export type {TwilioRestOptions} from './sdk.ts';

/** All four events as repeated keys. If they are joined into one string, Twilio reports nothing (21626). */
const STATUS_CALLBACK_EVENTS = ['initiated', 'ringing', 'answered', 'completed'];

/** Errors of connections that were never established, so Twilio cannot have read the request. */
const NEVER_SENT =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|ERR_TLS_|ERR_INVALID_URL)/;

/** Twilio's maximum page size of a list. */
const PAGE_SIZE = 1000;

/** Errors of an update of a call that has ended: not found, or not in a state that can be changed. */
const NOT_ENDABLE_CODES = new Set([20404, 21220]);

/** Twilio's REST API as a {@link TwilioClient}. Nothing is sent before the first call of a method. */
export class TwilioRest implements TwilioClient {
  readonly #sdk: twilio.Twilio;

  constructor(options: TwilioRestOptions) {
    this.#sdk = createSdk(options);
  }

  async dial(request: DialRequest): Promise<DialOutcome> {
    const {instructions, ...rest} = request;
    try {
      const call = await this.#sdk.calls.create({
        ...rest,
        ...instructions,
        statusCallbackEvent: STATUS_CALLBACK_EVENTS,
        statusCallbackMethod: 'POST',
      });
      const placed = toTwilioCall(call);
      if (placed !== undefined) return {kind: 'placed', call: placed};
      return {kind: 'unknown', fault: {message: "Twilio's response contains no call.", status: 201}};
    } catch (error) {
      const fault = toFault(error);
      return {kind: cannotHaveHappened(error, fault) ? 'rejected' : 'unknown', fault};
    }
  }

  async end(callSid: string, status: 'canceled' | 'completed'): Promise<EndOutcome> {
    try {
      const call = toTwilioCall(await this.#sdk.calls(callSid).update({status}));
      if (call !== undefined) return {kind: 'accepted', call};
      return {kind: 'failed', fault: {message: "Twilio's response could not be read."}};
    } catch (error) {
      const fault = toFault(error);
      const notEndable =
        fault.status === 404 || (fault.code !== undefined && NOT_ENDABLE_CODES.has(fault.code));
      return {kind: notEndable ? 'not-endable' : 'failed', fault};
    }
  }

  async fetch(callSid: string): Promise<FetchOutcome> {
    try {
      const call = toTwilioCall(await this.#sdk.calls(callSid).fetch());
      if (call !== undefined) return {kind: 'found', call};
      return {kind: 'failed', fault: {message: "Twilio's response could not be read."}};
    } catch (error) {
      const fault = toFault(error);
      return fault.status === 404 ? {kind: 'missing'} : {kind: 'failed', fault};
    }
  }

  async list({status, startedAfter}: CallFilter, next?: string): Promise<ListOutcome> {
    const startTimeAfter = startedAfter === undefined ? undefined : new Date(startedAfter);
    try {
      const page = await (next === undefined
        ? this.#sdk.calls.page({status: status as SdkCall['status'], startTimeAfter, pageSize: PAGE_SIZE})
        : this.#sdk.calls.getPage(next));
      const calls = page.instances.map(toTwilioCall).filter((call) => call !== undefined);
      return {kind: 'page', calls, next: page.nextPageUrl};
    } catch (error) {
      // The SDK throws these errors if the body is not a list.
      const unreadable = error instanceof TypeError || error instanceof SyntaxError;
      return {
        kind: 'failed',
        fault: unreadable ? {message: "Twilio's response could not be read."} : toFault(error),
      };
    }
  }
}

/** The SDK's call. Despite its types, every field may be missing or null. */
type SdkCall = Awaited<ReturnType<ReturnType<twilio.Twilio['calls']>['fetch']>>;

function toTwilioCall(call: SdkCall): TwilioCall | undefined {
  const providerStatus = providerStatuses.find((status) => status === call.status);
  if (typeof call.sid !== 'string' || !/^CA[0-9a-fA-F]{32}$/.test(call.sid) || providerStatus === undefined) {
    return undefined;
  }
  return {
    callSid: call.sid,
    providerStatus,
    direction: toDirection(call.direction),
    from: call.from || undefined,
    to: call.to || undefined,
    parentCallSid: call.parentCallSid || undefined,
    answeredBy: call.answeredBy || undefined,
    duration: toDuration(providerStatus, call.duration),
    endedAt: toTime(call.endTime),
  };
}

function toDirection(direction: string | null | undefined): CallDirection | undefined {
  const parsed = callDirection.safeParse(direction);
  return parsed.success ? parsed.data : undefined;
}

/** Seconds. Twilio sends a string, and "0" for calls that are still ringing. */
function toDuration(status: ProviderStatus, duration: string | null | undefined): number | undefined {
  return status === 'completed' && duration && /^\d{1,9}$/.test(duration) ? Number(duration) : undefined;
}

function toTime(date: Date | null | undefined): number | undefined {
  const time = date?.getTime();
  return time === undefined || Number.isNaN(time) ? undefined : time;
}

/** Whether it is certain that nothing was dialed. A 5xx or a broken connection leaves it open. */
function cannotHaveHappened(error: unknown, fault: ProviderFault): boolean {
  if (fault.status !== undefined) return fault.status >= 400 && fault.status < 500;
  const code = (error as {readonly code?: unknown} | null)?.code;
  return typeof code === 'string' && NEVER_SENT.test(code);
}
