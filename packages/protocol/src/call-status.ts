/** What a call's status can be, in Twilio's words and in ours, and how the two relate. */

/** Twilio's own words: the REST statuses and `initiated`, which appears in callbacks only. */
export const providerStatuses = [
  'queued',
  'initiated',
  'ringing',
  'in-progress',
  'completed',
  'busy',
  'failed',
  'no-answer',
  'canceled',
] as const;
export type ProviderStatus = (typeof providerStatuses)[number];

/** What a browser is told (`call.status`). */
export const callStatuses = ['initiating', 'ringing', 'in-progress', 'completed', 'failed'] as const;
export type CallStatus = (typeof callStatuses)[number];

/** Why a call that `failed` did. */
export const failureReasons = ['busy', 'no-answer', 'canceled', 'failed'] as const;
export type FailureReason = (typeof failureReasons)[number];

/** The order no call goes back in (J4): `queued < initiated < ringing < in-progress < ended`. */
const ranks: Readonly<Record<ProviderStatus, number>> = {
  queued: 0,
  initiated: 1,
  ringing: 2,
  'in-progress': 3,
  completed: 4,
  busy: 4,
  failed: 4,
  'no-answer': 4,
  canceled: 4,
};

const wireStatuses: Readonly<Record<ProviderStatus, CallStatus>> = {
  queued: 'initiating',
  initiated: 'initiating',
  ringing: 'ringing',
  'in-progress': 'in-progress',
  completed: 'completed',
  busy: 'failed',
  failed: 'failed',
  'no-answer': 'failed',
  canceled: 'failed',
};

/** A status' place in the order of a call's life, 0 to 4. */
export function statusRank(status: ProviderStatus): number {
  return ranks[status];
}

/** Whether a call in this status is over: nothing changes it any more. */
export function hasEnded(status: ProviderStatus): boolean {
  return ranks[status] === 4;
}

/** Twilio's status in the words of `call.status`. */
export function toCallStatus(status: ProviderStatus): CallStatus {
  return wireStatuses[status];
}

/** Why the call failed; `undefined` for every status that is not a failure. */
export function failureReason(status: ProviderStatus): FailureReason | undefined {
  return failureReasons.find((reason) => reason === status);
}
