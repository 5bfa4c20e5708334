import assert from 'node:assert/strict';
import {test} from 'node:test';
import {type Setup, setup, until} from './support.ts';

const caller = '+14155550123';

async function inbound(t: Parameters<typeof setup>[0], verbs: string): Promise<Setup> {
  const s = await setup(t);
  const [number] = await s.client.incomingPhoneNumbers.list();
  await s.client.incomingPhoneNumbers(number?.sid ?? '').update({
    voiceUrl: s.receiver.twiml('/voice', verbs),
    statusCallback: `${s.receiver.url}/status`,
  });
  return s;
}

const ends = ({receiver}: Setup) => receiver.to('/status').map(({params}) => params['CallStatus']);

test('an inbound call requests TwiML while ringing and reports its end once', async (t) => {
  const s = await inbound(t, '<Say>Hello there, how are you today?</Say>');
  const sid = await s.simulator.placeInboundCall({from: caller, callerName: 'Ålice & "Bob" + 1'});
  assert.equal(s.simulator.call(sid)?.status, 'ringing');
  await s.simulator.settled();
  const [document] = s.receiver.to('/voice');
  assert.deepEqual(document?.params, {
    CallSid: sid,
    AccountSid: s.simulator.accountSid,
    From: caller,
    To: s.simulator.phoneNumber,
    Caller: caller,
    Called: s.simulator.phoneNumber,
    CallStatus: 'ringing',
    ApiVersion: '2010-04-01',
    Direction: 'inbound',
    CallerName: 'Ålice & "Bob" + 1',
    FromCity: 'SAN FRANCISCO',
    FromState: 'CA',
    FromZip: '94105',
    FromCountry: 'US',
    CallerCity: 'SAN FRANCISCO',
    CallerState: 'CA',
    CallerZip: '94105',
    CallerCountry: 'US',
    ToCity: '',
    ToState: '',
    ToZip: '',
    ToCountry: 'US',
    CalledCity: '',
    CalledState: '',
    CalledZip: '',
    CalledCountry: 'US',
  });
  assert.deepEqual(ends(s), ['completed']);
  const [end] = s.receiver.to('/status').map(({params}) => params);
  assert.deepEqual([end?.['SequenceNumber'], end?.['Direction']], ['0', 'inbound']);
  assert.equal(Number(end?.['Duration']), Math.ceil(Number(end?.['CallDuration']) / 60));
});

test('Reject ends the call unanswered: as no-answer, or as busy if specified', async (t) => {
  for (const [verb, status] of [
    ['<Reject/>', 'no-answer'],
    ['<Reject reason="busy"/>', 'busy'],
  ] as const) {
    const s = await inbound(t, verb);
    const sid = await s.simulator.placeInboundCall({from: caller});
    await s.simulator.settled();
    assert.deepEqual(ends(s), [status]);
    assert.equal(s.simulator.call(sid)?.durationSeconds, 0);
  }
});

test('an empty Response answers and hangs up', async (t) => {
  const s = await inbound(t, '');
  await s.simulator.placeInboundCall({from: 'anonymous'});
  await s.simulator.settled();
  assert.deepEqual(ends(s), ['completed']);
  assert.equal(s.receiver.to('/voice')[0]?.params['FromCountry'], undefined);
});

test('a caller that gives up before the answer ends as no-answer', async (t) => {
  const s = await inbound(t, '');
  s.receiver.on('/voice', () => {}); // never answers
  const sid = await s.simulator.placeInboundCall({
    from: caller,
    scenario: {outcome: 'canceled', ringSeconds: 4},
  });
  await until(() => s.simulator.call(sid)?.status === 'no-answer');
  await s.simulator.settled();
  assert.deepEqual(ends(s), ['no-answer']);
});

test('connectSeconds: an inbound call keeps ringing after the response of VoiceUrl, and the caller can give up', async (t) => {
  const s = await inbound(t, '<Pause length="600"/>');
  const patient = await s.simulator.placeInboundCall({from: caller, scenario: {connectSeconds: 30}});
  await until(() => s.receiver.to('/voice').length === 1);
  assert.equal(s.simulator.call(patient)?.status, 'ringing');
  await until(() => s.simulator.call(patient)?.status === 'in-progress');
  s.simulator.hangUp(patient);
  const hasty = await s.simulator.placeInboundCall({
    from: caller,
    scenario: {outcome: 'no-answer', ringSeconds: 20, connectSeconds: 600},
  });
  await s.simulator.settled();
  assert.equal(s.receiver.to('/voice').length, 2);
  assert.equal(s.simulator.call(hasty)?.status, 'no-answer');
  assert.deepEqual(ends(s), ['completed', 'no-answer']);
});

test('a caller hangs up during the call, by scenario or on demand', async (t) => {
  const s = await inbound(t, '<Pause length="600"/>');
  const first = await s.simulator.placeInboundCall({from: caller, scenario: {hangUpAfterSeconds: 8}});
  await s.simulator.settled();
  const seconds = s.simulator.call(first)?.durationSeconds ?? 0;
  assert.ok(seconds >= 8 && seconds < 200, `${seconds} s`);
  const second = await s.simulator.placeInboundCall({from: caller});
  await until(() => s.simulator.call(second)?.status === 'in-progress');
  assert.equal(s.simulator.hangUp(second), true);
  assert.equal(s.simulator.hangUp(second), false);
  await s.simulator.settled();
  assert.deepEqual(ends(s), ['completed', 'completed']);
});

test('calling a number without a VoiceUrl fails at once', async (t) => {
  const s = await setup(t, {statusCallback: undefined});
  const sid = await s.simulator.placeInboundCall({from: caller});
  assert.equal(s.simulator.call(sid)?.status, 'failed');
  await assert.rejects(s.simulator.placeInboundCall({from: caller, to: '+4930123456'}), RangeError);
});
