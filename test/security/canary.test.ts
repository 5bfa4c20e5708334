/**
 * Canaries are an access key, JWTs, auth tokens and phone numbers that do not exist. They go through every
 * route, message and error, with the most verbose log.
 *
 * None of them may appear in the log, the metrics, an error, a header, or a URL requested from Twilio.
 * Responses to an operator may contain numbers, because that is their purpose.
 */
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {signToken} from '../support/auth/tokens.ts';
import {type HttpGateway, startHttpGateway} from '../support/http/http-gateway.ts';
import {rawRequest} from '../support/http/http-request.ts';
import {postWebhook, someCallSid, statusFields} from '../support/twilio/signed-webhook.ts';
import {until} from '../support/until.ts';
import {
  encodeClose,
  encodeFrame,
  opcodes,
  RawWebSocket,
  upgradeRequest,
} from '../support/websocket/raw-websocket.ts';

const KEY = 'canary-access-key-5d1f07ab93';
const AUTH_TOKEN = 'canary0auth0token07ab93c5d1f2e44';
const ALTERNATE = 'canary0alternate0token93c5d1f2e4';
const JWT_SECRET = 'canary-jwt-secret-0123456789-abcdefghij';
const SIGNATURE = 'Q2FuYXJ5U2lnbmF0dXJlMDEyMzQ=';
const WRONG = 'canary-wrong-token-77fe01';
const scope = 'calls:read calls:control';
const jwt = signToken('ann', {scope, secret: JWT_SECRET});
const otherJwt = signToken('bob', {scope, secret: JWT_SECRET});
const staleJwt = signToken('ann', {scope, secret: JWT_SECRET, lifetimeS: -60});
const forgedJwt = signToken('ann', {scope, secret: 'canary-some-other-secret-0123456789abcdef'});

const TO = '+15550177231';
const SECOND = '+15550177232';
const CALLER = '+15550177233';
const REFUSED = '+15550177234';
const CLIENT = 'client:canaryclient77';
const SIP = 'sip:canaryuser77@pbx.example.com';

const secrets = [
  KEY, AUTH_TOKEN, ALTERNATE, JWT_SECRET, SIGNATURE, WRONG, ...[jwt, otherJwt, staleJwt, forgedJwt].flatMap((each) => [each, each.split('.')[2] ?? each]),
]; // biome-ignore format: a list
/** The digits alone, because they appear in any notation unless they are masked. */
const people = ['5550177231', '5550177232', '5550177233', '5550177234', 'canaryclient77', 'canaryuser77'];

let http: HttpGateway;
/** Texts that must contain no canary, with their origin. */
const shown: {readonly where: string; readonly text: string}[] = [];
/** Responses to an operator, which may contain numbers but no secrets. */
const answers: {readonly where: string; readonly text: string}[] = [];

before(async () => {
  http = await startHttpGateway({
    simulator: {authToken: AUTH_TOKEN},
    env: {
      HOOKSWITCH_ACCESS_KEY: KEY,
      TWILIO_AUTH_TOKEN_ALTERNATE: ALTERNATE,
      AUTH_JWT_SECRET: JWT_SECRET,
      LOG_LEVEL: 'trace',
      ALLOWED_ORIGINS: 'https://app.example.com',
      MAX_SESSIONS_PER_USER: '3',
    },
  });
});
after(() => http[Symbol.asyncDispose]());

