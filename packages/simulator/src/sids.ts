import {randomBytes} from 'node:crypto';

/** Two letters that say what a SID names (Twilio docs: "What is a String Identifier"). */
export type SidPrefix = 'AC' | 'CA' | 'PN' | 'RE' | 'RQ' | 'SK' | 'NO' | 'AP';

/** A fresh SID: prefix and 32 hex digits. Random rather than seeded, so that a restart never repeats one. */
export function createSid(prefix: SidPrefix): string {
  return `${prefix}${randomBytes(16).toString('hex')}`;
}

/** Whether `value` is a SID of that kind. */
export function isSid(prefix: SidPrefix, value: string): boolean {
  return new RegExp(`^${prefix}[0-9a-fA-F]{32}$`).test(value);
}
