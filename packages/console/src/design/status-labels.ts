/** A call's state in words that people use. */
import type {CallStatus, FailureReason} from '@hookswitch/protocol';

/** What a mark can show; `unknown` is a call that ended unseen. */
export type MarkStatus = CallStatus | 'unknown';

const statusLabels: Readonly<Record<MarkStatus, string>> = {
  initiating: 'Dialing',
  ringing: 'Ringing',
  'in-progress': 'In progress',
  completed: 'Completed',
  failed: 'Failed',
  unknown: 'Ended unseen',
};

const reasonLabels: Readonly<Record<FailureReason, string>> = {
  busy: 'Busy',
  'no-answer': 'No answer',
  canceled: 'Canceled',
  failed: 'Failed',
};

/** A failed call is called by its reason: “Busy” says more than “Failed”. */
export function statusWord(status: MarkStatus, reason?: FailureReason): string {
  return status === 'failed' && reason !== undefined ? reasonLabels[reason] : statusLabels[status];
}
