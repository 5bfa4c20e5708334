/** What is kept of a call that was trimmed: enough to know it again, and nothing of it. */
import {hash} from 'node:crypto';

/** So many are remembered at least, the last that were forgotten. */
export const MAX_FORGOTTEN_CALLS = 1_000_000;

/** 64 bits of the sid's SHA-256. Among a million, another call has the key of one of them once in 18 trillion calls. */
export function forgottenCallKey(callSid: string): bigint {
  return hash('sha256', callSid, 'buffer').readBigInt64BE();
}
