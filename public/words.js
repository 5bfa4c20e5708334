/** Calls in words: what a row says, and what is read out. @import {KnownCall} from './calls.js' */

const statusWords = new Map([
  ['initiating', 'initiating'],
  ['ringing', 'ringing'],
  ['in-progress', 'in progress'],
  ['completed', 'completed'],
  ['failed', 'failed'],
  ['unseen', 'ended'],
]);

/** Nothing that is longer is a number or a name; the gateway has the whole of it. */
const MAX_PARTY_LENGTH = 80;

/** @param {KnownCall} call */
export function statusWord({status}) {
  return statusWords.get(status) ?? status;
}

/** What there is to say beside the status. @param {KnownCall} call */
export function reasonWords({status, reason, providerStatus, answeredBy}) {
  if (status === 'unseen') return 'while not connected';
  if (reason !== undefined && reason !== 'failed') return reason.replaceAll('-', ' ');
  if (status === 'failed') return 'could not be reached';
  if (providerStatus === 'queued') return 'queued';
  return answeredBy === undefined || answeredBy === 'human' ? '' : `by ${answeredBy.replaceAll('_', ' ')}`;
}

/** @param {KnownCall} call */
export function kindWord({direction, parentCallSid}) {
  if (parentCallSid !== undefined) return 'leg';
  return direction.startsWith('outbound') || direction === 'trunking-originating' ? 'outbound' : 'inbound';
}

/** @param {string} party */
export function partyText(party) {
  if (party === '') return 'unknown';
  return party.length > MAX_PARTY_LENGTH ? `${party.slice(0, MAX_PARTY_LENGTH)}…` : party;
}

/** `4:05`, `1:02:03`. @param {number} seconds */
export function durationText(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (/** @type {number} */ number) => String(number).padStart(2, '0');
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** What a listener hears of a change. @param {KnownCall} call */
export function spoken(call) {
  const other = kindWord(call) === 'inbound' ? call.from : call.to;
  const reason = reasonWords(call);
  return `${partyText(other)} ${statusWord(call)}${reason === '' ? '' : `, ${reason}`}`;
}
