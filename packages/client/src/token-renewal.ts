/** Renews tokens: at half of its lifetime, and not more often than the minimum interval. */
import type {SessionExpiringMessage} from '@hookswitch/protocol';
import {backoffMs} from './backoff.ts';
import type {HookswitchError} from './errors.ts';
import {type ConnectionContext, type Link, send} from './link.ts';

/** The minimum interval between two calls of `getToken`, however short its tokens live. */
export const TOKEN_FLOOR_MS = 5000;
/** The gateway announces an expiry 60 s ahead. This is used if the message does not say how much time is left. */
const NOTICE_MS = 60_000;
const MAX_DELAY_MS = 3_600_000;

/**
 * The delay from `session.expiring` to the renewal, in milliseconds. Both timestamps come from the gateway, so this
 * machine's clock does not matter.
 * @param ageMs the time since the token was obtained
 * @returns `undefined` if the token expires before the minimum interval has passed. The client then waits for 4401.
 */
export function renewalDelayMs(expiresAt: string, timestamp: string, ageMs: number): number | undefined {
  const announcedMs = Date.parse(expiresAt) - Date.parse(timestamp);
  const leftMs = Number.isNaN(announcedMs) ? NOTICE_MS : announcedMs;
  const delayMs = Math.max((ageMs + leftMs) / 2, TOKEN_FLOOR_MS, ageMs) - ageMs;
  return delayMs > 0 && delayMs >= leftMs ? undefined : Math.min(delayMs, MAX_DELAY_MS);
}

/** The delay before the next attempt, in milliseconds. */
export function renewalRetryMs(failures: number, random: number): number {
  return Math.max(TOKEN_FLOOR_MS, backoffMs(failures, random));
}

/**
 * Schedules the renewal of a session's token. Without a renewal the session ends with 4401. The client then requests
 * another token, unless the token is fixed.
 */
export function scheduleRenewal(
  context: ConnectionContext,
  link: Link,
  {expiresAt, timestamp}: SessionExpiringMessage,
): void {
  const {tokens} = context;
  const delayMs = renewalDelayMs(expiresAt, timestamp, tokens.ageMs());
  if (tokens.renewable && delayMs !== undefined) renewAfter(context, link, delayMs, 1);
}

function renewAfter(context: ConnectionContext, link: Link, delayMs: number, tries: number): void {
  link.cancelRenewal?.();
  link.cancelRenewal = context.clock.after(delayMs, () => {
    context.tokens.renew().then(
      (token) => {
        if (link !== context.link) return;
        link.token = token;
        send(context, {type: 'session.refresh', token});
      },
      (error) => {
        context.handler.onFault(error as HookswitchError);
        if (link === context.link)
          renewAfter(context, link, renewalRetryMs(tries, context.random()), tries + 1);
      },
    );
  });
}