interface Ask {
  readonly method?: string;
  readonly body?: unknown;
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

async function ask(path: string, {method, body, token = KEY, headers}: Ask = {}): Promise<number> {
  const content = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  const verb = method ?? (content === undefined ? 'GET' : 'POST');
  const answer = await rawRequest(http.gateway.url, {
    method: verb,
    path,
    headers: {authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers},
    body: content,
  });
  const where = `${verb} ${path.slice(0, 60)} → ${answer.status}`;
  shown.push({where: `${where}, headers`, text: JSON.stringify(answer.headers)});
  // An error repeats the unknown path, so the sender of a number gets it back. The log must not contain it.
  const isEchoed = people.some((each) => path.split('?')[0]?.includes(each));
  (answer.status < 400 || isEchoed ? answers : shown).push({where, text: answer.text});
  return answer.status;
}

const reading = [
  '/api/info', '/api/calls', '/api/calls?limit=200', `/api/calls?q=${encodeURIComponent(TO)}`, '/api/calls/statistics', '/api/calls/unconfirmed',
  '/api/sessions', '/api/webhooks', '/api/webhooks/1', '/api/webhooks/2', '/api/webhooks/999999', '/api/health', '/api/health/series',
  '/api/simulator', '/healthz', '/readyz', '/ws', '/', '/history', '/nowhere', `/api/calls/${someCallSid(99)}`, `/api/sessions/${KEY.slice(0, 3)}/sent`,
]; // biome-ignore format: a list

test('every route is called with every kind of token', async () => {
  for (const token of [KEY, jwt, WRONG, staleJwt, forgedJwt]) {
    for (const path of reading) {
      await ask(path, {token});
      await ask(
        `${path}${path.includes('?') ? '&' : '?'}token=${token}&access_token=${KEY}&To=${encodeURIComponent(TO)}`,
        {token},
      );
      await ask(path, {token, method: 'DELETE'});
    }
    for (const path of [
      '/api/health/checks',
      '/api/health/checks/credentials',
      '/api/health/actions/point-number-here',
    ])
      await ask(path, {token, method: 'POST'});
    await ask('/api/simulator/faults', {token, method: 'PUT', body: {active: [{id: TO}]}});
    await ask('/api/simulator/faults', {token, method: 'PUT', body: {active: []}});
    await ask(`/api/simulator/scenarios/${encodeURIComponent(TO)}`, {token, method: 'POST'});
    await ask('/api/calls', {method: 'OPTIONS', token, headers: {origin: `https://${WRONG}.example`}});
    await ask('/api/calls', {
      token,
      headers: {cookie: `session=${KEY}`, 'x-api-key': KEY, 'proxy-authorization': `Basic ${KEY}`},
    });
    // A token in the wrong place. An unknown token is ordinary text.
    if (token !== WRONG) await ask(`/api/calls/${encodeURIComponent(token)}`, {token: WRONG});
  }
});

test('calls are placed and ended, with every kind of error', async () => {
  const twiml = '<Response><Pause length="600"/></Response>';
  const good = [
    {to: TO, twiml},
    {to: TO, connectTo: SECOND},
    {to: CLIENT, twiml},
    {to: SIP, twiml},
  ];
  for (const [index, body] of good.entries())
    assert.equal(await ask('/api/calls', {body, headers: {'idempotency-key': `key-${index}`}}), 201);
  assert.equal(await ask('/api/calls', {body: {to: TO, twiml}, token: jwt}), 201);
  const wrong: readonly unknown[] = [
    {to: `${TO}x`}, {to: [TO]}, {unknown: TO}, {to: TO, unknown: KEY}, {to: TO, from: CALLER.slice(1)}, {to: TO, twiml: TO.repeat(600)},
    {to: TO, url: `ftp://${KEY}@example.com`}, {to: TO, metadata: {number: [TO]}}, TO, [TO], `{"to":"${TO}"`, `{"to":"${TO}",}`, `"${jwt}"`, 'x'.repeat(200_000),
    {to: TO, timeout: TO}, {to: TO, twiml, connectTo: SECOND},
  ]; // biome-ignore format: a list
  for (const body of wrong) assert.ok((await ask('/api/calls', {body})) >= 400);
  await ask('/api/calls', {body: {to: TO}, headers: {'content-type': `text/${WRONG}`}});
  assert.equal(await ask('/api/calls', {body: {to: TO}, headers: {'idempotency-key': `${TO} ${KEY}`}}), 400);
  assert.equal(await ask('/api/calls', {body: {to: SECOND}, headers: {'idempotency-key': 'key-0'}}), 409);
  const message = `The 'To' number ${REFUSED} is not a valid phone number, asked with Authorization: Basic ${AUTH_TOKEN}`;
  const twilioAnswers = [
    {status: 400, body: {code: 21_211, message, status: 400}},
    {status: 401, body: {code: 20_003, message, status: 401}},
    {status: 429, body: {code: 20_429, message, status: 429}},
    {status: 500, body: {code: 20_500, message, status: 500}},
    {status: 503, body: message},
    'cut',
    'reset',
    'garbage',
  ] as const;
  for (const answer of twilioAnswers) {
    http.twilio.intercept = () => answer;
    assert.ok((await ask('/api/calls', {body: {to: REFUSED}})) >= 400);
    const [call] = (await http.gateway.api('/api/calls', {headers: {authorization: `Bearer ${KEY}`}})).body
      .calls;
    await ask(`/api/calls/${call.callSid}/actions`, {body: {action: 'disconnect'}});
    await ask('/api/health/checks/number', {method: 'POST'});
  }
  http.twilio.intercept = undefined;
  for (const body of [{action: TO}, {action: 'disconnect', unknown: [TO, KEY]}, {}, 'x']) {
    await ask(`/api/calls/${someCallSid(98)}/actions`, {body});
    await ask(`/api/calls/${encodeURIComponent(TO)}/actions`, {body});
  }
});

test('webhooks are sent signed, unsigned, forged, malformed and to another path', async () => {
  const {gateway} = http;
  const numbers = {
    From: CALLER,
    To: TO,
    Caller: CALLER,
    Called: TO,
    CallerName: CALLER,
    ForwardedFrom: SECOND,
  };
  const fields = (number: number, more = {}) =>
    statusFields(gateway, {CallSid: someCallSid(number), CallStatus: 'completed', ...numbers, ...more});
  const send = async (what: string, answer: Promise<Response>) => {
    const response = await answer;
    shown.push({where: `webhook, ${what} → ${response.status}`, text: JSON.stringify([...response.headers])});
    const text = await response.text();
    if (response.status >= 400) shown.push({where: `webhook, ${what}`, text});
    return response.status;
  };
  assert.equal(await send('signed', postWebhook(gateway, fields(1))), 204);
  assert.equal(await send('again', postWebhook(gateway, fields(1))), 204);
  assert.equal(
    await send('voice', postWebhook(gateway, fields(2, {Direction: 'inbound'}), {route: 'voice'})),
    200,
  );
  assert.equal(await send('other token', postWebhook(gateway, fields(3), {authToken: ALTERNATE})), 204);
  assert.equal(await send('unsigned', postWebhook(gateway, fields(4), {signature: null})), 403);
  assert.equal(await send('forged', postWebhook(gateway, fields(4), {signature: SIGNATURE})), 403);
  assert.equal(
    await send('a secret as a signature', postWebhook(gateway, fields(4), {signature: AUTH_TOKEN})),
    403,
  );
  assert.equal(
    await send('query with a number', postWebhook(gateway, fields(4), {query: `?To=${TO}&token=x`})),
    204,
  );
  assert.equal(await send('odd name', postWebhook(gateway, fields(4, {[`To ${TO}`]: TO}))), 204);
  assert.equal(await send('odd shape', postWebhook(gateway, fields(4, {CallSid: TO}))), 400);
  assert.equal(
    await send('old', postWebhook(gateway, fields(4, {Timestamp: 'Sun, 25 Mar 2018 09:53:19 +0000'}))),
    204,
  );
  for (const path of [
    '/twilio/status/',
    `/twilio/status/${TO}`,
    '/Twilio/voice',
    `/x/twilio/voice?From=${TO}&key=x`,
  ])
    await ask(path, {
      body: `From=${TO}`,
      headers: {'content-type': 'application/x-www-form-urlencoded', 'x-twilio-signature': SIGNATURE},
    });
  const {webhooks} = (
    await gateway.api('/api/webhooks?limit=200', {headers: {authorization: `Bearer ${KEY}`}})
  ).body;
  for (const {id} of webhooks) await ask(`/api/webhooks/${id}`);
});

/**
 * Records a socket's data: head, errors and close reasons are searched for all canaries, and the rest for
 * secrets only.
 */
function note(where: string, client: RawWebSocket, isEchoed = false): void {
  (isEchoed ? answers : shown).push({where: `${where}, head`, text: client.head});
  for (const {opcode, payload} of client.frames) {
    const isOrdinary = opcode === opcodes.text && !payload.includes('"type":"error"');
    (isOrdinary ? answers : shown).push({where, text: payload.toString()});
  }
}

test('sessions are opened, used and closed in every way', async () => {
  const {url} = http.gateway;
  const handshakes: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    'the key in a header': {Authorization: `Bearer ${KEY}`},
    'the key in a subprotocol': {'Sec-WebSocket-Protocol': `hookswitch.v1, hookswitch.bearer.${KEY}`},
    'a JWT in a subprotocol': {'Sec-WebSocket-Protocol': `hookswitch.v1, hookswitch.bearer.${jwt}`},
    'a wrong token': {'Sec-WebSocket-Protocol': `hookswitch.v1, hookswitch.bearer.${WRONG}`},
    'a forged JWT': {Authorization: `Bearer ${forgedJwt}`},
    'a wrong origin': {Authorization: `Bearer ${KEY}`, Origin: 'https://evil.example'},
    'a wrong version': {Authorization: `Bearer ${KEY}`, 'Sec-WebSocket-Version': '7'},
    'a repeated protocol': {'Sec-WebSocket-Protocol': `hookswitch.bearer.${KEY}, hookswitch.bearer.${KEY}`},
  };
  for (const [what, headers] of Object.entries(handshakes)) {
    for (const path of [
      '/ws',
      `/ws?token=${KEY}&epoch=${WRONG}&offset=${TO}`,
      `/ws/${encodeURIComponent(TO)}?key=${jwt}`,
    ]) {
      const client = new RawWebSocket(url);
      client.write(upgradeRequest(path, headers));
      await client.answered();
      if (client.head.includes(' 101 ')) await until(() => client.frames.length > 0);
      note(`${what} at ${path.slice(0, 8)}`, client, path.startsWith('/ws/'));
      client.vanish();
    }
  }
  await until(async () =>
    (await (await fetch(`${url}/metrics`)).text()).includes('hookswitch_sessions_open 0'),
  );
  const messages: readonly (readonly [unknown, ...number[]])[] = [
    [{type: TO}], [{type: 'call.subscribe', calls: [TO]}], [{type: 'call.subscribe', calls: TO}], [{type: 'call.subscribe', calls: [[KEY]]}],
    [{type: 'call.action', action: 'disconnect', callSid: someCallSid(97)}], [{type: 'call.action', action: TO, callSid: KEY}],
    [{type: 'session.heartbeat', unknown: [TO, KEY]}], [{type: 'session.heartbeat', requestId: 7}],
    [{type: 'session.refresh', token: WRONG}, 4401], [{type: 'session.refresh', token: forgedJwt}, 4401], [{type: 'session.refresh', token: otherJwt}, 4403],
    [{type: 'session.refresh', token: jwt}], [`${TO} ${KEY}`, 4400], [[TO], 4400], ['x'.repeat(20_000), 1009],
  ]; // biome-ignore format: a list
  for (const [message, code] of messages) {
    const client = await RawWebSocket.open(url, jwt);
    client.frame(typeof message === 'string' ? message : JSON.stringify(message));
    client.frame('done', {opcode: opcodes.ping});
    await until(
      () => client.closeCode !== undefined || client.frames.some(({opcode}) => opcode === opcodes.pong),
    );
    if (code !== undefined) assert.equal(await client.closeFrame(), code);
    note(`message ${JSON.stringify(message).slice(0, 40)}`, client);
    client.vanish();
  }
  for (const [bytes, code] of [
    [Buffer.concat(Array.from({length: 50}, () => encodeFrame('{"type":"session.heartbeat"}'))), 4429],
    [encodeFrame(TO, {rsv: 4}), 1002],
    [encodeFrame(Buffer.from([0xff])), 1007],
    [encodeClose(1000, `${TO} ${KEY}`), 1000],
  ] as const) {
    const client = await RawWebSocket.open(url, jwt);
    client.write(bytes);
    assert.equal(await client.closeFrame(), code);
    if (code !== 1000) note(`close ${code}`, client);
    client.vanish();
  }
  for (const raw of [
    `GET /${TO} HTTP/1.1\r\nAuthorization Bearer ${KEY}\r\n\r\n`,
    `${KEY} ${TO}\r\n\r\n`,
    `GET / HTTP/1.1\r\nX: ${KEY.repeat(1000)}\r\n\r\n`,
  ]) {
    const client = new RawWebSocket(url);
    client.write(raw);
    await client.closed();
    note('no HTTP', client);
  }
});

