/**
 * Every gateway of every test logs at its most talkative, and none of it may hold what nobody should read there: keys, tokens, numbers.
 * So the whole suite is a walk of the canary, and what a new route logs is looked at without anybody thinking of it.
 */
import assert from 'node:assert/strict';

/** A telephone number that is not masked, and a JWT; `%2B` is how a URL or a form has the plus. */
const NEVER = [/(?:\+|%2B)\d{10,15}(?!\d)/i, /\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]+/];

/** Throws for the first line that gives something away. */
export function assertNothingGivenAway(lines: readonly string[], secrets: readonly string[]): void {
  for (const line of lines) {
    const secret = secrets.find((each) => line.includes(each));
    assert.equal(secret, undefined, `a log line has a secret in it: ${line}`);
    for (const pattern of NEVER) assert.doesNotMatch(line, pattern, 'a log line gives somebody away');
  }
}
