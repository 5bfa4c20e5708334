import type {HttpMethod} from '../webhooks/target.ts';
import {absoluteUrl, flag, method, text} from './form.ts';

/** The call settings that numbers and applications share. */
export interface VoiceSettings {
  updatedAt: Date;
  friendlyName: string;
  voiceUrl: string;
  voiceMethod: HttpMethod;
  voiceFallbackUrl: string;
  voiceFallbackMethod: HttpMethod;
  voiceCallerIdLookup: boolean;
  statusCallback: string;
  statusCallbackMethod: HttpMethod;
}

export function noVoiceSettings(friendlyName: string, updatedAt: Date): VoiceSettings {
  return {
    updatedAt,
    friendlyName,
    voiceUrl: '',
    voiceMethod: 'POST',
    voiceFallbackUrl: '',
    voiceFallbackMethod: 'POST',
    voiceCallerIdLookup: false,
    statusCallback: '',
    statusCallbackMethod: 'POST',
  };
}

/** Applies the given parameters. Throws 21402 for an invalid URL before changing anything. */
export function configureVoice(settings: VoiceSettings, form: URLSearchParams): void {
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
  const checkedUrls = urls.map(
    ([name, field]) => [name, field, absoluteUrl(form, name, 21402) ?? ''] as const,
  );
  const checkedMethods = methods.map(([name, field]) => [name, field, method(form, name)] as const);
  for (const [name, field, url] of checkedUrls) if (form.has(name)) settings[field] = url;
  for (const [name, field, value] of checkedMethods) if (form.has(name)) settings[field] = value;
  if (form.has('FriendlyName')) settings.friendlyName = text(form, 'FriendlyName') ?? '';
  if (form.has('VoiceCallerIdLookup')) settings.voiceCallerIdLookup = flag(form, 'VoiceCallerIdLookup');
  settings.updatedAt = new Date();
}

/** Renders the settings as both resources do. */
export function voiceFields(settings: VoiceSettings): Record<string, unknown> {
  return {
    friendly_name: settings.friendlyName,
    voice_url: settings.voiceUrl,
    voice_method: settings.voiceMethod,
    voice_fallback_url: settings.voiceFallbackUrl,
    voice_fallback_method: settings.voiceFallbackMethod,
    voice_caller_id_lookup: settings.voiceCallerIdLookup,
    status_callback: settings.statusCallback,
    status_callback_method: settings.statusCallbackMethod,
  };
}