test('the gateway drains and restarts', async () => {
  const session = await http.gateway.session({token: KEY});
  await http.gateway.restart();
  assert.equal(await session.closed(), 1001);
  await ask('/api/calls');
});

function found(
  places: readonly {readonly where: string; readonly text: string}[],
  canaries: readonly string[],
): string[] {
  const forms = canaries.flatMap((each) => [
    each,
    encodeURIComponent(each),
    Buffer.from(each).toString('base64').replace(/=+$/, ''),
  ]);
  const hits = places.flatMap(({where, text}) =>
    forms
      .filter((form) => text.includes(form))
      .map(
        (form) =>
          `${form.slice(0, 40)} in ${where}: ${text.slice(Math.max(0, text.indexOf(form) - 80), text.indexOf(form) + 80)}`,
      ),
  );
  return [...new Set(hits)];
}

test('[E] [A1] no canary appears where it must not', async () => {
  const {gateway, twilio} = http;
  const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
  assert.match(metrics, /hookswitch_callbacks_total/);
  assert.ok(gateway.logs.length > 500, `${gateway.logs.length} lines`);
  assert.ok(shown.length > 500 && answers.length > 50, `${shown.length} and ${answers.length} places`);
  const logs = gateway.logs.map((text) => ({where: 'the log', text}));
  assert.deepEqual(found([...logs, {where: 'the metrics', text: metrics}], [...secrets, ...people]), []);
  assert.deepEqual(found(shown, secrets), [], 'secrets in errors and headers');
  assert.deepEqual(found(answers, secrets), [], 'secrets in answers');
  const asked = twilio.requests.map(({path, form}) => ({
    where: 'a request to Twilio',
    text: `${path}?${form.toString()}`,
  }));
  assert.deepEqual(found(asked, secrets), [], 'secrets sent to Twilio in a URL or a form');
  const urls = twilio.requests.map(({path, form}) => ({
    where: 'a URL at Twilio',
    text: [path, form.get('Url'), form.get('StatusCallback')].join(' '),
  }));
  assert.deepEqual(found(urls, people), [], 'numbers in URLs at Twilio');
  assert.deepEqual(found(shown, people), [], 'numbers in errors');
});
