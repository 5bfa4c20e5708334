import assert from 'node:assert/strict';
import {test} from 'node:test';
import {numbers, type Setup, setup} from './support.ts';

const from = '+15005550006';

/** Creates an answered call with TwiML at `/voice`, on a manual clock. */
async function answered(s: Setup, verbs: string, extra: object = {}): Promise<string> {
  const url = s.receiver.twiml('/voice', verbs);
  const {sid} = await s.client.calls.create({to: numbers.answered, from, url, ...extra});
  await s.simulator.advance(3.6);
  assert.equal(s.simulator.call(sid)?.status, 'in-progress');
  return sid;
}

const paramsOf = ({receiver}: Setup, path: string) => receiver.to(path).map(({params}) => params);
const childrenOf = ({simulator}: Setup, sid: string) =>
  simulator.calls().filter(({parentCallSid}) => parentCallSid === sid);
/** The duration of the verbs, measured at the end of the call. */
async function secondsOf(s: Setup, verbs: string): Promise<number> {
  const sid = await answered(s, verbs);
  await s.simulator.advance(200);
  return s.simulator.call(sid)?.durationSeconds ?? -1;
}

test('a key stops the prompt of a Gather at once and counts as its first key', async (t) => {
  const s = await setup(t, {manualClock: true});
  s.receiver.twiml('/digits', '<Pause length="600"/>');
  const prompt = '<Say>Welcome</Say><Play>long.mp3</Play><Pause length="500"/>';
  const sid = await answered(s, `<Gather action="/digits" numDigits="2" timeout="60">${prompt}</Gather>`);
  await s.simulator.advance(20);
  s.simulator.pressKeys(sid, '4');
  await s.simulator.advance(1);
  assert.equal(s.receiver.to('/digits').length, 0);
  s.simulator.pressKeys(sid, '2');
  await s.simulator.advance(0);
  assert.equal(paramsOf(s, '/digits')[0]?.['Digits'], '42');
});

test('speech stops the prompt too, unless bargeIn is false', async (t) => {
  const s = await setup(t, {manualClock: true});
  s.receiver.twiml('/heard', '<Pause length="600"/>');
  const gather = (attributes: string) =>
    `<Gather input="speech" action="/heard" timeout="5" ${attributes}><Pause length="60"/></Gather>`;
  const first = await answered(s, gather(''));
  s.simulator.speak(first, 'stop');
  await s.simulator.advance(0);
  assert.equal(paramsOf(s, '/heard')[0]?.['SpeechResult'], 'stop');
  const second = await answered(s, gather('bargeIn="false"'));
  s.simulator.speak(second, 'wait');
  await s.simulator.advance(50);
  assert.equal(s.receiver.to('/heard').length, 1);
  await s.simulator.advance(10);
  assert.equal(paramsOf(s, '/heard')[1]?.['SpeechResult'], 'wait');
});

test('Gather: FinishedOnKey is the key that ended it, msg is Gather End', async (t) => {
  const s = await setup(t, {manualClock: true});
  s.receiver.twiml('/digits', '<Pause length="600"/>');
  for (const [attributes, keys, digits, key] of [
    ['', '12#', '12', '#'],
    ['finishOnKey="*"', '1#*', '1#', '*'],
    ['numDigits="2"', '12', '12', ''],
    ['finishOnKey=""', '1#', '1#', ''],
    ['', '7', '7', ''],
  ] as const) {
    const sid = await answered(s, `<Gather action="/digits" timeout="5" ${attributes}/>`);
    s.simulator.pressKeys(sid, keys);
    await s.simulator.advance(6);
    const params = paramsOf(s, '/digits').at(-1);
    assert.deepEqual(
      [params?.['Digits'], params?.['FinishedOnKey'], params?.['msg']],
      [digits, key, 'Gather End'],
      `${attributes} ${keys}`,
    );
  }
});

