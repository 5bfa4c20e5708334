/** The duration of a conversation. */
import type {CallState} from './client-api.ts';

/**
 * The duration of a call in whole seconds:
 * - Before the answer: 0.
 * - During the call: the time since the answer.
 * - After the end: Twilio's duration. If it is unknown, the time until the end or the last known update.
 *
 * @param now milliseconds since 1970 by the gateway's clock: `client.now()`. The browser's clock may be minutes off.
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
