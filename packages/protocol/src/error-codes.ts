/** The codes of `error` messages (W5). */
export const errorCodes = [
  'invalid_message',
  'unauthorized',
  'forbidden',
  'call_not_found',
  'call_ended',
  'rate_limited',
  'provider_error',
  'internal',
] as const;
export type ErrorCode = (typeof errorCodes)[number];