test('the finishing key alone is not input: the next verb runs, or action gets empty Digits if it requires that', async (t) => {
  const s = await setup(t, {manualClock: true});
  for (const path of ['/digits', '/fallen']) s.receiver.twiml(path, '<Pause length="600"/>');
  const first = await answered(s, '<Gather action="/digits"/><Redirect>/fallen</Redirect>');
  s.simulator.pressKeys(first, '#');
  await s.simulator.advance(0);
  assert.deepEqual([s.receiver.to('/digits').length, s.receiver.to('/fallen').length], [0, 1]);
  const second = await answered(s, '<Gather action="/digits" actionOnEmptyResult="true"/>');
  s.simulator.pressKeys(second, '#');
  await s.simulator.advance(0);
  const [params] = paramsOf(s, '/digits');
  assert.deepEqual([params?.['Digits'], params?.['FinishedOnKey']], ['', '#']);
});

test('hangupOnStar ends a ringing (canceled) or answered (completed) leg, and the caller stays', async (t) => {
  const s = await setup(t, {manualClock: true});
  s.receiver.twiml('/dialed', '<Pause length="600"/>');
  s.simulator.setScenario('client:bob', 'on-demand');
  const dial = '<Dial hangupOnStar="true" action="/dialed" timeout="60"><Client>bob</Client></Dial>';
  for (const [talks, status] of [
    [false, 'canceled'],
    [true, 'completed'],
  ] as const) {
    const sid = await answered(s, dial);
    await s.simulator.advance(1);
    const [bob] = childrenOf(s, sid);
    if (talks) s.simulator.answer(bob?.sid ?? '');
    await s.simulator.advance(5);
    s.simulator.pressKeys(sid, '12');
    await s.simulator.advance(1);
    assert.equal(s.simulator.call(bob?.sid ?? '')?.endedAt, null);
    s.simulator.pressKeys(sid, '*');
    await s.simulator.advance(0);
    assert.equal(s.simulator.call(bob?.sid ?? '')?.status, status);
    assert.equal(s.simulator.call(sid)?.status, 'in-progress');
    assert.equal(paramsOf(s, '/dialed').at(-1)?.['DialCallStatus'], status);
  }
});

test('without hangupOnStar a star is an ordinary key and is kept for the next Gather', async (t) => {
  const s = await setup(t, {manualClock: true});
  s.receiver.twiml('/digits', '<Pause length="600"/>');
  const sid = await answered(
    s,
    '<Dial><Number>+15550100502</Number></Dial><Gather action="/digits" numDigits="1"/>',
  );
  await s.simulator.advance(4);
  s.simulator.pressKeys(sid, '*');
  assert.equal(childrenOf(s, sid)[0]?.status, 'in-progress');
  await s.simulator.advance(10);
  assert.equal(paramsOf(s, '/digits')[0]?.['Digits'], '*');
});

test('sequential rings one noun after another and stops at the first answer', async (t) => {
  const s = await setup(t, {manualClock: true});
  s.receiver.twiml('/dialed', '<Pause length="600"/>');
  for (const name of ['a', 'b', 'c']) s.simulator.setScenario(`client:${name}`, 'on-demand');
  const nouns = '<Client>a</Client><Client>b</Client><Client>c</Client>';
  const sid = await answered(s, `<Dial sequential="true" timeout="10" action="/dialed">${nouns}</Dial>`);
  await s.simulator.advance(2);
  const legs = () => childrenOf(s, sid).map(({to, status}) => [to, status]);
  assert.deepEqual(legs(), [['client:a', 'ringing']]);
  await s.simulator.advance(10);
  assert.deepEqual(legs(), [
    ['client:a', 'no-answer'],
    ['client:b', 'ringing'],
  ]);
  const b = childrenOf(s, sid)[1]?.sid ?? '';
  s.simulator.answer(b);
  await s.simulator.advance(5);
  s.simulator.hangUp(b);
  await s.simulator.advance(0);
  assert.deepEqual(legs(), [
    ['client:a', 'no-answer'],
    ['client:b', 'completed'],
  ]);
  const [params] = paramsOf(s, '/dialed');
  assert.deepEqual([params?.['DialCallSid'], params?.['DialCallStatus']], [b, 'completed']);
});

