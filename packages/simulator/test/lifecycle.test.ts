import assert from 'node:assert/strict';
import {test} from 'node:test';
import {allEvents, numbers, type Setup, setup, until} from './support.ts';

const from = '+15005550006';
const idle = '<Response><Pause length="600"/></Response>';

async function dial({client, receiver}: Setup, to: string, extra: object = {}) {
  const statusCallback = `${receiver.url}/status`;
  const params = {to, from, twiml: idle, statusCallback, statusCallbackEvent: allEvents, ...extra};
  return (await client.calls.create(params)).sid;
}

/**
 * Sorts by SequenceNumber. Each callback is a separate request, so under load they can arrive in another
 * order.
 */
const statuses = ({receiver}: Setup) =>
  receiver
    .to('/status')
    .map(({params}) => params)
    .sort((a, b) => Number(a['SequenceNumber']) - Number(b['SequenceNumber']))
    .map((params) => params['CallStatus']);
const reached = ({simulator}: Setup, sid: string, status: string) =>
  until(() => simulator.call(sid)?.status === status, status);

test('each outcome of the number table ends with its status and SIP code', async (t) => {
  const cases = [
    [numbers.busy, ['initiated', 'busy'], '486'],
    [numbers.noAnswer, ['initiated', 'ringing', 'no-answer'], '487'],
    [numbers.failed, ['initiated', 'failed'], '404'],
    [numbers.canceled, ['initiated', 'ringing', 'canceled'], '487'],
    [numbers.hangsUp, ['initiated', 'ringing', 'in-progress', 'completed'], '200'],
    ['+15550100900', ['initiated', 'ringing', 'no-answer'], '487'],
    ['+15550100700', ['initiated', 'in-progress'], ''],
  ] as const;
  for (const [to, expected, sip] of cases) {
    const s = await setup(t);
    const sid = await dial(s, to);
    if (sip === '') {
      await until(() => statuses(s).length === 2);
      s.simulator.hangUp(sid);
    } else await s.simulator.settled();
    assert.deepEqual(statuses(s).slice(0, expected.length), expected, to);
    if (sip !== '') assert.equal(s.receiver.to('/status').at(-1)?.params['SipResponseCode'], sip);
    await s.simulator.stop();
  }
});

test('a call that was never answered has zero durations in its callback and none over REST', async (t) => {
  const s = await setup(t);
  const sid = await dial(s, numbers.noAnswer, {timeout: 5, statusCallbackEvent: undefined});
  await s.simulator.settled();
  const [only, ...others] = s.receiver.to('/status').map(({params}) => params);
  assert.deepEqual(others, []);
  assert.deepEqual(
    [only?.['CallStatus'], only?.['CallDuration'], only?.['Duration'], only?.['SequenceNumber']],
    ['no-answer', '0', '0', '0'],
  );
  assert.equal((await s.client.calls(sid).fetch()).duration, null);
});

test('a callee that answers too late for Timeout does not answer', async (t) => {
  const s = await setup(t);
  await dial(s, numbers.slow, {timeout: 5});
  await s.simulator.settled();
  assert.deepEqual(statuses(s), ['initiated', 'ringing', 'no-answer']);
});

test('scenarios can be set for a number, a pattern and the simulator', async (t) => {
  const s = await setup(t, {scenario: 'busy'});
  s.simulator.setScenario('+4930*', {outcome: 'failed', sipResponseCode: 503});
  s.simulator.setScenario(/^client:/, 'no-answer');
  const outcome = async (to: string, extra: object = {}) => {
    const sid = await dial(s, to, extra);
    await s.simulator.settled();
    return s.simulator.call(sid)?.status;
  };
  assert.equal(await outcome('+14155550123'), 'busy');
  assert.equal(await outcome('+4930123456'), 'failed');
  assert.equal(s.receiver.to('/status').at(-1)?.params['SipResponseCode'], '503');
  assert.equal(await outcome('client:bob', {from: 'client:alice'}), 'no-answer');
});

test('several events in one value: 201, and then no callbacks', async (t) => {
  const events: (number | undefined)[] = [];
  const s = await setup(t, {logger: ({code}) => events.push(code)});
  const sid = await dial(s, numbers.hangsUp, {statusCallbackEvent: 'initiated ringing answered completed'});
  await s.simulator.settled();
  assert.equal(s.simulator.call(sid)?.status, 'completed');
  assert.deepEqual(statuses(s), []);
  assert.ok(events.includes(21626));
});

