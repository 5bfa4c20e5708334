/** The statuses of a call: Twilio's, Hookswitch's, and the mapping between them. */

/** Twilio's statuses: those of the REST API and `initiated`, which appears only in callbacks. */
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

/** The statuses sent to browsers (`call.status`). */
export const callStatuses = ['initiating', 'ringing', 'in-progress', 'completed', 'failed'] as const;
export type CallStatus = (typeof callStatuses)[number];

/** The reasons of the status `failed`. */
export const failureReasons = ['busy', 'no-answer', 'canceled', 'failed'] as const;
export type FailureReason = (typeof failureReasons)[number];

/** A call never goes back in this order (J4): `queued < initiated < ringing < in-progress < ended`. */
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

/** The rank of a status in the order of a call's life, 0 to 4. */
export function statusRank(status: ProviderStatus): number {
  return ranks[status];
}

/** Whether the status is final. An ended call does not change anymore. */
export function hasEnded(status: ProviderStatus): boolean {
  return ranks[status] === 4;
}

/** Maps Twilio's status to that of `call.status`. */
export function toCallStatus(status: ProviderStatus): CallStatus {
  return wireStatuses[status];
}

/** Returns the failure reason, or `undefined` if the status is not a failure. */
export function failureReason(status: ProviderStatus): FailureReason | undefined {
  return failureReasons.find((reason) => reason === status);
}
