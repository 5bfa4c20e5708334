import assert from 'node:assert/strict';
import {test} from 'node:test';
import {type CpuProfile, sharesOf} from './profile.ts';

/** A profile whose samples took a millisecond each. */
function profileOf(
  frames: readonly (readonly [name: string, url: string, parent: number])[],
  samples: number[],
): CpuProfile {
  return {
    nodes: frames.map(([functionName, url], id) => ({
      id,
      callFrame: {functionName, url},
      children: frames.flatMap(([, , parent], child) => (parent === id && child !== id ? [child] : [])),
    })),
    samples,
    timeDeltas: samples.map(() => 1000),
  };
}

test('time without a source counts for the caller, and idle time is left out', () => {
  const profile = profileOf(
    [
      ['(root)', '', 0],
      ['(idle)', '', 0],
      ['verifySignature', 'file:///repo/src/twilio/webhook/signature.ts', 0],
      ['update', 'node:internal/crypto/hash', 2],
      ['RegExp: ^a$', '', 2],
      ['writeBuffer', '', 2],
      ['onread', 'node:net', 0],
      ['(program)', '', 0],
    ],
    [1, 1, 1, 2, 4, 3, 5, 6, 6, 7],
  );
  assert.deepEqual(
    new Map(sharesOf(profile).map(({group, share}) => [group, Math.round(share * 7)])),
    new Map([
      ['gateway: webhook verification and parsing', 2],
      ['Node: sockets, streams, timers', 2],
      ['cryptography', 1],
      ['kernel: write', 1],
      ['V8 and native code', 1],
    ]),
  );
});

test('samples before the given time are left out', () => {
  const profile = profileOf(
    [
      ['(root)', '', 0],
      ['start', 'node:internal/modules/esm/loader', 0],
      ['flush', 'file:///repo/src/services/sessions/session-delivery.ts', 0],
    ],
    [1, 1, 1, 2],
  );
  assert.deepEqual(sharesOf(profile, 4), [{group: 'gateway: feed and sessions', share: 1}]);
});
