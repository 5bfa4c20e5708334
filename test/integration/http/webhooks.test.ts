/**
 * Twilio's webhooks over HTTP: which are accepted, which are refused, and that a refusal leaves no trace
 * (H5).
 */
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {gzipSync} from 'node:zlib';
import twilio from 'twilio';
import {type HttpGateway, startHttpGateway} from '../../support/http/http-gateway.ts';
import {assertProblem, type RawResponse, rawRequest} from '../../support/http/http-request.ts';
import {
  postWebhook,
  someCallSid,
  statusFields,
  type WebhookOptions,
} from '../../support/twilio/signed-webhook.ts';

const ALTERNATE = 'alternate-token-of-this-account';
const FORM = 'application/x-www-form-urlencoded';

let http: HttpGateway;
before(async () => {
  http = await startHttpGateway({env: {TWILIO_AUTH_TOKEN_ALTERNATE: ALTERNATE}});
});
after(() => http[Symbol.asyncDispose]());

function ringing(number: number, more: Readonly<Record<string, string>> = {}): Record<string, string> {
  return statusFields(http.gateway, {
    CallSid: someCallSid(number),
    CallStatus: 'ringing',
    SequenceNumber: '1',
    ...more,
  });
}

function sign(fields: Readonly<Record<string, string>>, pathAndQuery = '/twilio/status'): string {
  const {publicUrl, twilio: account} = http.gateway.environment;
  return twilio.getExpectedTwilioSignature(account.authToken, publicUrl + pathAndQuery, fields);
}

async function events(number: number): Promise<number> {
  const {status, body} = await http.gateway.api(`/api/calls/${someCallSid(number)}`);
  return status === 404 ? 0 : body.events.length;
}

/** Sends a raw request with any body and headers. */
function post(
  body: string | Buffer,
  headers: Readonly<Record<string, string | string[]>>,
  path = '/twilio/status',
): Promise<RawResponse> {
  return rawRequest(http.gateway.url, {
    method: 'POST',
    path,
    body,
    headers: {'content-type': FORM, 'content-length': String(Buffer.byteLength(body)), ...headers},
  });
}

test('[H5] a signed status callback gets 204 without a body, and is in the journal', async () => {
  const response = await postWebhook(http.gateway, ringing(1));
  assert.equal(response.status, 204);
  assert.equal(await response.text(), '');
  assert.equal(await events(1), 1);
});

test('[H5] a signed voice request gets TwiML as text/xml, and its call is known', async () => {
  const fields = ringing(2, {Direction: 'inbound'});
  const response = await postWebhook(http.gateway, fields, {route: 'voice'});
  assert.equal(response.status, 200);
  assert.match(response.headers.get('content-type') ?? '', /^text\/xml/);
  assert.equal(await response.text(), http.gateway.environment.voiceTwiml);
  assert.equal(await events(2), 1);
});

test('[H5] [E] signatures with TWILIO_AUTH_TOKEN_ALTERNATE are valid too', async () => {
  assert.equal((await postWebhook(http.gateway, ringing(3), {authToken: ALTERNATE})).status, 204);
});

test('[J2] a webhook delivered twice gets 204 twice, is one entry, and is counted', async () => {
  for (let time = 0; time < 3; time += 1) {
    assert.equal((await postWebhook(http.gateway, ringing(4))).status, 204);
  }
  const {body} = await http.gateway.api(`/api/calls/${someCallSid(4)}`);
  assert.equal(body.events.length, 1);
  assert.equal(body.events[0].repeats, 2);
});

const forged: Readonly<Record<string, WebhookOptions>> = {
  'no signature': {signature: null},
  'an empty signature': {signature: ''},
  'a signature of another request': {signature: 'AAAAAAAAAAAAAAAAAAAAAAAAAAA='},
  'the wrong token': {authToken: 'some-other-token'},
};
for (const [what, options] of Object.entries(forged)) {
  for (const route of ['status', 'voice'] as const) {
    test(`[H5] ${route} with ${what} is 403, and nothing is appended`, async () => {
      const response = await postWebhook(http.gateway, ringing(10), {...options, route});
      const body: unknown = await response.json();
      assertProblem(
        {status: response.status, headers: response.headers, body},
        {
          status: 403,
          code: 'invalid_signature',
        },
      );
      assert.equal(await events(10), 0);
    });
  }
}

test('[H5] a signature for another URL, path or query is 403', async () => {
  const fields = ringing(11);
  const body = new URLSearchParams(fields).toString();
  const signature = (url: string) =>
    twilio.getExpectedTwilioSignature(http.gateway.environment.twilio.authToken, url, fields);
  const {publicUrl} = http.gateway.environment;
  const reference = 'Zk3vQ9-abcdefgh_012345';
  for (const [signedFor, path] of [
    ['https://evil.example.com/twilio/status', '/twilio/status'],
    [`${publicUrl}/twilio/voice`, '/twilio/status'],
    [`${publicUrl}/twilio/status`, `/twilio/status?ref=${reference}`],
    [`${publicUrl}/twilio/status?ref=${reference}`, '/twilio/status'],
    [`${publicUrl}/twilio/status?ref=${reference}`, `/twilio/status?ref=${reference}x`],
  ] as const) {
    const answer = await post(body, {'x-twilio-signature': signature(signedFor)}, path);
    assertProblem(answer, {status: 403, code: 'invalid_signature'});
  }
  assert.equal(await events(11), 0);
});

