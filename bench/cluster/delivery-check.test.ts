import assert from 'node:assert/strict';
import {test} from 'node:test';
import {findDeliveryError} from './delivery-check.ts';

const pushed = [3, 4, 7];
const right = {offsets: [3, 4, 7]};

test('sessions that received everything once and in order have no error', () => {
  assert.equal(findDeliveryError([right, right], pushed), undefined);
  assert.equal(findDeliveryError([{offsets: []}], []), undefined);
});

test('a missing, duplicate, reordered or invented event is found', () => {
  const wrongs = {
    missing: [3, 7],
    'missing at the end': [3, 4],
    twice: [3, 4, 4, 7],
    'out of order': [4, 3, 7],
    invented: [3, 4, 7, 8],
    none: [],
  };
  for (const [name, offsets] of Object.entries(wrongs))
    assert.match(findDeliveryError([right, {offsets}], pushed) ?? '', /^session 1 of 2/, name);
  assert.match(findDeliveryError([{offsets: [3, 7]}], pushed) ?? '', /received 7 where the journal has 4/);
  assert.match(
    findDeliveryError([{offsets: [3, 4]}], pushed) ?? '',
    /received nothing where the journal has 7/,
  );
});
