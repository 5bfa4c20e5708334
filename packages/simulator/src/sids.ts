import {randomBytes} from 'node:crypto';

/** The two letters that identify the resource of a SID (Twilio docs: "What is a String Identifier"). */
export type SidPrefix = 'AC' | 'CA' | 'PN' | 'RE' | 'RQ' | 'SK' | 'NO' | 'AP';

/**
 * Creates a SID: the prefix and 32 hex digits. It is random, not seeded, so that a restart never repeats a
 * SID.
 */
export function createSid(prefix: SidPrefix): string {
  return `${prefix}${randomBytes(16).toString('hex')}`;
}

/** Whether `value` is a SID with that prefix. */
export function isSid(prefix: SidPrefix, value: string): boolean {
  return new RegExp(`^${prefix}[0-9a-fA-F]{32}$`).test(value);
}