test('SequenceNumber counts the callbacks fired, not the events', async (t) => {
  const s = await setup(t);
  await dial(s, numbers.hangsUp, {statusCallbackEvent: ['answered', 'completed']});
  await s.simulator.settled();
  assert.deepEqual(
    s.receiver.to('/status').map(({params}) => [params['CallStatus'], params['SequenceNumber']]),
    [
      ['in-progress', '0'],
      ['completed', '1'],
    ],
  );
});

test('canceling a queued call fires nothing at all', async (t) => {
  const s = await setup(t, {callsPerSecond: 0.001});
  await dial(s, numbers.hangsUp);
  const queued = await dial(s, numbers.hangsUp);
  const call = await s.client.calls(queued).update({status: 'canceled'});
  assert.equal(call.status, 'canceled');
  await s.simulator.settled();
  assert.equal(s.receiver.to('/status').filter(({params}) => params['CallSid'] === queued).length, 0);
});

test('canceling a ringing call ends it with the completed event and CallStatus canceled', async (t) => {
  const s = await setup(t, {speed: 50});
  const sid = await dial(s, numbers.slow);
  await reached(s, sid, 'ringing');
  await s.client.calls(sid).update({status: 'canceled'});
  await s.simulator.settled();
  assert.deepEqual(statuses(s), ['initiated', 'ringing', 'canceled']);
});

test('canceled does not affect a live call, completed ends it', async (t) => {
  const s = await setup(t);
  const sid = await dial(s, numbers.answered);
  await reached(s, sid, 'in-progress');
  const still = await s.client.calls(sid).update({status: 'canceled'});
  assert.equal(still.status, 'in-progress');
  await s.client.calls(sid).update({status: 'completed'});
  await s.simulator.settled();
  assert.deepEqual(statuses(s), ['initiated', 'ringing', 'in-progress', 'completed']);
});

test('updating a call that has ended is 404/20404, or 400/21220 if so configured', async (t) => {
  for (const [endedUpdate, status, code] of [
    ['not-found', 404, 20404],
    ['invalid-state', 400, 21220],
  ] as const) {
    const s = await setup(t, {endedUpdate});
    const sid = await dial(s, numbers.busy);
    await s.simulator.settled();
    await assert.rejects(s.client.calls(sid).update({status: 'completed'}), {status, code});
    await assert.rejects(s.client.calls(sid).update({twiml: idle}), {
      status: 400,
      code: 21220,
      message: 'Call is not in-progress. Cannot redirect.',
    });
  }
});

test('a redirect needs a call in progress and replaces its document', async (t) => {
  const s = await setup(t, {speed: 50});
  const url = s.receiver.twiml('/next', '<Hangup/>');
  const sid = await dial(s, numbers.slow);
  await assert.rejects(s.client.calls(sid).update({url}), {code: 21220});
  await reached(s, sid, 'in-progress');
  await s.client.calls(sid).update({url});
  await s.simulator.settled();
  assert.equal(s.receiver.to('/next').length, 1);
  assert.equal(s.receiver.to('/next')[0]?.params['CallStatus'], 'in-progress');
});

test('StatusCallback changes only together with a Url', async (t) => {
  const s = await setup(t);
  const sid = await dial(s, numbers.answered);
  await reached(s, sid, 'in-progress');
  await s.client.calls(sid).update({statusCallback: `${s.receiver.url}/other`});
  const url = s.receiver.twiml('/next', '<Pause length="300"/>');
  await s.client.calls(sid).update({url, statusCallback: `${s.receiver.url}/third`});
  await s.client.calls(sid).update({status: 'completed'});
  await s.simulator.settled();
  assert.equal(s.receiver.to('/other').length, 0);
  assert.deepEqual(
    s.receiver.to('/third').map(({params}) => params['CallStatus']),
    ['completed'],
  );
});

test('TimeLimit ends a call', async (t) => {
  const s = await setup(t);
  const sid = await dial(s, numbers.answered, {timeLimit: 20});
  await s.simulator.settled();
  const seconds = s.simulator.call(sid)?.durationSeconds ?? 0;
  assert.ok(seconds >= 20 && seconds < 200, `${seconds} s`);
});

