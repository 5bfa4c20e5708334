import assert from 'node:assert/strict';
import {test} from 'node:test';
import {allEvents, type Setup, setup, until} from './support.ts';

const from = '+15005550006';
const onDemand = '+15550101000';
const talk = '<Response><Pause length="600"/></Response>';

const statuses = ({receiver}: Setup, path = '/status') =>
  receiver.to(path).map(({params}) => params['CallStatus']);

async function ringing(s: Setup, options: object = {}): Promise<string> {
  const {sid} = await s.client.calls.create({
    to: onDemand,
    from,
    twiml: talk,
    timeout: 600,
    statusCallback: `${s.receiver.url}/status`,
    statusCallbackEvent: allEvents,
    ...options,
  });
  await s.simulator.advance(1);
  return sid;
}

test('rings → assert → answer: on a manual clock nothing happens without `advance` or the far end', async (t) => {
  const s = await setup(t, {manualClock: true});
  const sid = await ringing(s);
  assert.equal(s.simulator.call(sid)?.status, 'ringing');
  assert.deepEqual(statuses(s), ['initiated', 'ringing']);
  assert.equal(s.simulator.answer(sid), true);
  assert.equal(s.simulator.call(sid)?.status, 'in-progress');
  assert.equal(s.simulator.answer(sid), false);
  await s.simulator.advance(42);
  assert.equal(s.simulator.hangUp(sid), true);
  await s.simulator.settled();
  assert.deepEqual(new Set(statuses(s)), new Set(['initiated', 'ringing', 'in-progress', 'completed']));
  assert.equal(s.simulator.call(sid)?.durationSeconds, 42);
});

test('an on-demand far end rings until Timeout, and can decline as busy or unanswered', async (t) => {
  const s = await setup(t, {manualClock: true});
  const left = await ringing(s, {timeout: 20});
  await s.simulator.advance(19);
  assert.equal(s.simulator.call(left)?.status, 'ringing');
  await s.simulator.advance(2);
  assert.equal(s.simulator.call(left)?.status, 'no-answer');
  const declined = await ringing(s);
  assert.equal(s.simulator.decline(declined), true);
  assert.equal(s.simulator.call(declined)?.status, 'no-answer');
  assert.equal(s.simulator.decline(declined), false);
  const busy = await ringing(s);
  assert.equal(s.simulator.decline(busy, 'busy'), true);
  await s.simulator.settled();
  assert.equal((await s.client.calls(busy).fetch()).status, 'busy');
});

test('answer and decline work for every ringing leg, regardless of its scenario, and for the legs of a Dial', async (t) => {
  const s = await setup(t, {manualClock: true});
  const neverAnswers = await ringing(s, {to: '+15550100200'});
  assert.equal(s.simulator.answer(neverAnswers), true);
  assert.equal(s.simulator.call(neverAnswers)?.status, 'in-progress');
  const url = s.receiver.twiml(
    '/voice',
    '<Dial action="/dialed"><Client>bob</Client><Client>eve</Client></Dial>',
  );
  s.receiver.twiml('/dialed', '<Hangup/>');
  s.simulator.setScenario('client:*', 'on-demand');
  const {sid} = await s.client.calls.create({to: '+15550100000', from, url});
  await s.simulator.advance(5);
  const [bob, eve] = s.simulator.calls().filter(({parentCallSid}) => parentCallSid === sid);
  assert.deepEqual([bob?.status, eve?.status], ['ringing', 'ringing']);
  s.simulator.decline(bob?.sid ?? '', 'busy');
  s.simulator.answer(eve?.sid ?? '');
  await s.simulator.advance(1);
  assert.equal(s.simulator.call(eve?.sid ?? '')?.status, 'in-progress');
  s.simulator.hangUp(eve?.sid ?? '');
  await s.simulator.advance(1);
  assert.equal(s.receiver.to('/dialed')[0]?.params['DialCallSid'], eve?.sid);
});

