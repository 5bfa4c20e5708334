import {API_VERSION} from '../calls/call-parameters.ts';
import {rfc2822} from '../dates.ts';
import {createSid} from '../sids.ts';
import {accountUriOf} from './account-path.ts';
import {e164} from './addresses.ts';
import {badRequest, notFound} from './api-error.ts';
import {formatted} from './call-resource.ts';
import {Collection} from './collection.ts';
import {text} from './form.ts';
import {page} from './paging.ts';
import type {Route, RoutedRequest} from './routes.ts';
import {configureVoice, noVoiceSettings, type VoiceSettings, voiceFields} from './voice-settings.ts';

/** A number of the account, and its handling of calls. */
export interface PhoneNumber extends VoiceSettings {
  readonly sid: string;
  readonly phoneNumber: string;
  readonly createdAt: Date;
  voiceApplicationSid: string;
  trunkSid: string;
}

/** The numbers of the account. */
export class PhoneNumbers extends Collection<PhoneNumber> {
  create(phoneNumber: string, config: Partial<PhoneNumber> = {}): PhoneNumber {
    const createdAt = new Date();
    return this.add({
      ...noVoiceSettings(formatted(phoneNumber), createdAt),
      sid: createSid('PN'),
      phoneNumber,
      createdAt,
      voiceApplicationSid: '',
      trunkSid: '',
      ...config,
    });
  }

  find(phoneNumber: string): PhoneNumber | null {
    return this.all().find((number) => number.phoneNumber === phoneNumber) ?? null;
  }
}

export interface PhoneNumberRoutesOptions {
  readonly numbers: PhoneNumbers;
  readonly accountSid: string;
  readonly accountPath: string;
}

/** `/IncomingPhoneNumbers.json` and `/IncomingPhoneNumbers/{sid}.json` (Twilio docs: "IncomingPhoneNumber resource"). */
export function phoneNumberRoutes({numbers, accountSid, accountPath}: PhoneNumberRoutesOptions): Route[] {
  const render = (number: PhoneNumber) => numberResource(number, accountSid);
  const find = ({params: {number = ''}, path}: RoutedRequest): PhoneNumber => {
    const found = numbers.get(number);
    if (found === null) throw notFound(path);
    return found;
  };
  return [
    {
      path: `${accountPath}/IncomingPhoneNumbers.json`,
      GET: ({path, query}) => {
        const items = filterNumbers(numbers.all(), query);
        return {status: 200, body: page({key: 'incoming_phone_numbers', items, render, path, query})};
      },
      POST: ({form}) => ({status: 201, body: render(buyNumber(numbers, form))}),
    },
    {
      path: `${accountPath}/IncomingPhoneNumbers/:number.json`,
      GET: (request) => ({status: 200, body: render(find(request))}),
      POST: (request) => {
        const number = find(request);
        configureNumber(number, request.form);
        return {status: 200, body: render(number)};
      },
      DELETE: (request) => {
        numbers.delete(find(request).sid);
        return {status: 204, body: null};
      },
    },
  ];
}

/** Buys a free number, or the first free number of an area code. Throws 21421, 21422 or 21402. */
function buyNumber(numbers: PhoneNumbers, form: URLSearchParams): PhoneNumber {
  const wanted = text(form, 'PhoneNumber');
  const phoneNumber = wanted === null ? freeNumber(numbers, text(form, 'AreaCode')) : e164(wanted);
  if (phoneNumber === null) throw badRequest(21421, `PhoneNumber is invalid: ${wanted}`);
  if (numbers.find(phoneNumber) !== null) throw badRequest(21422, `${phoneNumber} is not available.`);
  const draft = {
    ...noVoiceSettings(formatted(phoneNumber), new Date()),
    voiceApplicationSid: '',
    trunkSid: '',
  };
  configureNumber(draft, form);
  return numbers.create(phoneNumber, draft);
}

function freeNumber(numbers: PhoneNumbers, areaCode: string | null): string {
  if (areaCode === null || !/^[2-9]\d\d$/.test(areaCode)) {
    throw badRequest(21421, 'PhoneNumber or AreaCode is required.');
  }
  // 555-0100 to 555-0199 are reserved for fiction.
  for (let line = 100; line < 200; line += 1) {
    const candidate = `+1${areaCode}5550${line}`;
    if (numbers.find(candidate) === null) return candidate;
  }
  throw badRequest(21422, `No number is available in area code ${areaCode}.`);
}

function configureNumber(
  number: VoiceSettings & Pick<PhoneNumber, 'voiceApplicationSid' | 'trunkSid'>,
  form: URLSearchParams,
): void {
  configureVoice(number, form);
  if (form.has('VoiceApplicationSid')) number.voiceApplicationSid = text(form, 'VoiceApplicationSid') ?? '';
  if (form.has('TrunkSid')) number.trunkSid = text(form, 'TrunkSid') ?? '';
}

/** Filters numbers by PhoneNumber (`*` stands for digits) and FriendlyName. */
function filterNumbers(numbers: readonly PhoneNumber[], query: URLSearchParams): PhoneNumber[] {
  const wanted = query.get('PhoneNumber');
  const name = query.get('FriendlyName');
  const pattern = wanted ? new RegExp(wanted.replace(/[^\d*]/g, '').replaceAll(/\*+/g, '\\d*')) : null;
  return numbers.filter(
    (number) => (pattern?.test(number.phoneNumber) ?? true) && (!name || number.friendlyName === name),
  );
}

/** Renders a number as the REST API does. */
function numberResource(number: PhoneNumber, accountSid: string): Record<string, unknown> {
  const path = `${accountUriOf(accountSid)}/IncomingPhoneNumbers/${number.sid}`;
  return {
    sid: number.sid,
    account_sid: accountSid,
    phone_number: number.phoneNumber,
    api_version: API_VERSION,
    capabilities: {voice: true, sms: true, mms: true, fax: false},
    ...voiceFields(number),
    voice_receive_mode: 'voice',
    voice_application_sid: number.voiceApplicationSid || null,
    trunk_sid: number.trunkSid || null,
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
