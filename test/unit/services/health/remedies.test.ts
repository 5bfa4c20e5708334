/** What the doctor says of faults whose cause is easily taken for another (H8). */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {twilioFailure} from '../../../../src/services/health/check.ts';
import {publicWebsocketCheck} from '../../../../src/services/health/public-websocket.ts';
import {ManualClock} from '../../../support/manual-clock.ts';

test('[H8] an account that is not active is not taken for wrong credentials', () => {
  for (const [status, code] of [
    [401, 20005],
    [403, 20005],
    [403, 10001],
  ] as const) {
    const {summary, remedy} = twilioFailure({status, code, message: 'Account not active'}, 'https://api');
    assert.match(summary, /not active/);
    assert.match(remedy ?? '', /console/i);
    assert.doesNotMatch(remedy ?? '', /Copy TWILIO/);
  }
  assert.match(
    twilioFailure({status: 401, code: 20003, message: 'x'}, 'https://api').remedy ?? '',
    /Copy TWILIO/,
  );
});

test('[H8] a subprotocol that a proxy drops is named, and curl is not the advice', async () => {
  const probe = {
    get: () => Promise.reject(new Error('not asked')),
    openSocket: async () =>
      ({kind: 'failed', code: 'UNKNOWN', message: 'Server sent no subprotocol'}) as const,
  };
  const check = publicWebsocketCheck({probe, clock: new ManualClock(0), publicUrl: 'https://g.example'});
  const {status, remedy = ''} = await check.run({signal: new AbortController().signal});
  assert.equal(status, 'failed');
  assert.match(remedy, /Sec-WebSocket-Protocol/);
  assert.doesNotMatch(remedy, /curl/);
});
