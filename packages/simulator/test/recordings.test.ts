import assert from 'node:assert/strict';
import {test} from 'node:test';
import {defaultApiKeySecret, defaultApiKeySid} from '../src/index.ts';
import {numbers, type Setup, setup, until} from './support.ts';

const from = '+15005550006';
const talk = '<Response><Pause length="600"/></Response>';

async function callInProgress({client, simulator}: Setup): Promise<string> {
  const {sid} = await client.calls.create({to: numbers.answered, from, twiml: talk});
  await until(() => simulator.call(sid)?.status === 'in-progress');
  return sid;
}

/** Creates a recording of a few seconds that can be fetched. */
async function completedRecording(s: Setup, options: object = {}) {
  const call = await callInProgress(s);
  const {sid} = await s.client.calls(call).recordings.create(options);
  await s.simulator.advance(4);
  await s.client.calls(call).recordings('Twilio.CURRENT').update({status: 'stopped'});
  await s.simulator.advance(2);
  return await s.client.recordings(sid).fetch();
}

/** Uses a manual clock. Creating a call advances it until the call is answered. */
async function manual(t: Parameters<typeof setup>[0], options: object = {}): Promise<Setup> {
  const s = await setup(t, {...options, manualClock: true});
  const create = s.client.calls.create.bind(s.client.calls);
  s.client.calls.create = (async (params: Parameters<typeof create>[0]) => {
    const call = await create(params);
    await s.simulator.advance(10);
    return call;
  }) as typeof create;
  return s;
}

function get({simulator}: Setup, url: string, {user = '', headers = {}, method = 'GET'}: GetOptions = {}) {
  const credentials = user || `${simulator.accountSid}:${simulator.authToken}`;
  const authorization = `Basic ${Buffer.from(credentials).toString('base64')}`;
  return fetch(url, {method, headers: {...(user === 'none' ? {} : {authorization}), ...headers}});
}

interface GetOptions {
  readonly user?: string;
  readonly headers?: Record<string, string>;
  readonly method?: string;
}

test('RecordingUrl points to the simulator, and the WAV has the length in the callback', async (t) => {
  const s = await setup(t);
  const url = s.receiver.twiml(
    '/voice',
    '<Record timeout="2" recordingStatusCallback="/recording" action="/done"/>',
  );
  s.receiver.twiml('/done', '<Hangup/>');
  await s.client.calls.create({to: numbers.answered, from, url});
  await s.simulator.settled();
  const params = s.receiver.to('/recording')[0]?.params ?? {};
  const recordingUrl = params['RecordingUrl'] ?? '';
  assert.ok(
    recordingUrl.startsWith(`${s.simulator.url}/2010-04-01/Accounts/${s.simulator.accountSid}/Recordings/RE`),
  );
  const response = await get(s, `${recordingUrl}.wav`);
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('content-type'), 'audio/x-wav');
  const wav = Buffer.from(await response.arrayBuffer());
  assert.equal(wav.length, Number(response.headers.get('content-length')));
  assert.equal(wav.toString('latin1', 0, 4) + wav.toString('latin1', 8, 16), 'RIFFWAVEfmt ');
  assert.equal(wav.readUInt32LE(4), wav.length - 8);
  const [channels, rate, bytesPerSecond, bits] = [
    wav.readUInt16LE(22),
    wav.readUInt32LE(24),
    wav.readUInt32LE(28),
    wav.readUInt16LE(34),
  ];
  assert.deepEqual([channels, rate, bits], [1, 8000, 16]);
  assert.equal((wav.length - 44) / bytesPerSecond, Number(params['RecordingDuration']));
  assert.ok(
    wav.subarray(44).some((byte) => byte !== 0),
    'the file is silent',
  );
  assert.deepEqual(Buffer.from(await (await get(s, recordingUrl)).arrayBuffer()), wav);
});

test('apiUrl is the origin of RecordingUrl, and an invalid origin is refused', async (t) => {
  const s = await manual(t, {apiUrl: 'http://simulator:4010/'});
  const {mediaUrl, sid} = await completedRecording(s);
  assert.equal(
    mediaUrl,
    `http://simulator:4010/2010-04-01/Accounts/${s.simulator.accountSid}/Recordings/${sid}`,
  );
  for (const apiUrl of ['simulator:4010', 'http://simulator/path', 'ftp://simulator', 'http://']) {
    await assert.rejects(setup(t, {apiUrl}), RangeError, apiUrl);
  }
});

