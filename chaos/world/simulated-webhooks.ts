/** Converts the simulator's deliveries and calls to records of the history. */
import {hasEnded, type ProviderStatus} from '@hookswitch/protocol';
import type {Delivery, Simulator} from '@hookswitch/simulator';
import type {History, WebhookRecord} from '../history/history.ts';

/** @param chapterAt returns the chapter of a time in milliseconds since 1970 */
export function simulatedWebhooks(
  deliveries: readonly Delivery[],
  chapterAt: (at: number) => number,
): readonly WebhookRecord[] {
  return deliveries
    .filter(({kind, state}) => (kind === 'status' || kind === 'twiml') && state !== 'dropped')
    .map(({callSid, params, attempts}) => {
      const answer = attempts.find(({status}) => status !== null && status < 300);
      const at = answer?.endedAt.getTime();
      return {
        key: `${callSid}/${params['SequenceNumber'] ?? 'voice'}`,
        callSid,
        status: params['CallStatus'] as ProviderStatus,
        ...(at === undefined ? {} : {answeredIn: chapterAt(at)}),
      };
    });
}

/** The final state of the simulator's calls, and whether their end was acknowledged. */
export function simulatedCalls(
  simulator: Simulator,
  deliveries: readonly Delivery[],
): History['providerCalls'] {
  return simulator.calls().map(({sid, to, status}) => ({
    callSid: sid,
    to,
    status,
    endAcknowledged: deliveries.some(
      ({callSid, params, state}) =>
        callSid === sid && state === 'delivered' && hasEnded(params['CallStatus'] as ProviderStatus),
    ),
  }));
}