test('machineDetection of a Number reports to its amdStatusCallback without delaying the call', async (t) => {
  const s = await setup(t, {manualClock: true});
  const noun = (attributes: string) => `<Dial><Number ${attributes}>${numbers.machine}</Number></Dial>`;
  const sid = await answered(
    s,
    noun('machineDetection="DetectMessageEnd" amdStatusCallback="/amd" amdStatusCallbackMethod="GET"'),
  );
  await s.simulator.advance(4);
  const [child] = childrenOf(s, sid);
  assert.deepEqual([child?.status, child?.answeredBy], ['in-progress', null]);
  await s.simulator.advance(12);
  const [request] = s.receiver.to('/amd');
  const query = new URLSearchParams(request?.path.split('?')[1]);
  assert.equal(request?.method, 'GET');
  assert.deepEqual(
    [query.get('CallSid'), query.get('AnsweredBy'), query.get('MachineDetectionDuration')],
    [child?.sid, 'machine_end_beep', '12000'],
  );
  assert.equal((await s.client.calls(child?.sid ?? '').fetch()).answeredBy, 'machine_end_beep');
  await answered(s, noun('machineDetection="Enable"'));
  await s.simulator.advance(12);
  assert.equal(s.receiver.to('/amd').length, 1);
  assert.deepEqual(
    s.simulator.notifications().map(({code}) => code),
    [21262],
  );
});

test('asynchronous detection without a callback does not delay the call and stores its result in the resource', async (t) => {
  const s = await setup(t, {manualClock: true});
  const sid = await answered(s, '<Pause length="30"/>', {
    to: numbers.machine,
    machineDetection: 'Enable',
    asyncAmd: 'true',
  });
  assert.equal(s.receiver.to('/voice').length, 1);
  await s.simulator.advance(5);
  assert.equal((await s.client.calls(sid).fetch()).answeredBy, 'machine_start');
});

test('a silent Record has no recording: no action, the callback reports absent, and the next verb runs', async (t) => {
  const s = await setup(t, {manualClock: true});
  s.simulator.setScenario(numbers.answered, {speakSeconds: 0});
  s.receiver.twiml('/next', '<Pause length="600"/>');
  const events = 'in-progress completed absent';
  const record = `<Record timeout="4" action="/recorded" recordingStatusCallback="/recording" recordingStatusCallbackEvent="${events}"/>`;
  await answered(s, `${record}<Redirect>/next</Redirect>`);
  await s.simulator.advance(8);
  assert.deepEqual([s.receiver.to('/recorded').length, s.receiver.to('/next').length], [0, 1]);
  assert.deepEqual(
    paramsOf(s, '/recording').map((params) => [params['RecordingStatus'], params['RecordingDuration']]),
    [
      ['in-progress', '0'],
      ['absent', '0'],
    ],
  );
  const [recording] = await s.client.recordings.list();
  assert.deepEqual([recording?.status, recording?.errorCode], ['absent', 16102]);
  // Hanging up in silence also leaves no recording.
  const sid = await answered(s, record);
  s.simulator.hangUp(sid);
  await s.simulator.advance(3);
  assert.equal(s.receiver.to('/recorded').length, 0);
});

test('Say takes the time of its SSML: breaks, nested text, prosody and sub', async (t) => {
  const s = await setup(t, {manualClock: true});
  const text = 'x'.repeat(60); // four seconds
  for (const [say, seconds] of [
    [`<Say>${text}</Say>`, 4],
    ['<Say><break time="3s"/></Say>', 3],
    [`<Say>${text}<break time="2s"/></Say>`, 6],
    ['<Say><break time="2500ms"/><break time="500ms"/></Say>', 3],
    [`<Say><p><s>${text}</s></p><emphasis level="strong">${text}</emphasis></Say>`, 8],
    [`<Say><prosody rate="50%">${text}</prosody></Say>`, 8],
    [`<Say><sub alias="${text}">x</sub></Say>`, 4],
    ['<Say><break time="99s"/></Say>', 10],
    [`<Say loop="2">${text}<break time="1s"/></Say>`, 10],
  ] as const) {
    assert.equal(await secondsOf(s, say), seconds, say);
  }
});