test('the MP3 is a sequence of complete frames of its length, in one channel or two', async (t) => {
  const s = await manual(t);
  for (const [channels, mode] of [
    ['mono', 0b11],
    ['dual', 0b00],
  ] as const) {
    const {mediaUrl} = await completedRecording(s, {recordingChannels: channels});
    const response = await get(s, `${mediaUrl}.mp3`);
    assert.equal(response.headers.get('content-type'), 'audio/mpeg');
    const mp3 = Buffer.from(await response.arrayBuffer());
    // MPEG-2 Layer III without CRC, 32 kbit/s at 24 kHz: 96 bytes for 24 ms.
    assert.equal(mp3.length % 96, 0);
    assert.ok(Math.abs((mp3.length / 96) * 0.024 - 4) < 0.024);
    for (let at = 0; at < mp3.length; at += 96) {
      assert.deepEqual([mp3[at], mp3[at + 1], mp3[at + 2]], [0xff, 0xf3, 0x44]);
      assert.equal((mp3[at + 3] ?? 0) >> 6, mode);
    }
  }
});

test('a file needs HTTP Basic as at Twilio, also with an API key; mediaAuth: none needs no credentials', async (t) => {
  const s = await manual(t);
  const {mediaUrl} = await completedRecording(s);
  for (const [user, status] of [
    ['none', 401],
    ['AC:wrong', 401],
    [`${defaultApiKeySid}:${defaultApiKeySecret}`, 200],
    ['', 200],
  ] as const) {
    assert.equal((await get(s, `${mediaUrl}.wav`, {user})).status, status, user);
  }
  const open = await manual(t, {mediaAuth: 'none'});
  const recording = await completedRecording(open);
  assert.equal((await get(open, `${recording.mediaUrl}.mp3`, {user: 'none'})).status, 200);
  // The metadata is not a file.
  const json = `${open.simulator.url}/2010-04-01/Accounts/${open.simulator.accountSid}/Recordings/${recording.sid}.json`;
  assert.equal((await get(open, json, {user: 'none'})).status, 401);
});

test('Range: parts are 206 with the same bytes as the whole, and a range beyond the end is 416', async (t) => {
  const s = await manual(t);
  const {mediaUrl} = await completedRecording(s);
  const whole = Buffer.from(await (await get(s, `${mediaUrl}.wav`)).arrayBuffer());
  const size = whole.length;
  for (const [range, start, end] of [
    ['bytes=0-0', 0, 0],
    ['bytes=0-', 0, size - 1],
    ['bytes=40-50', 40, 50],
    ['bytes=16000-16099', 16_000, 16_099],
    ['bytes=-100', size - 100, size - 1],
    [`bytes=${size - 5}-${size + 1000}`, size - 5, size - 1],
  ] as const) {
    const response = await get(s, `${mediaUrl}.wav`, {headers: {range}});
    assert.equal(response.status, 206, range);
    assert.equal(response.headers.get('content-range'), `bytes ${start}-${end}/${size}`, range);
    assert.deepEqual(Buffer.from(await response.arrayBuffer()), whole.subarray(start, end + 1), range);
  }
  for (const range of [`bytes=${size}-`, 'bytes=999999999-', 'bytes=-0']) {
    const response = await get(s, `${mediaUrl}.wav`, {headers: {range}});
    assert.equal(response.status, 416, range);
    assert.equal(response.headers.get('content-range'), `bytes */${size}`);
    assert.equal((await response.arrayBuffer()).byteLength, 0);
  }
  for (const range of ['lines=1-2', 'bytes=x', 'bytes=5-1,7', 'bytes=0-1,5-6']) {
    const response = await get(s, `${mediaUrl}.wav`, {headers: {range}});
    assert.notEqual(response.status, 206, range);
    await response.arrayBuffer();
  }
  const plain = await get(s, `${mediaUrl}.wav`);
  assert.equal(plain.headers.get('accept-ranges'), 'bytes');
  await plain.arrayBuffer();
});

test('HEAD returns the headers of GET without a body, for files and resources', async (t) => {
  const s = await manual(t);
  const {mediaUrl, uri} = await completedRecording(s);
  for (const url of [`${mediaUrl}.wav`, `${mediaUrl}.mp3`, s.simulator.url + uri]) {
    const body = await (await get(s, url)).arrayBuffer();
    const head = await get(s, url, {method: 'HEAD'});
    assert.equal(head.status, 200);
    assert.equal(Number(head.headers.get('content-length')), body.byteLength, url);
    assert.equal((await head.arrayBuffer()).byteLength, 0);
  }
});

test('there is no file while the recording runs or is processed, nor after it is deleted', async (t) => {
  const s = await manual(t);
  const call = await callInProgress(s);
  const {sid} = await s.client.calls(call).recordings.create();
  const {mediaUrl} = await s.client.recordings(sid).fetch();
  const statusOfFile = async () => (await get(s, `${mediaUrl}.wav`)).status;
  await s.simulator.advance(3);
  assert.equal(await statusOfFile(), 404);
  await s.client.calls(call).update({status: 'completed'});
  assert.equal((await s.client.recordings(sid).fetch()).status, 'processing');
  assert.equal(await statusOfFile(), 404);
  await s.simulator.advance(2);
  assert.equal((await s.client.recordings(sid).fetch()).status, 'completed');
  assert.equal(await statusOfFile(), 200);
  assert.equal(await s.client.recordings(sid).remove(), true);
  assert.equal(await statusOfFile(), 404);
  await assert.rejects(s.client.recordings(sid).fetch(), {status: 404, code: 20404});
  assert.equal((await s.client.recordings(sid).fetch({includeSoftDeleted: true})).status, 'deleted');
  assert.deepEqual(await s.client.recordings.list(), []);
  assert.equal((await s.client.recordings.list({includeSoftDeleted: true})).length, 1);
});

