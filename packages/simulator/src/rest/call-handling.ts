import type {CallEvent, CallOptions} from '../calls/call.ts';
import type {Applications} from './applications.ts';
import type {PhoneNumber} from './phone-numbers.ts';
import type {VoiceSettings} from './voice-settings.ts';

/** The document of a call, and its callbacks. */
export type CallHandling = Pick<CallOptions, 'document' | 'fallback' | 'statusCallback' | 'applicationSid'>;

/** Numbers and applications cannot choose events: they get only the last callback (Twilio docs). */
const LAST_EVENT: ReadonlySet<CallEvent> = new Set(['completed']);

/** Returns the call handling of the voice settings of a number or application. */
export function voiceHandling(settings: VoiceSettings): CallHandling {
  const {voiceUrl, voiceMethod, voiceFallbackUrl, voiceFallbackMethod} = settings;
  const {statusCallback, statusCallbackMethod} = settings;
  return {
    document: voiceUrl === '' ? null : {kind: 'url', url: voiceUrl, method: voiceMethod},
    fallback: voiceFallbackUrl === '' ? null : {url: voiceFallbackUrl, method: voiceFallbackMethod},
    statusCallback:
      statusCallback === '' ? null : {url: statusCallback, method: statusCallbackMethod, events: LAST_EVENT},
  };
}

/**
 * Returns the call handling of a number. Its application overrides its own settings, and a trunk disables
 * them.
 */
export function numberHandling(number: PhoneNumber, applications: Applications): CallHandling {
  const {trunkSid, voiceApplicationSid} = number;
  if (trunkSid !== '') return {document: null};
  if (voiceApplicationSid === '') return voiceHandling(number);
  const application = applications.get(voiceApplicationSid);
  if (application === null) return {document: null};
  return {...voiceHandling(application), applicationSid: voiceApplicationSid};
}