test('TwiML that is not simulated warns in the log, at /_simulator and in the notifications of the call', async (t) => {
  const logged: (string | undefined)[] = [];
  const s = await setup(t, {
    manualClock: true,
    logger: ({level, callSid, code}) => level === 'warning' && logged.push(`${code} ${callSid}`),
  });
  for (const [verbs, named] of [
    ['<Start><Stream url="wss://a.example"/></Start>', '<Start><Stream>'],
    ['<Stop><Stream name="a"/></Stop>', '<Stop><Stream>'],
    ['<Connect><Stream url="wss://a.example"/></Connect>', '<Connect>'],
    ['<Enqueue>support</Enqueue>', '<Enqueue>'],
    ['<Dial><Conference>room</Conference></Dial>', '<Dial><Conference>'],
    ['<Dial><Queue>support</Queue></Dial>', '<Dial><Queue>'],
    ['<Dial><Sim>DE1</Sim></Dial>', '<Dial><Sim>'],
    ['<Pay/>', '<Pay>'],
    ['<Leave/>', '<Leave>'],
    ['<Refer><Sip>sip:a@b.example</Sip></Refer>', '<Refer>'],
    ['<Nonsense/>', '<Nonsense>'],
    ['<say>lower case</say>', '<say>'],
    ['<Gather timeout="1"><Dial>+15550100000</Dial></Gather>', '<Dial> cannot be nested'],
  ] as const) {
    const sid = await answered(s, `${verbs}<Pause length="600"/>`);
    const [notification, another] = await s.client.calls(sid).notifications.list();
    assert.equal(another, undefined, verbs);
    assert.ok(notification?.messageText.includes(named), `${verbs}: ${notification?.messageText}`);
    assert.deepEqual(
      [notification?.errorCode, notification?.log, notification?.callSid, notification?.requestUrl],
      ['12200', '1', sid, `${s.receiver.url}/voice`],
    );
    assert.equal(logged.at(-1), `12200 ${sid}`);
    const page = (await (await fetch(`${s.simulator.url}/_simulator/state`)).json()) as {
      calls: {sid: string; warnings: {message: string}[]}[];
    };
    const shown = page.calls.find((call) => call.sid === sid);
    assert.ok(shown?.warnings[0]?.message.includes(named), verbs);
    assert.equal(childrenOf(s, sid).length, 0, verbs);
    s.simulator.hangUp(sid);
  }
});

test('notifications: errors and warnings of all calls, with filters and pages, each by sid', async (t) => {
  const s = await setup(t, {manualClock: true});
  const broken = await answered(s, '<Redirect>/missing</Redirect>');
  const odd = await answered(s, '<Nonsense/><Pause length="600"/>');
  s.receiver.on('/missing', (_received, response) => response.writeHead(404).end());
  const all = await s.client.notifications.list();
  assert.deepEqual(
    all.map(({callSid, log, errorCode}) => [callSid, log, errorCode]),
    [
      [odd, '1', '12200'],
      [broken, '0', '12300'],
    ],
  );
  assert.equal(all[1]?.requestUrl, `${s.receiver.url}/missing`);
  assert.equal(all[1]?.requestMethod, 'POST');
  const sids = async (filter: Parameters<typeof s.client.notifications.list>[0]) =>
    (await s.client.notifications.list(filter)).map(({sid}) => sid);
  assert.deepEqual(await sids({log: 0}), [all[1]?.sid]);
  assert.deepEqual(await sids({pageSize: 1}), [all[0]?.sid, all[1]?.sid]);
  assert.deepEqual(await sids({messageDateAfter: new Date(Date.now() + 48 * 3_600_000)}), []);
  const one = await s.client.notifications(all[0]?.sid ?? '').fetch();
  assert.equal(one.moreInfo, 'https://www.twilio.com/docs/errors/12200');
  assert.equal((await s.client.calls(odd).notifications(one.sid).fetch()).sid, one.sid);
  await assert.rejects(s.client.calls(broken).notifications(one.sid).fetch(), {status: 404});
});