test('an inbound call is answered by the application: its caller can neither answer nor decline', async (t) => {
  const s = await setup(t, {manualClock: true});
  const [number] = await s.client.incomingPhoneNumbers.list();
  const voiceUrl = s.receiver.twiml('/voice', '<Dial answerOnBridge="true"><Client>bob</Client></Dial>');
  await s.client.incomingPhoneNumbers(number?.sid ?? '').update({voiceUrl});
  s.simulator.setScenario('client:bob', 'on-demand');
  const sid = await s.simulator.placeInboundCall({from: '+14155550123'});
  await s.simulator.advance(1);
  assert.equal(s.simulator.call(sid)?.status, 'ringing');
  assert.equal(s.simulator.answer(sid), false);
  assert.equal(s.simulator.decline(sid), false);
  const child = s.simulator.calls().find(({parentCallSid}) => parentCallSid === sid);
  assert.equal(s.simulator.answer(child?.sid ?? ''), true);
  await s.simulator.advance(0);
  assert.equal(s.simulator.call(sid)?.status, 'in-progress');
});

test('the far end speaks to a Gather on demand', async (t) => {
  const s = await setup(t, {manualClock: true});
  const url = s.receiver.twiml('/voice', '<Gather input="speech dtmf" timeout="60" action="/heard"/>');
  s.receiver.twiml('/heard', '<Pause length="600"/>');
  const sid = await ringing(s, {url});
  s.simulator.answer(sid);
  await s.simulator.advance(30);
  assert.equal(s.receiver.to('/heard').length, 0);
  assert.equal(s.simulator.speak(sid, 'I need help'), true);
  await s.simulator.advance(0);
  assert.equal(s.receiver.to('/heard')[0]?.params['SpeechResult'], 'I need help');
  assert.throws(() => s.simulator.speak(sid, ''), TypeError);
});

test('speech on demand is recorded by a Record, which ends after silence', async (t) => {
  const s = await setup(t, {manualClock: true});
  const url = s.receiver.twiml('/voice', '<Record timeout="5" action="/recorded"/>');
  s.receiver.twiml('/recorded', '<Hangup/>');
  const sid = await ringing(s, {url});
  s.simulator.answer(sid);
  await s.simulator.advance(3);
  s.simulator.speak(sid, 'x'.repeat(30)); // two seconds
  await s.simulator.advance(6);
  assert.equal(s.receiver.to('/recorded').length, 0);
  await s.simulator.advance(2);
  assert.equal(s.receiver.to('/recorded')[0]?.params['RecordingDuration'], '10');
});

test('a manual clock fires each timer at its own time and waits for its consequences', async (t) => {
  const s = await setup(t, {manualClock: true});
  const url = s.receiver.twiml('/voice', '<Pause length="7"/><Redirect>/next</Redirect>');
  s.receiver.twiml('/next', '<Pause length="8"/>');
  const {sid} = await s.client.calls.create({to: '+15550100000', from, url});
  // It rings after 0.5 s, is answered after 3 s of ringing, and runs 7 and 8 s of TwiML.
  await s.simulator.advance(18.4);
  assert.equal(s.simulator.call(sid)?.status, 'in-progress');
  await s.simulator.advance(0.2);
  assert.deepEqual(
    [s.simulator.call(sid)?.status, s.simulator.call(sid)?.durationSeconds],
    ['completed', 15],
  );
});

test('a running clock cannot be advanced, and a manual clock set to running continues from its current time', async (t) => {
  const s = await setup(t, {manualClock: true});
  await s.simulator.advance(1000);
  const {sid} = await s.client.calls.create({to: '+15550100000', from, twiml: '<Response/>'});
  assert.equal(s.simulator.clock().mode, 'manual');
  s.simulator.setClock('running');
  await until(() => s.simulator.call(sid)?.status === 'completed');
  assert.ok(s.simulator.clock().seconds >= 1000);
  await assert.rejects(s.simulator.advance(1), RangeError);
  s.simulator.setClock('manual');
  const {seconds} = s.simulator.clock();
  await s.simulator.advance(2);
  assert.equal(s.simulator.clock().seconds, seconds + 2);
  for (const wrong of [-1, Number.NaN, Number.POSITIVE_INFINITY, 86_401]) {
    await assert.rejects(s.simulator.advance(wrong), RangeError);
  }
});

