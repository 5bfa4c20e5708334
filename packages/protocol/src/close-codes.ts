/** Why the server closes a socket, and what a client does about it: one table for server, SDK and docs. */

/** `now`: at once; `backoff`: with growing, jittered delays; `with-new-token`: ask for one first; `never`: not as you are. */
export type Retry = 'now' | 'backoff' | 'with-new-token' | 'never';

export const closeReasons = {
  'going-away': {code: 1001, retry: 'now', text: 'The server is going away. Reconnect now.'},
  'message-too-big': {code: 1009, retry: 'never', text: 'A message was larger than 16 KiB.'},
  'not-a-message': {code: 4400, retry: 'never', text: 'What came was not a JSON message.'},
  unauthorized: {code: 4401, retry: 'with-new-token', text: 'The token is missing, wrong or expired.'},
  forbidden: {code: 4403, retry: 'never', text: 'The token may not open a session.'},
  silent: {code: 4408, retry: 'backoff', text: 'Nothing was heard from the client for too long.'},
  'too-slow': {code: 4413, retry: 'backoff', text: 'The client does not read what it is sent.'},
  'too-many': {code: 4429, retry: 'backoff', text: 'Too many messages or sessions.'},
  internal: {code: 4500, retry: 'backoff', text: 'Something went wrong in the server.'},
} as const satisfies Record<string, {code: number; retry: Retry; text: string}>;

export type CloseReason = keyof typeof closeReasons;

/** What a client does after a close with `code`; codes not in the table (1006, a proxy's own) say `backoff`. */
export function retryAfter(code: number): Retry {
  return Object.values(closeReasons).find((reason) => reason.code === code)?.retry ?? 'backoff';
}