test('RequestedChannels: one of two channels is available, two of one are not', async (t) => {
  const s = await manual(t);
  const dual = await completedRecording(s, {recordingChannels: 'dual'});
  const mono = await completedRecording(s);
  const channels = async (url: string) => {
    const response = await get(s, url);
    assert.equal(response.status, 200, url);
    return Buffer.from(await response.arrayBuffer()).readUInt16LE(22);
  };
  assert.equal(await channels(`${dual.mediaUrl}.wav`), 2);
  assert.equal(await channels(`${dual.mediaUrl}.wav?RequestedChannels=1`), 1);
  assert.equal(await channels(`${dual.mediaUrl}.wav?RequestedChannels=2`), 2);
  for (const [url, asked] of [
    [mono.mediaUrl, '2'],
    [dual.mediaUrl, '3'],
  ]) {
    assert.equal((await get(s, `${url}.wav?RequestedChannels=${asked}`)).status, 400);
  }
});

test('recordings of the account and of a call are listed with filters, page by page', async (t) => {
  const s = await manual(t);
  const [first, second, third] = [
    await completedRecording(s),
    await completedRecording(s),
    await completedRecording(s),
  ];
  const sids = async (filter: Parameters<typeof s.client.recordings.list>[0]) =>
    (await s.client.recordings.list(filter)).map(({sid}) => sid);
  assert.deepEqual(await sids({}), [third.sid, second.sid, first.sid]);
  assert.deepEqual(await sids({pageSize: 1}), [third.sid, second.sid, first.sid]);
  assert.deepEqual(await sids({callSid: second.callSid}), [second.sid]);
  assert.deepEqual(await sids({conferenceSid: `CF${'0'.repeat(32)}`}), []);
  assert.deepEqual(await sids({dateCreatedAfter: new Date(Date.now() + 60_000)}), []);
  assert.equal((await sids({dateCreatedBefore: new Date(Date.now() + 60_000)})).length, 3);
  const ofCall = await s.client.calls(first.callSid).recordings.list();
  assert.deepEqual(
    ofCall.map(({sid, uri, duration, source}) => [sid, uri, duration, source]),
    [
      [
        first.sid,
        `/2010-04-01/Accounts/${s.simulator.accountSid}/Calls/${first.callSid}/Recordings/${first.sid}.json`,
        '4',
        'StartCallRecordingAPI',
      ],
    ],
  );
  await assert.rejects(s.client.calls(second.callSid).recordings(first.sid).fetch(), {status: 404});
  assert.equal(await s.client.calls(first.callSid).recordings(first.sid).remove(), true);
  assert.deepEqual(await s.client.calls(first.callSid).recordings.list(), []);
});

test('a pause with skip shortens the recording, a pause with silence does not', async (t) => {
  const s = await manual(t);
  for (const [pauseBehavior, seconds] of [
    ['skip', '5'],
    ['silence', '15'],
  ] as const) {
    const call = await callInProgress(s);
    const {sid} = await s.client.calls(call).recordings.create();
    const current = s.client.calls(call).recordings('Twilio.CURRENT');
    await s.simulator.advance(2);
    assert.equal((await current.update({status: 'paused', pauseBehavior})).status, 'paused');
    await s.simulator.advance(10);
    assert.equal((await current.update({status: 'in-progress'})).status, 'in-progress');
    await s.simulator.advance(3);
    assert.equal((await current.update({status: 'stopped'})).status, 'stopped');
    await s.simulator.advance(2);
    const {duration, status} = await s.client.recordings(sid).fetch();
    assert.deepEqual([duration, status], [seconds, 'completed'], pauseBehavior);
  }
});

test('a second start returns the running recording, and after the end it is 21220', async (t) => {
  const s = await manual(t);
  const call = await callInProgress(s);
  const first = await s.client.calls(call).recordings.create();
  assert.equal((await s.client.calls(call).recordings.create()).sid, first.sid);
  assert.equal((await s.client.recordings.list()).length, 1);
  await s.client.calls(call).update({status: 'completed'});
  await assert.rejects(s.client.calls(call).recordings.create(), {status: 400, code: 21220});
});

test('a deleted call keeps its recordings', async (t) => {
  const s = await manual(t);
  const {sid, callSid} = await completedRecording(s);
  await s.client.calls(callSid).update({status: 'completed'});
  await s.client.calls(callSid).remove();
  assert.equal((await s.client.recordings(sid).fetch()).callSid, callSid);
});
