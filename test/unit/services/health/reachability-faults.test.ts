/** Failed connections: each kind of failure has its own summary and remedy. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {shown, shownUrl} from '../../../../src/services/health/check.ts';
import {
  connectionFault,
  describeAnswer,
  intermediaryFault,
} from '../../../../src/services/health/reachability-faults.ts';

const faults: readonly (readonly [string, RegExp])[] = [
  ['ENOTFOUND', /cannot be resolved/],
  ['EAI_AGAIN', /cannot be resolved/],
  ['ECONNREFUSED', /refuses connections/],
  ['ETIMEDOUT', /does not answer/],
  ['ABORTED', /does not answer/],
  ['ECONNRESET', /without a response/],
  ['CERT_HAS_EXPIRED', /not valid now/],
  ['ERR_TLS_CERT_ALTNAME_INVALID', /certificate is not for gateway\.example/],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', /self-signed/],
  ['SELF_SIGNED_CERT_IN_CHAIN', /self-signed/],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', /cannot be verified/],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', /cannot be verified/],
  ['EPROTO', /does not use the protocol/],
  ['ERR_SSL_WRONG_VERSION_NUMBER', /does not use the protocol/],
  ['EWHATEVER', /failed: some words/],
];

for (const [code, summary] of faults) {
  test(`${code} has a summary and a remedy`, () => {
    const fault = connectionFault({kind: 'failed', code, message: 'some words'}, 'gateway.example');
    assert.match(fault.summary, summary);
    assert.match(fault.summary, /gateway\.example/);
    assert.ok(fault.remedy.length > 10);
  });
}

const answer = (status: number, headers = {}, body = '') => ({status, headers, body});

test("ngrok's own answers are recognized by their code, in a header or in the page", () => {
  const of = (code: string) => intermediaryFault(answer(404, {'ngrok-error-code': code}))?.summary ?? '';
  assert.match(of('ERR_NGROK_3200'), /offline/);
  assert.match(of('ERR_NGROK_8012'), /does not reach/);
  assert.match(of('ERR_NGROK_727'), /404 with ERR_NGROK_727/);
  assert.match(intermediaryFault(answer(200, {}, '<b>ERR_NGROK_6024</b>'))?.summary ?? '', /warning page/);
  assert.equal(intermediaryFault(answer(200, {'ngrok-error-code': '<script>'})), undefined);
});

test('content from another server is shown shortened, as plain text and without possible secrets', () => {
  assert.equal(shown('a\u001b[31mb\u0000\u202Ec'), 'a [31mb c');
  assert.equal(shown('x'.repeat(5000)).length, 201);
  assert.equal(shownUrl('https://u:p@h.example/p?a=b#rc=5'), 'https://h.example/p?•••#rc=5');
  assert.equal(shownUrl('//no url?token=1'), '//no url');
  assert.equal(shownUrl(''), '(none)');
  const rows = describeAnswer(answer(302, {location: 'http://a/?k=1', server: 's'.repeat(999)}, '<title>'));
  assert.deepEqual(
    rows.map(({label}) => label),
    ['HTTP status', 'Server', 'Location'],
  );
  assert.equal(rows[2]?.value, 'http://a/?•••');
});
