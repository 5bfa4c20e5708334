import assert from 'node:assert/strict';
import {createHmac} from 'node:crypto';
import {test} from 'node:test';
import fc from 'fast-check';
import {hmacSha1} from '../../../../src/twilio/webhook/hmac.ts';

const expected = (secret: string, content: string) =>
  createHmac('sha1', secret).update(content, 'utf8').digest('hex');

test('the text vectors of RFC 2202 give the expected digests', () => {
  assert.equal(
    hmacSha1('Jefe', 'what do ya want for nothing?').toString('hex'),
    'effcdf6ae5eb2fa2d27416d5f184df9c259a7c79',
  );
  assert.equal(
    hmacSha1('\x0b'.repeat(20), 'Hi There').toString('hex'),
    'b617318655057264e28bc0b6fb378c8ef146be00',
  );
});

test("the HMAC equals Node's for any secret and text", () => {
  const text = fc.string({unit: 'binary', maxLength: 200});
  fc.assert(
    fc.property(text, text, fc.constantFrom(1, 7, 120), (secret, content, times) => {
      const long = content.repeat(times);
      assert.equal(hmacSha1(secret, long).toString('hex'), expected(secret, long));
    }),
    {numRuns: 2000},
  );
});

test('the HMAC is right for block-length secrets, texts as long as the shared buffer, and lone surrogates', () => {
  for (const secret of ['', 'k'.repeat(63), 'k'.repeat(64), 'k'.repeat(65), 'é'.repeat(32), 'é'.repeat(33)])
    for (const content of [
      '',
      'x'.repeat(13_333),
      'x'.repeat(13_334),
      '€'.repeat(13_334),
      'x'.repeat(100_000),
      '\ud800a',
    ])
      assert.equal(hmacSha1(secret, content).toString('hex'), expected(secret, content));
});

test('a returned digest is not changed by the next call', () => {
  const first = hmacSha1('a', 'first');
  hmacSha1('a', 'second');
  assert.equal(first.toString('hex'), expected('a', 'first'));
});
