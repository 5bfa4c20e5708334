/** Invalid requests to place a call: the error names the field, and nothing is dialed (H1, H6). */
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {type HttpGateway, startHttpGateway} from '../../support/http/http-gateway.ts';
import {assertProblem} from '../../support/http/http-request.ts';

let http: HttpGateway;
before(async () => {
  http = await startHttpGateway();
});
after(() => http[Symbol.asyncDispose]());

const to = '+15550100001';
const wrong: readonly (readonly [field: string, body: unknown])[] = [
  ['to', {}],
  ['to', {to: ''}],
  ['to', {to: 15_550_100_001}],
  ['to', {to: '15550100001'}],
  ['to', {to: '+0155501'}],
  ['to', {to: `+${'1'.repeat(16)}`}],
  ['to', {to: '+1 555 0100001'}],
  ['to', {to: '+15550100001\n'}],
  ['to', {to: 'client:'}],
  ['to', {to: 'tel:+15550100001'}],
  ['to', {to: 'sip:a b@example.com'}],
  ['to', {to: `client:${'a'.repeat(300)}`}],
  ['to', {to: 'client:alice bob'}],
  ['to', {to: 'client:a\u0000b'}],
  ['to', {to: `client:alice?${'a'.repeat(1025)}`}],
  ['to', {to: 'client:?customer=42'}],
  ['to', {to: `sip:a@b?${'a'.repeat(1025)}`}],
  ['to', {to: 'SIP:a@b'}],
  ['from', {to, from: 'anonymous'}],
  ['to', {to: null}],
  ['twiml', {to, twiml: ''}],
  ['twiml', {to, twiml: 'x'.repeat(4001)}],
  ['twiml', {to, twiml: 7}],
  ['url', {to, url: '/relative'}],
  ['url', {to, url: 'ftp://example.com/x'}],
  ['url', {to, url: 'javascript:alert(1)'}],
  ['url', {to, url: `https://example.com/${'x'.repeat(2048)}`}],
  ['connectTo', {to, connectTo: 'nobody'}],
  ['twiml', {to, twiml: '<Response/>', url: 'https://example.com/'}],
  ['twiml', {to, url: 'https://example.com/', connectTo: to}],
  ['timeout', {to, timeout: 0}],
  ['timeout', {to, timeout: 601}],
  ['timeout', {to, timeout: 1.5}],
  ['timeout', {to, timeout: '20'}],
  ['record', {to, record: 'true'}],
  ['machineDetection', {to, machineDetection: 'enable'}],
  ['metadata', {to, metadata: []}],
  ['metadata.n', {to, metadata: {n: null}}],
  ['metadata.n', {to, metadata: {n: {}}}],
  ['metadata.n', {to, metadata: {n: [1]}}],
  ['metadata', {to, metadata: Object.fromEntries(Array.from({length: 21}, (_, n) => [`k${n}`, 'v']))}],
  ['metadata.k', {to, metadata: {k: 'x'.repeat(513)}}],
  ['To', {to, To: to}],
  ['unknown', {to, unknown: null}],
  ['statusCallback', {to, statusCallback: 'https://evil.example.com/'}],
];

for (const [field, body] of wrong) {
  const shown = JSON.stringify(body);
  test(`[H1] [H6] 400 names ${field}: ${shown.length > 60 ? `${shown.slice(0, 60)}…` : shown}`, async () => {
    const answer = await http.place(body);
    assertProblem(answer, {status: 400, code: 'invalid_request', field});
    assert.ok(answer.body.detail.includes(field), answer.body.detail);
  });
}

for (const body of [[], null, 'to', 7]) {
  test(`[H1] [H6] 400 for a body that is ${JSON.stringify(body)}`, async () => {
    assertProblem(await http.place(body), {status: 400, code: 'invalid_request'});
  });
}

for (const key of ['', 'with space', 'x'.repeat(256), 'ümlaut']) {
  test(`[H1] 400 for the Idempotency-Key ${JSON.stringify(key.slice(0, 12))}`, async () => {
    const answer = await http.place({to}, key);
    assertProblem(answer, {status: 400, code: 'invalid_request', field: 'Idempotency-Key'});
  });
}

test('[H1] the context lists all faults, but at most ten', async () => {
  const answer = await http.place({to: 'x', timeout: -1, record: 3});
  const fields = answer.body.context.faults.map((fault: {field: string}) => fault.field);
  assert.deepEqual(fields.sort(), ['record', 'timeout', 'to']);
});

test('[H1] no invalid request is dialed or journaled', async () => {
  assert.deepEqual(http.twilio.requests, []);
  const {body} = await http.gateway.api('/api/calls');
  assert.deepEqual(body, {calls: []});
});