test('the TwiML log contains what each leg ran and what was heard on it', async (t) => {
  const s = await setup(t, {manualClock: true});
  s.receiver.twiml('/whisper', '<Say>A call for you</Say>');
  const url = s.receiver.twiml(
    '/voice',
    '<Say voice="alice">Hello <emphasis>there</emphasis></Say><Gather timeout="1"><Play>a.mp3</Play></Gather><Pause length="2"/><Play digits="12"/><Dial><Number url="/whisper">+15550100503</Number></Dial>',
  );
  const {sid} = await s.client.calls.create({to: '+15550100000', from, url});
  await s.simulator.advance(60);
  assert.deepEqual(
    s.simulator.twimlLog(sid).map(({verb, nested, heard}) => [verb, nested, heard]),
    [
      ['Say', false, 'Hello there'],
      ['Gather', false, null],
      ['Play', true, '(plays a.mp3)'],
      ['Pause', false, '(silence for 2 s)'],
      ['Play', false, '(tones 12)'],
      ['Dial', false, null],
    ],
  );
  const [first] = s.simulator.twimlLog(sid);
  assert.deepEqual([first?.url, first?.attributes], [url, {voice: 'alice'}]);
  const child = s.simulator.calls().find(({parentCallSid}) => parentCallSid === sid);
  assert.deepEqual(
    s.simulator.twimlLog(child?.sid ?? '').map(({heard}) => heard),
    ['A call for you'],
  );
});

test('reset restores the state after the start, and interrupted calls get no callback', async (t) => {
  const s = await setup(t, {voiceUrl: 'http://127.0.0.1:1/voice'});
  const [number] = await s.client.incomingPhoneNumbers.list();
  const url = s.receiver.twiml(
    '/voice',
    '<Record timeout="3000" action="/recorded" recordingStatusCallback="/recording"/>',
  );
  const options = {url, statusCallback: `${s.receiver.url}/status`, statusCallbackEvent: allEvents};
  const {sid} = await s.client.calls.create({to: '+15550100000', from, ...options});
  await until(() => s.simulator.recordings().length === 1);
  await s.client.incomingPhoneNumbers(number?.sid ?? '').update({voiceUrl: url});
  await s.client.incomingPhoneNumbers.create({phoneNumber: '+14155550100'});
  await s.client.applications.create({friendlyName: 'app'});
  const key = await s.client.newKeys.create({friendlyName: 'key'});
  s.simulator.setScenario('*', 'busy');
  s.simulator.setFaults({drop: 1});
  s.simulator.setClock('manual');
  await s.simulator.reset();
  await s.simulator.settled();
  assert.equal(s.simulator.call(sid), null);
  assert.deepEqual(
    [s.simulator.calls(), s.simulator.deliveries(), s.simulator.recordings(), s.simulator.notifications()],
    [[], [], [], []],
  );
  assert.deepEqual(s.simulator.twimlLog(sid), []);
  assert.deepEqual([s.simulator.scenarios(), s.simulator.faults()], [[], {faults: {}, struck: {}}]);
  assert.equal(s.simulator.clock().mode, 'running');
  const [again, ...others] = await s.client.incomingPhoneNumbers.list();
  assert.deepEqual([again?.sid, again?.voiceUrl, others], [number?.sid, 'http://127.0.0.1:1/voice', []]);
  assert.deepEqual(await s.client.applications.list(), []);
  await assert.rejects(s.client.keys(key.sid).fetch(), {status: 404});
  for (const path of ['/recorded', '/recording']) assert.deepEqual(s.receiver.to(path), []);
  assert.deepEqual(
    statuses(s).filter((status) => status === 'completed' || status === 'canceled'),
    [],
  );
  // The simulator still works after a reset.
  const after = await s.client.calls.create({to: '+15550100100', from, ...options});
  await s.simulator.settled();
  assert.equal(s.simulator.call(after.sid)?.status, 'busy');
});
