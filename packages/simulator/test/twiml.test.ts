import assert from 'node:assert/strict';
import {test} from 'node:test';
import {allEvents, numbers, type Setup, setup, until} from './support.ts';

const from = '+15005550006';

/** Dials a number that answers, with TwiML at `/voice`. */
async function answered(s: Setup, verbs: string, extra: object = {}): Promise<string> {
  const url = s.receiver.twiml('/voice', verbs);
  return (await s.client.calls.create({to: numbers.answered, from, url, ...extra})).sid;
}

const paramsOf = ({receiver}: Setup, path: string) => receiver.to(path).map(({params}) => params);
const inSeconds = (actual: number | null | undefined, least: number, slack = 100) =>
  assert.ok((actual ?? -1) >= least && (actual ?? -1) < least + slack, `${actual} s instead of ${least} s`);

test('the answer URL is requested at the answer, with status in-progress and without callback parameters', async (t) => {
  const s = await setup(t);
  await answered(s, '<Hangup/>', {method: 'GET'});
  await s.simulator.settled();
  const [request] = s.receiver.to('/voice');
  assert.equal(request?.method, 'GET');
  const query = new URLSearchParams(request?.path.split('?')[1]);
  assert.equal(query.get('CallStatus'), 'in-progress');
  assert.equal(query.get('Direction'), 'outbound-api');
  for (const name of ['Timestamp', 'CallbackSource', 'SequenceNumber']) assert.equal(query.get(name), null);
  assert.equal(request?.headers['content-type'], undefined);
});

test('verbs take time, one after another', async (t) => {
  const s = await setup(t);
  const sid = await answered(
    s,
    `<Say>${'x'.repeat(60)}</Say><Play loop="2">a.mp3</Play><Play digits="1234"/><Pause length="6"/><Nonsense/>`,
  );
  await s.simulator.settled();
  inSeconds(s.simulator.call(sid)?.durationSeconds, 4 + 10 + 2 + 6);
});

test('Redirect runs another document, relative to the current one, and later verbs do not run', async (t) => {
  const s = await setup(t);
  s.receiver.twiml('/deep/next', '<Redirect method="GET">../end?x=1</Redirect><Redirect>/dead</Redirect>');
  s.receiver.twiml('/end', '<Hangup/><Redirect>/dead</Redirect>');
  await answered(s, '<Redirect>deep/next</Redirect><Redirect>/dead</Redirect>');
  await s.simulator.settled();
  assert.deepEqual(
    s.receiver.requests.map(({method, path}) => `${method} ${path.split(/[?&]/).slice(0, 2).join('?')}`),
    ['POST /voice', 'POST /deep/next', 'GET /end?x=1'],
  );
});

test('Gather sends Digits to its action, or runs the next verb without input', async (t) => {
  const s = await setup(t);
  s.receiver.twiml('/digits', '<Hangup/>');
  s.receiver.twiml('/fallen', '<Hangup/>');
  const gather = '<Gather action="/digits" numDigits="2"><Say>?</Say></Gather><Redirect>/fallen</Redirect>';
  await answered(s, gather, {to: '+15550100842'});
  await s.simulator.settled();
  assert.deepEqual(
    paramsOf(s, '/digits').map(({Digits}) => Digits),
    ['42'],
  );
  await answered(s, gather);
  await s.simulator.settled();
  assert.equal(s.receiver.to('/fallen').length, 1);
});

test('Gather listens to speech, and without action requests its own document again', async (t) => {
  const s = await setup(t);
  s.simulator.setScenario(numbers.answered, {speech: ['yes']});
  await answered(s, '<Gather input="speech dtmf" timeout="2"/>');
  await s.simulator.settled();
  assert.deepEqual(
    paramsOf(s, '/voice').map(({SpeechResult, Confidence}) => [SpeechResult, Confidence]),
    [
      [undefined, undefined],
      ['yes', '0.9'],
    ],
  );
});

