/** The size of the built console. */
import assert from 'node:assert/strict';
import {before, test} from 'node:test';
import {buildConsole} from '../../../test/e2e/console/support/build.ts';
import {measureBundle} from '../scripts/bundle.ts';

before(buildConsole);

test('the first load is at most 150 KB gzip, and no screen is part of it', () => {
  const {first, lazy} = measureBundle();
  assert.ok(first.gzip <= 150_000, `${first.gzip} bytes: ${first.files.join(' ')}`);
  // A smaller bundle would mean that the measurement misses files.
  assert.ok(first.gzip > 60_000, `${first.gzip} bytes: ${first.files.join(' ')}`);
  for (const screen of ['live', 'call', 'history', 'webhooks', 'connections', 'health'])
    assert.ok(
      lazy.some(({name}) => name === `screens/${screen}`),
      screen,
    );
  for (const {name, gzip} of lazy) assert.ok(gzip <= 60_000, `${name}: ${gzip} bytes`);
});
