/** The doctor's advice for faults whose cause is easily confused with another (H8). */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {twilioFailure} from '../../../../src/services/health/check.ts';
import {publicWebsocketCheck} from '../../../../src/services/health/public-websocket.ts';
import {ManualClock} from '../../../support/manual-clock.ts';

test('[H8] an inactive account is not reported as wrong credentials', () => {
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

test('[H8] a subprotocol that a proxy drops is named, and the advice is not to use curl', async () => {
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
