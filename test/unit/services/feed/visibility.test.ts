import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {Scope} from '@hookswitch/protocol';
import fc from 'fast-check';
import {type Subscription, visibilityOf} from '../../../../src/services/feed/visibility.ts';

const user = fc.constantFrom('ann', 'bob', 'all', 'none', 'user:ann', 'CA1|user:ann', ',', '|', 'ann@1', '');
const sids = fc.uniqueArray(fc.constantFrom('CA1', 'CA2', 'CA3'));
const subscription: fc.Arbitrary<Subscription> = fc.oneof(fc.constant('all' as const), sids);
const scopes = fc.uniqueArray(fc.constantFrom<Scope>('calls:read', 'calls:read:all', 'calls:control'));
const visibility = fc
  .record({user, scopes, subscription})
  .map((of) => visibilityOf({user: of.user, scopes: new Set(of.scopes)}, of.subscription));
const entry = fc.record({
  callSid: fc.constantFrom('CA1', 'CA2', 'CA3', 'CA4'),
  owner: fc.option(user, {nil: undefined}),
});

test('filters with the same key see the same entries, so they share encoded frames', () => {
  fc.assert(
    fc.property(visibility, visibility, fc.array(entry), (one, other, entries) => {
      if (one.key !== other.key) return;
      for (const each of entries) assert.equal(one.sees(each), other.sees(each));
    }),
    {numRuns: 3000},
  );
});

test('the order of the sids and repeated sids make no difference', () => {
  const principal = {user: 'ann', scopes: new Set<Scope>(['calls:read'])};
  assert.equal(
    visibilityOf(principal, ['CA2', 'CA1', 'CA2']).key,
    visibilityOf(principal, ['CA1', 'CA2']).key,
  );
});

test('without a read scope nothing is visible, regardless of the owner', () => {
  const blind = visibilityOf({user: 'ann', scopes: new Set<Scope>(['calls:control'])}, 'all');
  assert.equal(blind.sees({callSid: 'CA1', owner: 'ann'}), false);
});

test("a user's own calls are those with the user's name, not those without an owner", () => {
  const own = visibilityOf({user: 'ann', scopes: new Set<Scope>(['calls:read'])}, 'all');
  assert.equal(own.sees({callSid: 'CA1', owner: 'ann'}), true);
  assert.equal(own.sees({callSid: 'CA1', owner: 'bob'}), false);
  assert.equal(own.sees({callSid: 'CA1'}), false);
});
