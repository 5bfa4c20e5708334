/** Malicious webhooks over HTTP: nothing of them gets into the journal (H5, J2, J4). */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import twilio from 'twilio';
import type {FormField} from '../../src/twilio/webhook/form.ts';
import {startGateway, type TestGateway, type TestGatewayOptions} from '../support/gateway/gateway.ts';
import {rawRequest} from '../support/http/http-request.ts';
import {ManualClock} from '../support/manual-clock.ts';
import {SeededRandom} from '../support/simulation/random.ts';
import {
  ACCOUNT_SID,
  AUTH_TOKEN,
  CALL_SID,
  completedFields,
  encodeForm,
  PARENT_SID,
  PUBLIC_URL,
  REFERENCE,
  ringingFields,
  sdkAccepts,
  sdkSignature,
  signedRequest,
  voiceFields,
} from '../support/twilio/twilio-requests.ts';
import {until} from '../support/until.ts';
import {attacks, STATUS_PATH} from './signature-splices.ts';

const FORM = 'application/x-www-form-urlencoded';
/** The time of the recordings. */
const RECORDED_AT = Date.UTC(2018, 2, 25, 9, 54, 10);

/** A gateway for the account, the URL and the day of the recordings. */
function start(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const env = {TWILIO_ACCOUNT_SID: ACCOUNT_SID, TWILIO_AUTH_TOKEN: AUTH_TOKEN, PUBLIC_URL, ...options.env};
  return startGateway({clock: new ManualClock(RECORDED_AT), ...options, env});
}

