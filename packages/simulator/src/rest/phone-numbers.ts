import {API_VERSION} from '../calls/call-parameters.ts';
import {rfc2822} from '../dates.ts';
import {createSid} from '../sids.ts';
import type {HttpMethod} from '../webhooks/target.ts';
import {formatted} from './call-resource.ts';
import {absoluteUrl, method, text} from './form.ts';

/** A number of the account and what happens when it is called. */
export interface PhoneNumber {
  readonly sid: string;
  readonly phoneNumber: string;
  readonly createdAt: Date;
  updatedAt: Date;
  friendlyName: string;
  voiceUrl: string;
  voiceMethod: HttpMethod;
  voiceFallbackUrl: string;
  voiceFallbackMethod: HttpMethod;
  statusCallback: string;
  statusCallbackMethod: HttpMethod;
  voiceApplicationSid: string;
  trunkSid: string;
}

/** The numbers the account owns. */
export class PhoneNumbers {
  readonly #numbers = new Map<string, PhoneNumber>();

  add(phoneNumber: string, config: Partial<PhoneNumber> = {}): PhoneNumber {
    const createdAt = new Date();
    const number: PhoneNumber = {
      sid: createSid('PN'),
      phoneNumber,
      createdAt,
      updatedAt: createdAt,
      friendlyName: formatted(phoneNumber),
      voiceUrl: '',
      voiceMethod: 'POST',
      voiceFallbackUrl: '',
      voiceFallbackMethod: 'POST',
      statusCallback: '',
      statusCallbackMethod: 'POST',
      voiceApplicationSid: '',
      trunkSid: '',
      ...config,
    };
    this.#numbers.set(number.sid, number);
    return number;
  }

  get(sid: string): PhoneNumber | null {
    return this.#numbers.get(sid) ?? null;
  }

  find(phoneNumber: string): PhoneNumber | null {
    return this.all().find((number) => number.phoneNumber === phoneNumber) ?? null;
  }

  delete(sid: string): void {
    this.#numbers.delete(sid);
  }

  all(): PhoneNumber[] {
    return [...this.#numbers.values()];
  }
}

/** Applies the parameters that are there. Throws 21402 for a URL that is none. */
export function configureNumber(number: PhoneNumber, form: URLSearchParams): void {
  const urls = [
    ['VoiceUrl', 'voiceUrl'],
    ['VoiceFallbackUrl', 'voiceFallbackUrl'],
    ['StatusCallback', 'statusCallback'],
  ] as const;
  const methods = [
    ['VoiceMethod', 'voiceMethod'],
    ['VoiceFallbackMethod', 'voiceFallbackMethod'],
    ['StatusCallbackMethod', 'statusCallbackMethod'],
  ] as const;
  const texts = [
    ['FriendlyName', 'friendlyName'],
    ['VoiceApplicationSid', 'voiceApplicationSid'],
    ['TrunkSid', 'trunkSid'],
  ] as const;
  const checked = urls.map(([name, field]) => [name, field, absoluteUrl(form, name, 21402)] as const);
  for (const [name, field, url] of checked) if (form.has(name)) number[field] = url ?? '';
  for (const [name, field] of methods) if (form.has(name)) number[field] = method(form, name);
  for (const [name, field] of texts) if (form.has(name)) number[field] = text(form, name) ?? '';
  number.updatedAt = new Date();
}

/** Numbers that match PhoneNumber (`*` stands for digits) and FriendlyName. */
export function filterNumbers(numbers: readonly PhoneNumber[], query: URLSearchParams): PhoneNumber[] {
  const wanted = query.get('PhoneNumber');
  const name = query.get('FriendlyName');
  const pattern = wanted ? new RegExp(wanted.replace(/[^\d*]/g, '').replaceAll('*', '\\d*')) : null;
  return numbers.filter(
    (number) => (pattern?.test(number.phoneNumber) ?? true) && (!name || number.friendlyName === name),
  );
}

/** A number as the REST API shows it (Twilio docs: "IncomingPhoneNumber resource"). */
export function numberResource(number: PhoneNumber, accountSid: string): Record<string, unknown> {
  const path = `/${API_VERSION}/Accounts/${accountSid}/IncomingPhoneNumbers/${number.sid}`;
  return {
    sid: number.sid,
    account_sid: accountSid,
    phone_number: number.phoneNumber,
    friendly_name: number.friendlyName,
    api_version: API_VERSION,
    capabilities: {voice: true, sms: true, mms: true, fax: false},
    voice_url: number.voiceUrl,
    voice_method: number.voiceMethod,
    voice_fallback_url: number.voiceFallbackUrl,
    voice_fallback_method: number.voiceFallbackMethod,
    voice_caller_id_lookup: false,
    voice_receive_mode: 'voice',
    voice_application_sid: number.voiceApplicationSid || null,
    trunk_sid: number.trunkSid || null,
    status_callback: number.statusCallback,
    status_callback_method: number.statusCallbackMethod,
    sms_url: '',
    sms_method: 'POST',
    sms_fallback_url: '',
    sms_fallback_method: 'POST',
    sms_application_sid: null,
    address_requirements: 'none',
    address_sid: null,
    bundle_sid: null,
    identity_sid: null,
    emergency_status: 'Inactive',
    emergency_address_sid: null,
    emergency_address_status: 'unregistered',
    beta: false,
    origin: 'twilio',
    status: 'in-use',
    type: 'local',
    date_created: rfc2822(number.createdAt),
    date_updated: rfc2822(number.updatedAt),
    uri: `${path}.json`,
    subresource_uris: {assigned_add_ons: `${path}/AssignedAddOns.json`},
  };
}