test('Record takes time and sends the recording to its action, also after a hangup', async (t) => {
  const s = await setup(t);
  s.receiver.twiml('/recorded', '<Hangup/>');
  await answered(s, '<Record action="/recorded" timeout="3" recordingStatusCallback="/recording"/>');
  await s.simulator.settled();
  const [first] = paramsOf(s, '/recorded');
  assert.match(first?.['RecordingUrl'] ?? '', /\/Recordings\/RE[0-9a-f]{32}$/);
  inSeconds(Number(first?.['RecordingDuration']), 8);
  assert.equal(first?.['Digits'], '');
  assert.equal(paramsOf(s, '/recording')[0]?.['RecordingSource'], 'RecordVerb');

  await answered(s, '<Record action="/recorded" timeout="300"/>', {to: '+15550100504'});
  await s.simulator.settled();
  assert.equal(paramsOf(s, '/recorded')[1]?.['Digits'], 'hangup');
  assert.equal(paramsOf(s, '/recorded')[1]?.['CallStatus'], 'completed');
});

test('Dial creates a child leg with its own callbacks, and its action gets the outcome', async (t) => {
  const s = await setup(t);
  s.receiver.twiml('/dialed', '<Hangup/>');
  const parent = await answered(
    s,
    `<Dial action="/dialed"><Number statusCallback="/child" statusCallbackEvent="${allEvents.join(' ')}">+15550100506</Number></Dial>`,
  );
  await s.simulator.settled();
  const children = await s.client.calls.list({parentCallSid: parent});
  assert.equal(children.length, 1);
  const [child] = children;
  assert.equal(child?.direction, 'outbound-dial');
  const callbacks = paramsOf(s, '/child').sort(
    (a, b) => Number(a['SequenceNumber']) - Number(b['SequenceNumber']),
  );
  assert.deepEqual(
    callbacks.map((params) => [params['CallStatus'], params['CallSid'], params['ParentCallSid']]),
    ['initiated', 'ringing', 'in-progress', 'completed'].map((status) => [status, child?.sid, parent]),
  );
  const [outcome] = paramsOf(s, '/dialed');
  assert.equal(outcome?.['CallSid'], parent);
  assert.equal(outcome?.['DialCallStatus'], 'completed');
  assert.equal(outcome?.['DialCallSid'], child?.sid);
  assert.equal(outcome?.['DialBridged'], 'true');
  inSeconds(Number(outcome?.['DialCallDuration']), 6);
});

test('an unanswered Dial reports why, and without action the next verb runs', async (t) => {
  const s = await setup(t);
  s.receiver.twiml('/dialed', '<Hangup/>');
  for (const [number, status] of [
    [numbers.busy, 'busy'],
    [numbers.noAnswer, 'no-answer'],
    [numbers.failed, 'failed'],
  ] as const) {
    await answered(s, `<Dial action="/dialed" timeout="10">${number}</Dial>`);
    await s.simulator.settled();
    assert.equal(paramsOf(s, '/dialed').at(-1)?.['DialCallStatus'], status);
    assert.equal(paramsOf(s, '/dialed').at(-1)?.['DialBridged'], 'false');
  }
  s.receiver.twiml('/after', '<Hangup/>');
  await answered(s, `<Dial>${numbers.busy}</Dial><Redirect>/after</Redirect>`);
  await s.simulator.settled();
  assert.equal(s.receiver.to('/after').length, 1);
});

test('several nouns ring at once: the first answer wins and the others are canceled', async (t) => {
  const s = await setup(t, {manualClock: true});
  s.simulator.setScenario('client:late', {ringSeconds: 200});
  s.simulator.setScenario('client:soon', {ringSeconds: 4, hangUpAfterSeconds: 5});
  s.receiver.twiml('/whisper', '<Say>A call for you</Say>');
  const parent = await answered(
    s,
    '<Dial timeout="60"><Client statusCallback="/late">late</Client><Client url="/whisper">soon</Client></Dial>',
  );
  await s.simulator.advance(60);
  const legs = s.simulator.calls().filter(({parentCallSid}) => parentCallSid === parent);
  assert.deepEqual(
    legs.map(({to, status}) => [to, status]),
    [
      ['client:late', 'canceled'],
      ['client:soon', 'completed'],
    ],
  );
  assert.equal(paramsOf(s, '/late')[0]?.['CallStatus'], 'canceled');
  assert.equal(paramsOf(s, '/whisper')[0]?.['CallSid'], legs[1]?.sid);
});

