/** How long a call has been talked on. */
import type {CallState} from './client-api.ts';

/**
 * Seconds, whole. Once the call has ended, the duration Twilio gave, if any; before it was answered 0. Of a call whose end nobody saw,
 * the time until it was last heard of.
 * @param now milliseconds since 1970 by the gateway's clock: `client.now()`. The browser's own clock may be minutes off.
 */
export function liveDuration(
  call: Pick<CallState, 'duration' | 'answeredAt' | 'endedAt'> &
    Partial<Pick<CallState, 'ended' | 'updatedAt'>>,
  now: number,
): number {
  const {duration, answeredAt, endedAt, ended, updatedAt} = call;
  if (duration !== undefined) return duration;
  if (answeredAt === undefined) return 0;
  const end = endedAt ?? (ended === true ? updatedAt : undefined);
  const seconds = ((end === undefined ? now : Date.parse(end)) - Date.parse(answeredAt)) / 1000;
  return Math.max(0, Math.floor(seconds));
}
