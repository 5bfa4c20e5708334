/** What the simulator sent by itself, for the history. */
import type {ProviderStatus} from '@hookswitch/protocol';
import type {Delivery} from '@hookswitch/simulator';
import type {WebhookRecord} from '../history/history.ts';

/** @param chapterAt the chapter that a moment belongs to, milliseconds since 1970 */
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
