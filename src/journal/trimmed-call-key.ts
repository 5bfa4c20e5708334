/** Keys of trimmed calls. A key only tells that a call existed: nothing else of the call is kept. */
import {hash} from 'node:crypto';

/** At least this many trimmed calls are remembered, the most recent ones. */
export const MAX_TRIMMED_CALLS = 1_000_000;

/**
 * 64 bits of the sid's SHA-256. With a million keys, one new call in 18 trillion collides with a stored key.
 */
export function trimmedCallKey(callSid: string): bigint {
  return hash('sha256', callSid, 'buffer').readBigInt64BE();
}
