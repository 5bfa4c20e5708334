/** Another node can rebuild a visibility filter from its key alone. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {Principal} from '../../../../src/auth/authenticator.ts';
import {visibilityOf, visibilityOfKey} from '../../../../src/services/feed/visibility.ts';

const sid = (digit: string) => `CA${digit.repeat(32)}`;
const users = ['ann', 'all', 'none', 'user:ann', `${sid('1')}|all`, 'a|b,c', ''];
const scopes = [[], ['calls:read'], ['calls:read:all']] as const;
const subscriptions = ['all', [], [sid('1')], [sid('2'), sid('1')]] as const;

test('[H4] a filter that is rebuilt from its key sees the same entries for any user name', () => {
  const entries = [undefined, ...users].flatMap((owner) =>
    [sid('1'), sid('3')].map((callSid) => ({callSid, ...(owner !== undefined && {owner})})),
  );
  for (const user of users) {
    for (const scope of scopes) {
      for (const subscription of subscriptions) {
        const principal: Principal = {user, scopes: new Set(scope)};
        const original = visibilityOf(principal, subscription);
        const copy = visibilityOfKey(original.key);
        assert.equal(copy?.key, original.key);
        for (const entry of entries) assert.equal(copy?.sees(entry), original.sees(entry), original.key);
      }
    }
  }
  assert.equal(visibilityOfKey('something else'), undefined);
});