test('a parent in Dial counts as in progress, and its end ends the child', async (t) => {
  const s = await setup(t, {speed: 50});
  const parent = await answered(s, `<Dial timeout="60">${numbers.slow}</Dial>`);
  const child = () => s.simulator.calls().find(({parentCallSid}) => parentCallSid === parent);
  await until(() => child()?.status === 'ringing');
  assert.equal((await s.client.calls(parent).update({status: 'canceled'})).status, 'in-progress');
  await s.client.calls(parent).update({status: 'completed'});
  await s.simulator.settled();
  assert.equal(s.simulator.call(parent)?.status, 'completed');
  assert.equal(child()?.status, 'canceled');
});

test('answerOnBridge keeps the caller ringing until the other side answers', async (t) => {
  const s = await setup(t, {speed: 50});
  const [number] = await s.client.incomingPhoneNumbers.list();
  const voiceUrl = s.receiver.twiml('/voice', '<Dial answerOnBridge="true"><Client>bob</Client></Dial>');
  await s.client
    .incomingPhoneNumbers(number?.sid ?? '')
    .update({voiceUrl, statusCallback: `${s.receiver.url}/end`});
  s.simulator.setScenario('client:bob', {ringSeconds: 20, hangUpAfterSeconds: 5});
  const sid = await s.simulator.placeInboundCall({from: '+14155550123'});
  const child = () => s.simulator.calls().find(({parentCallSid}) => parentCallSid === sid);
  await until(() => child()?.status === 'ringing');
  assert.equal(s.simulator.call(sid)?.status, 'ringing');
  await until(() => child()?.status === 'in-progress');
  assert.equal(s.simulator.call(sid)?.status, 'in-progress');
  await s.simulator.settled();
  assert.equal(paramsOf(s, '/end')[0]?.['CallStatus'], 'completed');

  s.simulator.setScenario('client:bob', 'busy');
  const second = await s.simulator.placeInboundCall({from: '+14155550123'});
  await s.simulator.settled();
  assert.equal(s.simulator.call(second)?.status, 'no-answer');
});

test('a redirect during Dial ends the child and requests both the action and the target', async (t) => {
  const s = await setup(t);
  s.receiver.twiml('/dialed', '<Redirect>/dead</Redirect>');
  const url = s.receiver.twiml('/target', '<Pause length="5"/>');
  const parent = await answered(s, `<Dial action="/dialed">${numbers.answered}</Dial>`);
  const child = () => s.simulator.calls().find(({parentCallSid}) => parentCallSid === parent);
  await until(() => child()?.status === 'in-progress');
  await s.client.calls(parent).update({url});
  await s.simulator.settled();
  assert.equal(child()?.status, 'completed');
  assert.equal(paramsOf(s, '/dialed')[0]?.['DialCallStatus'], 'completed');
  assert.equal(s.receiver.to('/target').length, 1);
  assert.equal(s.receiver.to('/dead').length, 0);
});

test('a child that is redirected leaves the Dial and outlives its parent', async (t) => {
  const s = await setup(t);
  s.receiver.twiml('/dialed', '<Hangup/>');
  const url = s.receiver.twiml('/target', '<Pause length="100"/>');
  const parent = await answered(s, `<Dial action="/dialed">${numbers.answered}</Dial>`);
  const child = () => s.simulator.calls().find(({parentCallSid}) => parentCallSid === parent);
  await until(() => child()?.status === 'in-progress');
  await s.client.calls(child()?.sid ?? '').update({url});
  await until(() => s.simulator.call(parent)?.status === 'completed');
  assert.equal(child()?.status, 'in-progress');
  assert.equal(paramsOf(s, '/target')[0]?.['CallSid'], child()?.sid);
  await s.simulator.settled();
  assert.equal(child()?.status, 'completed');
});