interface Post {
  readonly path: string;
  readonly body: Buffer;
  readonly signature: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

function post(gateway: TestGateway, {path, body, signature = '', headers}: Post) {
  const length = String(body.length);
  return rawRequest(gateway.url, {
    method: 'POST',
    path,
    body,
    headers: {'content-type': FORM, 'content-length': length, 'x-twilio-signature': signature, ...headers},
  });
}

function signed(fields: readonly FormField[], path = '/twilio/status'): Post {
  return {path, body: encodeForm(fields), signature: sdkSignature(AUTH_TOKEN, PUBLIC_URL + path, fields)};
}

/** All parts of the journal that a client can see. */
async function state(gateway: TestGateway) {
  const session = await gateway.session();
  const {offset} = await session.ready();
  await session.close();
  const {body} = await gateway.api('/api/calls?limit=200');
  return {offset, calls: body.calls};
}

test('[H5] every splice that validateRequest accepts is refused, and nothing is appended', async () => {
  await using gateway = await start();
  const before = await state(gateway);
  assert.equal(before.offset, 0);
  for (const {name, signed: genuine, sent, signedPath = STATUS_PATH, sentPath = STATUS_PATH} of attacks) {
    const {signatureHeader} = signedRequest(genuine, {pathAndQuery: signedPath});
    assert.ok(sdkAccepts(AUTH_TOKEN, signatureHeader, PUBLIC_URL + sentPath, sent), `${name}: an attack`);
    const body = encodeForm(sent);
    const answer = await post(gateway, {path: sentPath, body, signature: signatureHeader});
    assert.equal(answer.status, 400, name);
  }
  assert.deepEqual(await state(gateway), before);
});

/**
 * The result of a body parser for nested names for `name[key]=value`. The SDK signs any such object as one
 * text.
 */
const objectValued: readonly (readonly [name: string, key: string, value: string])[] = [
  ['CallerName', 'a', 'b'],
  ['CallerName', '', 'completed'],
  ['CallerName', '__proto__', 'x'],
  ['CallStatus', 'toString', 'completed'],
  ['To', 'length', '1'],
];

test('[H5] object-valued fields are refused, because their signature [object Object] covers any content', async () => {
  await using gateway = await start();
  for (const [name, key, value] of objectValued) {
    const others = ringingFields.filter(([each]) => each !== name);
    const genuine: readonly FormField[] = [...others, [name, '[object Object]']];
    const signature = sdkSignature(AUTH_TOKEN, PUBLIC_URL + STATUS_PATH, genuine);
    const parsed = {
      ...Object.fromEntries(others),
      [name]: Object.assign(Object.create(Object.prototype), {k: value}),
    };
    assert.ok(twilio.validateRequest(AUTH_TOKEN, signature, PUBLIC_URL + STATUS_PATH, parsed), 'an attack');
    const body = encodeForm([...others, [`${name}[${key}]`, value]]);
    const answer = await post(gateway, {path: STATUS_PATH, body, signature});
    assert.ok([400, 403].includes(answer.status), `${name}[${key}]: ${answer.status}`);
  }
  assert.equal((await state(gateway)).offset, 0);
});

test('[H5] repeated control fields, which the SDK counts once in any order, are refused', async () => {
  await using gateway = await start();
  const signature = sdkSignature(AUTH_TOKEN, PUBLIC_URL + STATUS_PATH, ringingFields);
  const doubles: readonly (readonly FormField[])[] = [
    [...ringingFields, ['CallStatus', 'ringing']],
    [['CallStatus', 'ringing'], ...ringingFields],
    [...ringingFields, ...ringingFields],
  ];
  for (const sent of doubles) {
    assert.ok(sdkAccepts(AUTH_TOKEN, signature, PUBLIC_URL + STATUS_PATH, sent), 'an attack');
    const answer = await post(gateway, {path: STATUS_PATH, body: encodeForm(sent), signature});
    assert.ok([400, 403].includes(answer.status), String(answer.status));
  }
  assert.equal((await state(gateway)).offset, 0);
});

test('[H5] field names of prototype members are ordinary names, and change no object', async () => {
  await using gateway = await start();
  const names = [
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'hasOwnProperty',
    'valueOf',
    '__defineGetter__',
  ];
  for (const name of names) {
    const answer = await post(gateway, signed([...ringingFields, [name, 'x']], STATUS_PATH));
    assert.equal(answer.status, 204, name);
    for (const nested of [`${name}[x]`, `x[${name}]`, `${name}.x`, `CallSid[${name}][x]`]) {
      assert.equal(
        (await post(gateway, signed([...ringingFields, [nested, 'y']], STATUS_PATH))).status,
        204,
        nested,
      );
    }
    const inQuery = await post(gateway, signed(ringingFields, `/twilio/status?${name}=x`));
    assert.equal(inQuery.status, 204, `?${name}`);
  }
  assert.equal(Object.keys(Object.prototype).length, 0);
  assert.equal(({} as {x?: unknown}).x, undefined);
  const {body} = await gateway.api(`/api/calls/${CALL_SID}`);
  assert.equal(body.providerStatus, 'ringing');
});

const calls = ['initiated', 'ringing', 'in-progress', 'completed'] as const;

/** The complete sequence of a call's callbacks, and the request for its TwiML. */
function callSequence(callSid: string): Post[] {
  const statuses = calls.map((status, index) => {
    const from = completedFields.filter(
      ([name]) => !['CallSid', 'CallStatus', 'SequenceNumber', 'CallDuration'].includes(name),
    );
    const duration: readonly FormField[] = status === 'completed' ? [['CallDuration', '49']] : [];
    return signed(
      [...from, ['CallSid', callSid], ['CallStatus', status], ['SequenceNumber', String(index)], ...duration],
      STATUS_PATH,
    );
  });
  const voice = voiceFields.map(([name, value]): FormField => [name, name === 'CallSid' ? callSid : value]);
  return [signed(voice, '/twilio/voice'), ...statuses];
}

test('[J2] [J4] a complete call replayed five times in any order changes nothing and sends no message', async () => {
  await using gateway = await start();
  const sids = [CALL_SID, PARENT_SID, `CA${'7'.repeat(32)}`];
  const genuine = sids.flatMap(callSequence);
  for (const each of genuine) assert.ok((await post(gateway, each)).status < 300);
  const before = await state(gateway);
  const watcher = await gateway.session();
  await watcher.receive('call.snapshot');
  const random = new SeededRandom(5);
  for (let round = 0; round < 5; round += 1) {
    const shuffled = genuine.map((each) => ({each, at: random.next()})).sort((a, b) => a.at - b.at);
    for (const {each} of shuffled) {
      const headers = {'i-twilio-idempotency-token': `${round}-${random.next()}`};
      assert.ok((await post(gateway, {...each, headers})).status < 300);
    }
  }
  assert.deepEqual(await state(gateway), before);
  assert.equal(watcher.messages.length, 2, 'ready and the snapshot');
});

test('[J2] callbacks repeated after an hour or a month change nothing', async () => {
  const clock = new ManualClock(RECORDED_AT);
  await using gateway = await start({clock, env: {RETENTION_DAYS: '60'}});
  const [, ...callbacks] = callSequence(CALL_SID);
  for (const each of callbacks) assert.equal((await post(gateway, each)).status, 204);
  const before = await state(gateway);
  const watcher = await gateway.session();
  for (const later of [3_600_000, 31 * 24 * 3_600_000]) {
    clock.jumpWall(later);
    for (const each of callbacks) assert.equal((await post(gateway, each)).status, 204, 'a repetition');
    assert.deepEqual(await state(gateway), before);
  }
  assert.deepEqual(watcher.of('call.status'), []);
});

test('[J2] [J8] callbacks of a trimmed call do not start it again', async () => {
  const clock = new ManualClock(RECORDED_AT);
  await using gateway = await start({clock, env: {RETENTION_DAYS: '1'}});
  const [, ...callbacks] = callSequence(CALL_SID);
  for (const each of callbacks) assert.equal((await post(gateway, each)).status, 204);
  clock.jumpWall(31 * 24 * 3_600_000);
  await until(async () => {
    clock.advance(30_000);
    return (await gateway.api(`/api/calls/${CALL_SID}`)).status === 404;
  });
  const before = await state(gateway);
  const watcher = await gateway.session();
  for (const each of [...callbacks, ...callbacks]) assert.equal((await post(gateway, each)).status, 204);
  assert.deepEqual(await state(gateway), before);
  assert.equal((await gateway.api(`/api/calls/${CALL_SID}`)).status, 404);
  assert.deepEqual(watcher.of('call.status'), []);
});

test('[H5] bodies over 64 KB, other types and compressed bodies are refused before their signature is checked', async () => {
  await using gateway = await start();
  const {body, signature} = signed(ringingFields, STATUS_PATH);
  const send = (more: Partial<Post>) => post(gateway, {path: STATUS_PATH, body, signature, ...more});
  const started = performance.now();
  for (const encoding of [
    'gzip',
    'deflate',
    'br',
    'zstd',
    'x-gzip',
    'compress',
    'gzip, gzip',
    'identity, br',
  ]) {
    assert.equal((await send({headers: {'content-encoding': encoding}})).status, 415, encoding);
  }
  for (const type of [
    'text/xml',
    'application/json',
    'multipart/form-data; boundary=x',
    'application/x-www-form-urlencoded-x',
    'form',
  ]) {
    assert.equal((await send({headers: {'content-type': type}})).status, 415, type);
  }
  for (const size of [65_537, 100_000, 5_000_000]) {
    const fill = Buffer.alloc(size, 'CallSid=a&');
    const answer = await send({body: fill}).catch(() => undefined);
    assert.ok(answer === undefined || answer.status === 413, `${size}: ${answer?.status}`);
  }
  // The maximum number of unsigned names: no hashing takes quadratic time.
  for (const piece of ['a&', '&', '=', 'a=&', '%', '%00&', 'a%5B%5D=&'])
    assert.equal((await send({body: Buffer.from(piece.repeat(64_000 / piece.length))})).status, 403, piece);
  assert.ok(performance.now() - started < 20_000);
  assert.equal((await send({})).status, 204);
});

test('[H5] references cannot be guessed: any other than the signed one is 403', async () => {
  await using gateway = await start();
  const genuine = signed(ringingFields, STATUS_PATH);
  for (const path of [
    STATUS_PATH.replace(REFERENCE, 'A'.repeat(22)),
    '/twilio/status',
    `${STATUS_PATH}&x=1`,
    `${STATUS_PATH}#`,
  ])
    assert.ok([400, 403].includes((await post(gateway, {...genuine, path})).status), path);
  assert.equal((await state(gateway)).offset, 0);
});

test('[H5] a flood of refusals does not fill the log: fifty lines, then one a second with the number of omitted ones', async () => {
  const clock = new ManualClock(RECORDED_AT);
  await using gateway = await start({clock, env: {LOG_LEVEL: 'info'}});
  const lines = () => gateway.logs.filter((line) => line.includes('webhook refused'));
  const unsigned = {path: '/twilio/status', body: Buffer.from('a=b'), signature: 'x'};
  for (let sent = 0; sent < 200; sent += 1) assert.equal((await post(gateway, unsigned)).status, 403);
  assert.equal(lines().length, 50);
  clock.advance(1000);
  await post(gateway, unsigned);
  await post(gateway, unsigned);
  assert.equal(lines().length, 51);
  assert.match(lines().at(-1) ?? '', /"unlogged":150/);
  const {counts} = (await gateway.api('/api/webhooks?limit=1')).body;
  assert.equal(counts.refused, 202, 'the operator still sees all of them');
});
