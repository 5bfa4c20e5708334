/** Labels for the state of a call. */
import type {CallStatus, FailureReason} from '@hookswitch/protocol';

/** The statuses that a mark can show; `unknown` is a call whose end was not seen. */
export type MarkStatus = CallStatus | 'unknown';

const statusLabels: Readonly<Record<MarkStatus, string>> = {
  initiating: 'Dialing',
  ringing: 'Ringing',
  'in-progress': 'In progress',
  completed: 'Completed',
  failed: 'Failed',
  unknown: 'Outcome unknown',
};

const reasonLabels: Readonly<Record<FailureReason, string>> = {
  busy: 'Busy',
  'no-answer': 'No answer',
  canceled: 'Canceled',
  failed: 'Failed',
};

/** A failed call is labeled with its reason: “Busy” is more useful than “Failed”. */
export function statusWord(status: MarkStatus, reason?: FailureReason): string {
  return status === 'failed' && reason !== undefined ? reasonLabels[reason] : statusLabels[status];
}