test('[H5] Host and X-Forwarded-* neither admit a request nor refuse it', async () => {
  const headers = {
    host: 'evil.example.com',
    'x-forwarded-host': 'evil.example.com',
    'x-forwarded-proto': 'https',
    'x-forwarded-for': '127.0.0.1',
    'x-original-url': '/twilio/voice',
    forwarded: 'host=evil.example.com;proto=https',
  };
  const fields = ringing(12);
  const body = new URLSearchParams(fields).toString();
  const forEvil = twilio.getExpectedTwilioSignature(
    http.gateway.environment.twilio.authToken,
    'https://evil.example.com/twilio/status',
    fields,
  );
  assertProblem(await post(body, {...headers, 'x-twilio-signature': forEvil}), {
    status: 403,
    code: 'invalid_signature',
  });
  assert.equal(await events(12), 0);
  assert.equal((await post(body, {...headers, 'x-twilio-signature': sign(fields)})).status, 204);
});

test('[H5] every change of a signed body is refused', async () => {
  const fields = ringing(13);
  const signature = sign(fields);
  const changed = [
    {...fields, CallStatus: 'completed'},
    {...fields, CallSid: someCallSid(14)},
    {...fields, Extra: ''},
    {...fields, SequenceNumber: '2'},
  ];
  for (const each of changed) {
    const answer = await post(new URLSearchParams(each).toString(), {'x-twilio-signature': signature});
    assertProblem(answer, {status: 403, code: 'invalid_signature'});
  }
  assert.equal((await events(13)) + (await events(14)), 0);
});

test('[H5] a signed webhook without an identifiable call is 400, and nothing is appended', async () => {
  const odd: readonly Readonly<Record<string, string>>[] = [
    {CallSid: 'CA123'},
    {CallSid: ''},
    {AccountSid: `AC${'9'.repeat(32)}`},
    {AccountSid: ''},
    {Extra: `CallSid${someCallSid(14)}`},
  ];
  for (const more of odd) {
    const fields = ringing(15, more);
    const answer = await post(new URLSearchParams(fields).toString(), {'x-twilio-signature': sign(fields)});
    assertProblem(answer, {status: 400, code: 'invalid_request'});
  }
  assert.equal(await events(15), 0);
});

test('[H5] JSON, text, multipart and compressed bodies are 415, and a missing body is 403', async () => {
  const fields = ringing(17);
  const body = new URLSearchParams(fields).toString();
  const signature = {'x-twilio-signature': sign(fields)};
  for (const type of ['application/json', 'text/plain', 'multipart/form-data; boundary=x', '']) {
    assertProblem(await post(body, {...signature, 'content-type': type}), {
      status: 415,
      code: 'unsupported_media_type',
    });
  }
  const compressed = await post(gzipSync(body), {...signature, 'content-encoding': 'gzip'});
  assertProblem(compressed, {status: 415, code: 'unsupported_media_type'});
  assertProblem(await post('', signature), {status: 403, code: 'invalid_signature'});
  assert.equal(await events(17), 0);
});

test('[H5] a request without a signature header is 403, with any body', async () => {
  const forbidden = {status: 403, code: 'invalid_signature'};
  for (const path of ['/twilio/status', '/twilio/voice']) {
    assertProblem(await rawRequest(http.gateway.url, {method: 'POST', path}), forbidden);
    for (const type of ['application/json', 'multipart/form-data; boundary=x', '', FORM])
      assertProblem(await post('{}', {'content-type': type}, path), forbidden);
    assertProblem(await post('x'.repeat(20_000), {}, path), forbidden);
    assertProblem(await post(gzipSync('a=b'), {'content-encoding': 'gzip'}, path), forbidden);
  }
});

test('[H5] a charset in the content type is accepted', async () => {
  const fields = ringing(18);
  const answer = await post(new URLSearchParams(fields).toString(), {
    'x-twilio-signature': sign(fields),
    'content-type': `${FORM}; charset=UTF-8`,
  });
  assert.equal(answer.status, 204);
});

test('[H5] a body over 64 KB is 413, whether or not its length was announced', async () => {
  const fields = ringing(19, {Extra: 'x'.repeat(66_000)});
  const body = new URLSearchParams(fields).toString();
  const signature = {'x-twilio-signature': sign(fields)};
  assertProblem(await post(body, signature), {status: 413, code: 'payload_too_large'});
  const {'content-length': _, ...chunked} = {'content-length': '', ...signature};
  const answer = await rawRequest(http.gateway.url, {
    method: 'POST',
    path: '/twilio/status',
    body,
    headers: {'content-type': FORM, 'transfer-encoding': 'chunked', ...chunked},
  });
  assertProblem(answer, {status: 413, code: 'payload_too_large'});
  assert.equal(await events(19), 0);
});

test('[H5] other methods are not webhooks', async () => {
  for (const method of ['GET', 'PUT', 'DELETE']) {
    const answer = await rawRequest(http.gateway.url, {method, path: '/twilio/status'});
    assertProblem(answer, {status: 405, code: 'method_not_allowed'});
  }
});

test('[H5] a refusal reveals nothing else to the sender', async () => {
  const response = await postWebhook(http.gateway, ringing(20), {signature: 'x'});
  assert.doesNotMatch(await response.text(), /wrong signature|token/i);
  assert.ok(
    http.gateway.logs.some((line) => line.includes('webhook refused') && line.includes('wrong signature')),
  );
});