test('a document that cannot be run leads to FallbackUrl with ErrorCode and ErrorUrl', async (t) => {
  const broken: [string, string, Parameters<Setup['receiver']['on']>[1]][] = [
    ['HTTP 500', '11200', (_r, response) => response.writeHead(500).end()],
    [
      'no XML',
      '12100',
      (_r, response) => response.setHeader('Content-Type', 'text/xml').end('<Response><Say>'),
    ],
    [
      'wrong root',
      '12102',
      (_r, response) => response.setHeader('Content-Type', 'text/xml').end('<Say>Hi</Say>'),
    ],
    [
      'wrong type',
      '12300',
      (_r, response) => response.setHeader('Content-Type', 'application/json').end('{}'),
    ],
    [
      'too long',
      '11750',
      (_r, response) => response.setHeader('Content-Type', 'text/xml').end(' '.repeat(65_537)),
    ],
    ['loop', '11215', (_r, response) => response.writeHead(302, {Location: '/broken'}).end()],
  ];
  for (const [what, code, respond] of broken) {
    const s = await setup(t);
    const url = s.receiver.on('/broken', respond);
    const fallbackUrl = s.receiver.twiml('/fallback', '<Hangup/>');
    const {sid} = await s.client.calls.create({to: numbers.answered, from, url, fallbackUrl});
    await s.simulator.settled();
    const [params] = paramsOf(s, '/fallback');
    assert.deepEqual([params?.['ErrorCode'], params?.['ErrorUrl']], [code, url], what);
    assert.equal(params?.['CallSid'], sid);
    assert.equal(s.simulator.call(sid)?.status, 'completed');
    await s.simulator.stop();
  }
});

test('without a fallback the caller hears a notice and the call ends completed; a broken fallback does not loop', async (t) => {
  const s = await setup(t);
  const url = s.receiver.on('/broken', (_received, response) => response.writeHead(404).end());
  const first = await s.client.calls.create({to: numbers.answered, from, url});
  const second = await s.client.calls.create({to: numbers.answered, from, url, fallbackUrl: url});
  await s.simulator.settled();
  assert.equal(s.simulator.call(first.sid)?.status, 'completed');
  assert.equal(s.simulator.call(second.sid)?.status, 'completed');
  assert.equal(s.receiver.to('/broken').length, 2);
});

test('Url takes precedence over inline TwiML, which needs absolute actions', async (t) => {
  const codes: (number | undefined)[] = [];
  const s = await setup(t, {logger: ({code}) => codes.push(code)});
  s.receiver.twiml('/voice', '<Hangup/>');
  await answered(s, '<Hangup/>', {twiml: '<Response><Pause/></Response>'});
  await s.simulator.settled();
  assert.equal(s.receiver.to('/voice').length, 1);
  const twiml = '<Response><Dial action="/relative">+15550100100</Dial></Response>';
  await s.client.calls.create({to: numbers.answered, from, twiml});
  await s.simulator.settled();
  assert.ok(codes.includes(11100));
});

test('text is read aloud, audio is played, and entities and comments are parsed', async (t) => {
  const s = await setup(t);
  const url = s.receiver.on('/text', (_r, response) => {
    response.setHeader('Content-Type', 'text/plain').end('x'.repeat(150));
  });
  const {sid} = await s.client.calls.create({to: numbers.answered, from, url});
  await s.simulator.settled();
  inSeconds(s.simulator.call(sid)?.durationSeconds, 10);
  s.receiver.twiml('/next', '<Hangup/>');
  await answered(s, '<!-- c --><Redirect>/next?a=1&amp;b=<![CDATA[2&c=3]]></Redirect>');
  await s.simulator.settled();
  assert.equal(s.receiver.to('/next')[0]?.path, '/next?a=1&b=2&c=3');
});
