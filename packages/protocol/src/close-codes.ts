/** The close codes of the server and the client's reaction to each: one table for server, SDK and docs. */

/**
 * How to retry. `now`: at once. `backoff`: with increasing, jittered delays. `with-new-token`: after requesting a new
 * token. `never`: the same request would fail again.
 */
export type Retry = 'now' | 'backoff' | 'with-new-token' | 'never';

/** The codes with their retry modes. The texts are in `close-reasons.ts`, because clients do not need them. */
export const closeCodes = {
  'going-away': {code: 1001, retry: 'now'},
  'message-too-big': {code: 1009, retry: 'never'},
  'not-a-message': {code: 4400, retry: 'never'},
  unauthorized: {code: 4401, retry: 'with-new-token'},
  forbidden: {code: 4403, retry: 'never'},
  silent: {code: 4408, retry: 'backoff'},
  'too-slow': {code: 4413, retry: 'backoff'},
  'too-many': {code: 4429, retry: 'backoff'},
  internal: {code: 4500, retry: 'backoff'},
} as const satisfies Record<string, {code: number; retry: Retry}>;

export type CloseReason = keyof typeof closeCodes;

/** How a client retries after a close with `code`. Unknown codes (1006, a proxy's codes) mean `backoff`. */
export function retryAfter(code: number): Retry {
  return Object.values(closeCodes).find((reason) => reason.code === code)?.retry ?? 'backoff';
}
