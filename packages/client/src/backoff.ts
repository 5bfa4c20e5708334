/** Retry delays with full jitter: a random delay between zero and a bound that doubles with each attempt. */
export const BASE_DELAY_MS = 500;
export const MAX_DELAY_MS = 20_000;

/** Delay in milliseconds before attempt number `attempt + 1`. @param random from 0 up to 1 */
export function backoffMs(attempt: number, random: number): number {
  return random * Math.min(MAX_DELAY_MS, BASE_DELAY_MS * 2 ** attempt);
}
