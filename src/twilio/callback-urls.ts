/** The URLs that we give to Twilio, all below PUBLIC_URL. */
import {randomBytes} from 'node:crypto';

/**
 * Connection overrides (Twilio docs, "Webhooks: Connection Overrides"). By default Twilio retries once, and
 * only if it could not connect. This requests five retries, also after a 5xx (our 503 while the journal is
 * not writable) and after a read timeout. It is a fragment: Twilio reads it but neither sends nor signs it.
 */
const CONNECTION_OVERRIDES = '#rc=5&rp=5xx,ct,rt';

/** Webhook paths below PUBLIC_URL. */
export const STATUS_PATH = '/twilio/status';
export const VOICE_PATH = '/twilio/voice';

/** 132 random bits, so that nobody can guess the reference of another user's call. */
export function newReference(): string {
  return randomBytes(18).toString('base64url').slice(0, 22);
}

/** The URL for the status callbacks of the call with this reference. */
export function statusCallbackUrl(publicUrl: string, reference: string): string {
  return `${publicUrl}${STATUS_PATH}?ref=${reference}${CONNECTION_OVERRIDES}`;
}

/** The URL from which Twilio fetches the TwiML of the call with this reference. */
export function voiceUrl(publicUrl: string, reference: string): string {
  return `${publicUrl}${VOICE_PATH}?ref=${reference}${CONNECTION_OVERRIDES}`;
}

/** The URLs that a number needs so that its incoming calls reach this gateway. */
export function numberUrls(publicUrl: string): {readonly voiceUrl: string; readonly statusCallback: string} {
  return {
    voiceUrl: `${publicUrl}${VOICE_PATH}${CONNECTION_OVERRIDES}`,
    statusCallback: `${publicUrl}${STATUS_PATH}${CONNECTION_OVERRIDES}`,
  };
}
