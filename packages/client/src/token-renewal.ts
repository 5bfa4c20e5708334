/** When a token is renewed: at half of its life, and never in bursts. */
import {backoffMs} from './backoff.ts';

/** `getToken` is not asked again sooner, however short its tokens live. */
export const TOKEN_FLOOR_MS = 5000;
/** The gateway announces an expiry 60 s ahead; used where it does not say how long is left. */
const NOTICE_MS = 60_000;
const MAX_DELAY_MS = 3_600_000;

/**
 * Milliseconds from `session.expiring` to the renewal; `undefined` where the token ends before the floor has passed, and 4401 is
 * waited for. Both of its times are the gateway's, so that it does not matter what this machine's clock says.
 * @param ageMs how long ago the token was obtained
 */
export function renewalDelayMs(expiresAt: string, timestamp: string, ageMs: number): number | undefined {
  const said = Date.parse(expiresAt) - Date.parse(timestamp);
  const leftMs = Number.isNaN(said) ? NOTICE_MS : said;
  const delayMs = Math.max((ageMs + leftMs) / 2, TOKEN_FLOOR_MS, ageMs) - ageMs;
  return delayMs > 0 && delayMs >= leftMs ? undefined : Math.min(delayMs, MAX_DELAY_MS);
}

/** Milliseconds to the next try, after `failures` failed ones. */
export function renewalRetryMs(failures: number, random: number): number {
  return Math.max(TOKEN_FLOOR_MS, backoffMs(failures, random));
}
