/** Ended calls are trimmed after RETENTION_DAYS: from lists, histories and resumes (J8). */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {startHttpGateway} from '../../support/http/http-gateway.ts';
import {assertProblem} from '../../support/http/http-request.ts';
import {ManualClock} from '../../support/manual-clock.ts';
import {postWebhook, someCallSid, statusFields} from '../../support/twilio/signed-webhook.ts';
import {until} from '../../support/until.ts';

const DAY_MS = 24 * 3_600_000;
const ROUND_MS = 600_000;

test('[J8] calls that ended long ago are trimmed, others stay, and an older resume gets a snapshot', async () => {
  const clock = new ManualClock();
  await using http = await startHttpGateway({clock, env: {RETENTION_DAYS: '2'}});
  const {gateway} = http;
  const postStatus = async (number: number, status: string) => {
    const fields = statusFields(gateway, {CallSid: someCallSid(number), CallStatus: status});
    assert.equal((await postWebhook(gateway, fields)).status, 204);
  };
  const session = await gateway.session();
  const start = session.position();
  // Twilio does not know these calls, and must not be asked about them.
  http.twilio.intercept = () => ({status: 500, body: {}});
  await postStatus(1, 'busy');
  await postStatus(2, 'in-progress');
  clock.advance(DAY_MS);
  await postStatus(3, 'completed');
  const {body: before} = await gateway.api('/api/calls');
  assert.equal(before.calls.length, 3);
  clock.advance(DAY_MS);
  const left = await until(async () => {
    clock.advance(ROUND_MS);
    const {body} = await gateway.api('/api/calls');
    return body.calls.length === 2 && body.calls;
  });
  assert.deepEqual(
    left.map((call: {callSid: string}) => call.callSid),
    [someCallSid(3), someCallSid(2)],
  );
  assertProblem(await gateway.api(`/api/calls/${someCallSid(1)}`), {status: 404, code: 'call_not_found'});
  assert.equal((await gateway.api('/api/calls?status=ended')).body.calls.length, 1);
  // The process may replay entries in its memory. After a restart it has only the journal.
  await gateway.restart();
  const resumed = await gateway.session({resume: start});
  assert.equal((await resumed.ready()).recovered, false);
  const snapshot = await resumed.receive('call.snapshot');
  assert.deepEqual(
    snapshot.calls.map(({callSid}) => callSid),
    [someCallSid(2)],
  );
});

test('[J8] trimming in several steps continues after a pause, not in the next round', async () => {
  const clock = new ManualClock();
  await using http = await startHttpGateway({clock, env: {RETENTION_DAYS: '1'}});
  const {gateway} = http;
  for (let number = 0; number < 220; number += 1) {
    const fields = statusFields(gateway, {CallSid: someCallSid(0x1000 + number), CallStatus: 'busy'});
    await postWebhook(gateway, fields);
  }
  const left = async () => (await gateway.api('/api/calls?limit=200')).body.calls.length;
  clock.advance(DAY_MS);
  await until(async () => {
    clock.advance(ROUND_MS);
    return (await left()) < 200;
  });
  let passedMs = 0;
  await until(async () => {
    clock.advance(50);
    passedMs += 50;
    return (await left()) === 0;
  });
  assert.ok(passedMs < ROUND_MS);
});

test('[J8] if the journal cannot be trimmed, the next round tries again', async () => {
  const clock = new ManualClock();
  await using http = await startHttpGateway({clock, failingJournal: true, env: {RETENTION_DAYS: '1'}});
  const {gateway} = http;
  await postWebhook(gateway, statusFields(gateway, {CallSid: someCallSid(1), CallStatus: 'busy'}));
  http.journal.fill();
  clock.advance(DAY_MS);
  await until(() => gateway.logs.some((line) => line.includes('could not delete old calls')));
  http.journal.recover();
  await until(async () => {
    clock.advance(ROUND_MS);
    return (await gateway.api('/api/calls')).body.calls.length === 0;
  });
});
