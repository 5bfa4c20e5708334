/**
 * The account port over Twilio's REST API. It uses the SDK's transport directly, because its responses keep
 * headers.
 */
import type twilio from 'twilio';
import {z} from 'zod';
import type {
  AccountOutcome,
  NumberOutcome,
  NumberUpdate,
  TwilioAccountClient,
  TwilioNumber,
  VerifiedNumbersOutcome,
} from '../twilio-account.ts';
import type {ProviderFault} from '../twilio-client.ts';
import {createSdk, type TwilioRestOptions, toFault} from './sdk.ts';

/** Less than the 10 s limit of a check, so that the check can still report the cause. */
const TIMEOUT_MS = 8000;

/** Every field from Twilio may be null. */
const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '');

const accountBody = z.object({friendly_name: text, status: z.string(), type: text});

const numberBody = z
  .object({
    sid: z.string().regex(/^PN[0-9a-fA-F]{32}$/),
    phone_number: z.string(),
    capabilities: z.object({voice: z.boolean().nullish()}).nullish(),
    voice_url: text,
    voice_method: text,
    status_callback: text,
    status_callback_method: text,
    voice_application_sid: text,
    trunk_sid: text,
  })
  .transform(
    (body): TwilioNumber => ({
      sid: body.sid,
      phoneNumber: body.phone_number,
      // Twilio may omit the field, so only an explicit `false` counts.
      voice: body.capabilities?.voice !== false,
      voiceUrl: body.voice_url,
      voiceMethod: body.voice_method,
      statusCallback: body.status_callback,
      statusCallbackMethod: body.status_callback_method,
      voiceApplicationSid: body.voice_application_sid,
      trunkSid: body.trunk_sid,
    }),
  );

const numbersBody = z.object({incoming_phone_numbers: z.array(numberBody)});
const verifiedBody = z.object({outgoing_caller_ids: z.array(z.object({phone_number: z.string()}))});
const errorBody = z.object({code: z.number().optional(), message: z.string().optional()});

/** The result of the SDK's transport, for any status. */
interface RawAnswer {
  readonly statusCode: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, unknown>>;
}

type Asked<Value> =
  | {readonly kind: 'answered'; readonly value: Value; readonly serverTime?: number}
  | {readonly kind: 'failed'; readonly fault: ProviderFault; readonly serverTime?: number};

/**
 * Twilio's account resources as a {@link TwilioAccountClient}. Nothing is sent before the first call of a
 * method.
 */
export class TwilioAccountRest implements TwilioAccountClient {
  readonly #sdk: twilio.Twilio;
  readonly #base: string;

  constructor(options: TwilioRestOptions) {
    this.#sdk = createSdk({timeoutMs: TIMEOUT_MS, ...options});
    // The transport replaces the host, so only the path matters here.
    this.#base = `https://api.twilio.com/2010-04-01/Accounts/${options.accountSid}`;
  }

  async fetchAccount(): Promise<AccountOutcome> {
    const asked = await this.#ask(accountBody, {method: 'get', path: '.json'});
    if (asked.kind === 'failed') return asked;
    const {friendly_name: friendlyName, status, type} = asked.value;
    return {kind: 'found', account: {friendlyName, status, type}, serverTime: asked.serverTime};
  }

  async findNumber(phoneNumber: string): Promise<NumberOutcome> {
    const asked = await this.#ask(numbersBody, {
      method: 'get',
      path: '/IncomingPhoneNumbers.json',
      params: {PhoneNumber: phoneNumber},
    });
    if (asked.kind === 'failed') return asked;
    // The filter is a pattern and may match more numbers.
    const number = asked.value.incoming_phone_numbers.find((each) => each.phoneNumber === phoneNumber);
    return number === undefined ? {kind: 'missing'} : {kind: 'found', number};
  }

  async listVerifiedNumbers(): Promise<VerifiedNumbersOutcome> {
    const asked = await this.#ask(verifiedBody, {method: 'get', path: '/OutgoingCallerIds.json'});
    if (asked.kind === 'failed') return asked;
    return {
      kind: 'found',
      phoneNumbers: asked.value.outgoing_caller_ids.map(({phone_number: number}) => number),
    };
  }

  async updateNumber(sid: string, update: NumberUpdate): Promise<NumberOutcome> {
    const asked = await this.#ask(numberBody, {
      method: 'post',
      path: `/IncomingPhoneNumbers/${encodeURIComponent(sid)}.json`,
      data: {
        VoiceUrl: update.voiceUrl,
        VoiceMethod: update.voiceMethod,
        StatusCallback: update.statusCallback,
        StatusCallbackMethod: update.statusCallbackMethod,
      },
    });
    if (asked.kind === 'answered') return {kind: 'found', number: asked.value};
    return asked.fault.status === 404 ? {kind: 'missing'} : asked;
  }

  async #ask<Value>(
    schema: z.ZodType<Value>,
    {path, ...request}: {method: 'get' | 'post'; path: string; params?: object; data?: object},
  ): Promise<Asked<Value>> {
    let answer: RawAnswer;
    try {
      answer = (await this.#sdk.request({...request, uri: this.#base + path})) as RawAnswer;
    } catch (error) {
      return {kind: 'failed', fault: toFault(error)};
    }
    const {statusCode: status, body, headers} = answer;
    const serverTime = toTime(headers?.['date']);
    if (status >= 300) return {kind: 'failed', fault: refusal(status, body), serverTime};
    const parsed = schema.safeParse(body);
    if (parsed.success) return {kind: 'answered', value: parsed.data, serverTime};
    return {kind: 'failed', fault: {message: "Twilio's response could not be read.", status}, serverTime};
  }
}

function refusal(status: number, body: unknown): ProviderFault {
  const {code, message} = errorBody.safeParse(body).data ?? {};
  return {message: message || `Twilio answered ${status}.`, code, status};
}

function toTime(date: unknown): number | undefined {
  const time = typeof date === 'string' ? Date.parse(date) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}
