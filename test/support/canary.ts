/**
 * Every test gateway logs at debug level, and its log must not contain keys, tokens or phone numbers. Thus the whole
 * suite checks the log of every route.
 */
import assert from 'node:assert/strict';

/** An unmasked phone number, and a JWT. In URLs and forms, the plus sign is `%2B`. */
const NEVER = [/(?:\+|%2B)\d{10,15}(?!\d)/i, /\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]+/];

/** Throws for the first line with a secret. */
export function assertNoSecrets(lines: readonly string[], secrets: readonly string[]): void {
  for (const line of lines) {
    const secret = secrets.find((each) => line.includes(each));
    assert.equal(secret, undefined, `a log line contains a secret: ${line}`);
    for (const pattern of NEVER)
      assert.doesNotMatch(line, pattern, 'a log line contains a phone number or token');
  }
}
