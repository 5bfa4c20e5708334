/** Why the server closes a socket, and what a client does about it: one table for server, SDK and docs. */

/** `now`: at once; `backoff`: with growing, jittered delays; `with-new-token`: ask for one first; `never`: not as you are. */
export type Retry = 'now' | 'backoff' | 'with-new-token' | 'never';

/** Codes and what follows from them; the sentences are in `close-reasons.ts`, which a client need not carry. */
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

/** What a client does after a close with `code`; codes not in the table (1006, a proxy's own) say `backoff`. */
export function retryAfter(code: number): Retry {
  return Object.values(closeCodes).find((reason) => reason.code === code)?.retry ?? 'backoff';
}
