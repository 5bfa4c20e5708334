/** The URLs we hand to Twilio, all under PUBLIC_URL. */
import {randomBytes} from 'node:crypto';

/**
 * Connection overrides (Twilio docs, "Webhooks: Connection Overrides"). By default Twilio tries once more, and only
 * when it could not connect; this asks for five more tries, also after a 5xx (our 503 when the journal cannot be
 * written) and a read timeout. It is a fragment: Twilio reads it and does not send it, nor sign it.
 */
const CONNECTION_OVERRIDES = '#rc=5&rp=5xx,ct,rt';

/** Webhook paths below PUBLIC_URL. */
export const STATUS_PATH = '/twilio/status';
export const VOICE_PATH = '/twilio/voice';

/** 132 random bits: nobody can guess the reference of a call they did not place. */
export function newReference(): string {
  return randomBytes(18).toString('base64url').slice(0, 22);
}

/** Where the status callbacks of the call with this reference go. */
export function statusCallbackUrl(publicUrl: string, reference: string): string {
  return `${publicUrl}${STATUS_PATH}?ref=${reference}${CONNECTION_OVERRIDES}`;
}

/** Where Twilio asks what the call with this reference shall do. */
export function voiceUrl(publicUrl: string, reference: string): string {
  return `${publicUrl}${VOICE_PATH}?ref=${reference}${CONNECTION_OVERRIDES}`;
}

/** What a number has to be set to, for its incoming calls to come here. */
export function numberUrls(publicUrl: string): {readonly voiceUrl: string; readonly statusCallback: string} {
  return {
    voiceUrl: `${publicUrl}${VOICE_PATH}${CONNECTION_OVERRIDES}`,
    statusCallback: `${publicUrl}${STATUS_PATH}${CONNECTION_OVERRIDES}`,
  };
}
