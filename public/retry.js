/** When to connect again, and whether at all. */

/** @typedef {'now' | 'backoff' | 'with-new-token' | 'never'} Retry */

const MIN_DELAY_MS = 500;
const MAX_DELAY_MS = 20_000;

/** The protocol's table of close codes, as far as it differs from `backoff`; a test compares the two. */
const afterClose = new Map(
  /** @type {[number, Retry][]} */ ([
    [1001, 'now'],
    [1009, 'never'],
    [4400, 'never'],
    [4401, 'with-new-token'],
    [4403, 'never'],
  ]),
);

/**
 * @param {number} code
 * @returns {Retry}
 */
export function retryAfter(code) {
  return afterClose.get(code) ?? 'backoff';
}

/**
 * Milliseconds to wait before attempt `attempt` (0 is the first): doubling, and spread so that a thousand pages which
 * lost the same server do not come back in step.
 *
 * @param {number} attempt
 * @param {number} [random] 0 to 1
 */
export function backoffMs(attempt, random = Math.random()) {
  const ceiling = Math.min(MAX_DELAY_MS, MIN_DELAY_MS * 2 ** (attempt + 1));
  return Math.round(MIN_DELAY_MS + random * (ceiling - MIN_DELAY_MS));
}