test('calls beyond the rate wait in the queue, and queue_time says how long', async (t) => {
  const s = await setup(t, {callsPerSecond: 2, speed: 5});
  const started = performance.now();
  const queueTimes: number[] = [];
  for (let index = 0; index < 5; index += 1) {
    const call = await s.client.calls.create({
      to: numbers.busy,
      from,
      twiml: idle,
      statusCallback: `${s.receiver.url}/status`,
      statusCallbackEvent: ['initiated'],
    });
    assert.equal(call.status, 'queued');
    queueTimes.push(Number(call.queueTime));
  }
  await s.simulator.settled();
  assert.equal(queueTimes[0], 0);
  assert.ok((queueTimes[4] ?? 0) > 0, `queue times ${queueTimes.join()}`);
  // Five calls at two per second take two simulated seconds, which are 400 real milliseconds here.
  const last = s.receiver.to('/status').at(-1)?.at ?? 0;
  assert.ok(last - started >= 395, `${last - started} ms`);
});

test('answering machine detection delays the document, or reports asynchronously', async (t) => {
  const s = await setup(t);
  const url = s.receiver.twiml('/voice', '<Pause length="20"/>');
  await dial(s, numbers.machine, {twiml: undefined, url, machineDetection: 'Enable'});
  await s.simulator.settled();
  const [document] = s.receiver.to('/voice');
  assert.equal(document?.params['AnsweredBy'], 'machine_start');
  assert.equal(document?.params['MachineDetectionDuration'], '4000');
  assert.equal(s.receiver.to('/status').at(-1)?.params['AnsweredBy'], 'machine_start');

  const sid = await dial(s, numbers.answered, {
    twiml: undefined,
    url,
    machineDetection: 'DetectMessageEnd',
    asyncAmd: 'true',
    asyncAmdStatusCallback: `${s.receiver.url}/amd`,
  });
  await s.simulator.settled();
  assert.equal(s.receiver.to('/voice')[1]?.params['AnsweredBy'], undefined);
  assert.deepEqual(
    s.receiver.to('/amd').map(({params}) => params),
    [
      {
        CallSid: sid,
        AccountSid: s.simulator.accountSid,
        AnsweredBy: 'human',
        MachineDetectionDuration: '2500',
      },
    ],
  );
  assert.equal((await s.client.calls(sid).fetch()).answeredBy, 'human');
});

test('Record=true adds the recording to the last callback and fires its own', async (t) => {
  const s = await setup(t);
  const sid = await dial(s, numbers.hangsUp, {
    record: true,
    recordingStatusCallback: `${s.receiver.url}/recording`,
    recordingStatusCallbackEvent: ['in-progress', 'completed'],
    recordingChannels: 'dual',
  });
  await s.simulator.settled();
  const last = s.receiver.to('/status').at(-1)?.params ?? {};
  assert.match(last['RecordingSid'] ?? '', /^RE[0-9a-f]{32}$/);
  const [started, completed] = s.receiver.to('/recording').map(({params}) => params);
  assert.equal(started?.['RecordingStatus'], 'in-progress');
  assert.deepEqual(Object.keys(completed ?? {}).sort(), [
    'AccountSid',
    'CallSid',
    'RecordingChannels',
    'RecordingDuration',
    'RecordingSid',
    'RecordingSource',
    'RecordingStartTime',
    'RecordingStatus',
    'RecordingTrack',
    'RecordingUrl',
  ]);
  assert.equal(completed?.['RecordingChannels'], '2');
  assert.equal(completed?.['RecordingSource'], 'OutboundAPI');
  assert.equal(completed?.['RecordingUrl'], last['RecordingUrl']);
  const [recording] = await s.client.calls(sid).recordings.list();
  assert.equal(recording?.sid, last['RecordingSid']);
  assert.equal(recording?.duration, last['RecordingDuration']);
});

test('a live call can be recorded over REST, a call in another state cannot', async (t) => {
  const s = await setup(t, {speed: 50});
  const sid = await dial(s, numbers.slow);
  await assert.rejects(s.client.calls(sid).recordings.create(), {status: 400, code: 21220});
  await reached(s, sid, 'in-progress');
  await s.client.calls(sid).recordings.create();
  const paused = await s.client.calls(sid).recordings('Twilio.CURRENT').update({status: 'paused'});
  assert.equal(paused.status, 'paused');
  await s.client.calls(sid).recordings('Twilio.CURRENT').update({status: 'stopped'});
  await assert.rejects(s.client.calls(sid).recordings('Twilio.CURRENT').fetch(), {status: 404});
  s.simulator.hangUp(sid);
  await s.simulator.settled();
  assert.equal(statuses(s).at(-1), 'completed');
});
