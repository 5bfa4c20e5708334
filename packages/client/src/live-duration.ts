/** How long a call has been talked on. */
import type {Call} from '@hookswitch/protocol';

/**
 * Seconds, whole. Once the call has ended, the duration Twilio gave, if any; before it was answered 0.
 * @param now milliseconds since 1970
 */
export function liveDuration(
  call: Pick<Call, 'duration' | 'answeredAt' | 'endedAt'>,
  now: number = Date.now(),
): number {
  if (call.duration !== undefined) return call.duration;
  if (call.answeredAt === undefined) return 0;
  const end = call.endedAt === undefined ? now : Date.parse(call.endedAt);
  return Math.max(0, Math.floor((end - Date.parse(call.answeredAt)) / 1000));
}
