/** Checks whether the number belongs to the account, supports voice, and sends its calls to this gateway. */
import {numberUrls} from '../../twilio/callback-urls.ts';
import type {TwilioAccountClient, TwilioNumber} from '../../twilio/twilio-account.ts';
import {type Check, type Evidence, type Finding, shown, shownUrl, twilioFailure} from './check.ts';

export interface NumberCheckOptions {
  readonly account: TwilioAccountClient;
  /** E.164. */
  readonly phoneNumber: string;
  readonly publicUrl: string;
  readonly apiUrl: string;
}

export function numberCheck(options: NumberCheckOptions): Check {
  return {id: 'number', title: 'The number and its webhook', run: () => check(options)};
}

async function check(options: NumberCheckOptions): Promise<Finding> {
  const {account, phoneNumber, apiUrl} = options;
  const outcome = await account.findNumber(phoneNumber);
  if (outcome.kind === 'failed') return twilioFailure(outcome.fault, apiUrl);
  if (outcome.kind === 'missing')
    return {
      status: 'failed',
      summary: `The account has no number ${phoneNumber}.`,
      evidence: [{label: 'TWILIO_PHONE_NUMBER', value: phoneNumber}],
      remedy:
        'Set TWILIO_PHONE_NUMBER to a number of this account, or buy one in the Twilio console. A verified caller ID can place calls but never receives any.',
    };
  return judge(outcome.number, options);
}

function judge(number: TwilioNumber, {phoneNumber, publicUrl}: NumberCheckOptions): Finding {
  const evidence = evidenceOf(number);
  if (!number.voice)
    return {
      status: 'failed',
      summary: `${phoneNumber} does not support voice calls.`,
      evidence,
      remedy: 'Set TWILIO_PHONE_NUMBER to a number with voice capability.',
    };
  const taker = [
    ...(number.voiceApplicationSid === '' ? [] : [`the application ${shown(number.voiceApplicationSid)}`]),
    ...(number.trunkSid === '' ? [] : [`the trunk ${shown(number.trunkSid)}`]),
  ].join(' and ');
  if (taker !== '')
    return {
      status: 'warning',
      summary: `Incoming calls go to ${taker}, not here. Placing calls works.`,
      evidence,
      remedy:
        'Twilio ignores the Voice URL while an application or a trunk is set. Remove it from the number in the Twilio console, then check again.',
    };
  const faults = faultsOf(number, publicUrl);
  if (faults.length === 0)
    return {status: 'ok', summary: 'The number is yours, and its calls come here.', evidence};
  return {
    status: 'warning',
    summary: `${sentence(faults)}. Placing calls works.`,
    evidence: [...evidence, {label: 'Expected', value: numberUrls(publicUrl).voiceUrl}],
    remedy: 'Let the gateway set both URLs of the number, or set them in the Twilio console.',
    action: {
      id: 'point-number-here',
      label: 'Point the number here',
      consequence: consequenceOf(number, phoneNumber, publicUrl),
    },
  };
}

/** The differences from `numberUrls`, most important first. */
function faultsOf(number: TwilioNumber, publicUrl: string): readonly string[] {
  const expected = numberUrls(publicUrl);
  const found: readonly (readonly [boolean, string])[] = [
    [number.voiceUrl === '', 'incoming calls fail because the number has no Voice URL'],
    [
      number.voiceUrl !== '' && !sameTarget(number.voiceUrl, expected.voiceUrl),
      'incoming calls go elsewhere',
    ],
    // An empty method means Twilio's default, POST.
    [number.voiceMethod !== '' && number.voiceMethod !== 'POST', 'the Voice URL is not requested with POST'],
    [
      !sameTarget(number.statusCallback, expected.statusCallback),
      'the end of incoming calls is not reported here',
    ],
    [
      number.statusCallbackMethod !== '' && number.statusCallbackMethod !== 'POST',
      'the status callback is not sent with POST',
    ],
  ];
  const faults = found.filter(([holds]) => holds).map(([, fault]) => fault);
  if (faults.length > 0) return faults;
  // The gateway answers 503 when the journal cannot be written. Twilio retries only if the URL asks for it.
  const retried = [number.voiceUrl, number.statusCallback].every((url) => /#(?:.*&)?rp=/.test(url));
  return retried ? [] : ['Twilio does not retry after a 5xx because the URLs do not ask for it'];
}

function sameTarget(url: string, expected: string): boolean {
  return withoutFragment(url) === withoutFragment(expected);
}

function withoutFragment(url: string): string {
  return url.replace(/#.*$/s, '');
}

function sentence([first = '', ...more]: readonly string[]): string {
  return [first.charAt(0).toUpperCase() + first.slice(1), ...more].join('; ');
}

function evidenceOf(number: TwilioNumber): readonly Evidence[] {
  return [
    {label: 'Number', value: `${number.phoneNumber} (${number.sid})`},
    {label: 'Voice', value: number.voice ? 'yes' : 'no'},
    {label: 'Voice URL', value: withMethod(number.voiceUrl, number.voiceMethod)},
    {label: 'Status callback', value: withMethod(number.statusCallback, number.statusCallbackMethod)},
  ];
}

function withMethod(url: string, method: string): string {
  return url === '' ? '(none)' : `${shown(method) || 'POST'} ${shownUrl(url)}`;
}

function consequenceOf(number: TwilioNumber, phoneNumber: string, publicUrl: string): string {
  const {voiceUrl, statusCallback} = numberUrls(publicUrl);
  const before =
    number.voiceUrl === '' || sameTarget(number.voiceUrl, voiceUrl)
      ? ''
      : ` Calls to it no longer go to ${shownUrl(number.voiceUrl)}.`;
  return `Sets the Voice URL of ${phoneNumber} at Twilio to ${withoutFragment(voiceUrl)} and its status callback to ${withoutFragment(statusCallback)}.${before}`;
}
