import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {maskNumber, maskSecret, maskText} from '../../src/mask.ts';

test('[E] a masked number can be recognized but not dialed', () => {
  const masked = {
    '+14155551234': '+1415•••1234',
    '+491703330161': '+4917•••0161',
    '14155551234': '1415•••1234',
    '+1 (415) 555-1234': '+1415•••1234',
    '+4930123456': '+493•••3456',
    '+1415555': '+14•••55',
    '+12345': '•••',
    '911': '•••',
    '': '•••',
    anonymous: 'an•••',
    'client:alice': 'client:al•••',
    'client:bob': 'client:•••',
    'client:alice@example.com': 'client:al•••',
    'client:+14155551234': 'client:+1415•••1234',
    'sip:alice@example.com': 'sip:al•••@example.com',
    'sip:+14155551234@example.com': 'sip:+1415•••1234@example.com',
    'sips:bo@example.com': 'sips:•••@example.com',
    'sip:alice@example.com;user=phone?X-To=%2B14155551234': 'sip:al•••@example.com•••',
    '+1 (415) 555-0100': '+1415•••0100',
    '+14155550100;ext=55': '+1•••',
    '+14155550100,,1234': '+1•••',
    'client:alice?customer=42': 'client:al•••',
    'client:\u{1F600}\u{1F601}\u{1F602}\u{1F603}\u{1F604}': 'client:\u{1F600}\u{1F601}•••',
  };
  for (const [address, expected] of Object.entries(masked))
    assert.equal(maskNumber(address), expected, address);
});

test('[E] at least three digits of a number stay hidden at any length', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^\+?\d{1,20}$/), (number) => {
      const digits = (text: string) => text.replaceAll(/\D/g, '').length;
      return digits(maskNumber(number)) <= Math.max(0, digits(number) - 3);
    }),
  );
});

test('[E] masking a masked text changes nothing', () => {
  const address = fc.oneof(
    fc.string({unit: 'grapheme', maxLength: 20}),
    fc.stringMatching(/^(client:|sip:|\+)?[a-z0-9]{1,16}(@[a-z.]{1,8})?$/),
  );
  fc.assert(
    fc.property(address, (text) => {
      const once = maskNumber(text);
      assert.equal(maskNumber(once), once);
    }),
  );
});

test('[E] a masked secret shows only that it is set', () => {
  assert.equal(maskSecret('0f1e2d3c4b5a'), '•••');
  assert.equal(maskSecret(undefined), undefined);
});

test('[E] ordinary text stays readable', () => {
  const plain = [
    'session opened',
    'GET /api/calls?status=active&limit=50 200 12 ms',
    'call CA0123456789abcdef0123456789abcdef is ringing',
    'happened at 2026-11-22T15:45:33.000Z, Sun, 25 Mar 2018 09:53:19 +0000',
    'epoch 0b9c7f1e-5a4e-4c0b-9f3d-2f3a4b5c6d7e offset 1234567',
    'the token is missing, wrong or expired',
    'basic checks passed; the bearer',
  ];
  for (const text of plain) assert.equal(maskText(text), text);
  assert.equal(maskText('from +14155551234 to +491703330161'), 'from +1415•••1234 to +4917•••0161');
  assert.equal(maskText('?To=%2B14155551234&x=1'), '?To=+1415•••1234&x=1');
});

test('[E] masking text takes linear time', () => {
  const parts = [
    '+1',
    'token',
    'token=',
    'Bearer ',
    'eyJ',
    'a',
    '+1 ',
    'authorization:',
    'AAAA',
    'from=',
    '"\\',
    'a-',
    '-eyJabcdef',
    'eyJabcdef.',
    'bearer:',
    'from ',
    ' ',
    '+1-',
  ];
  for (const part of parts) {
    const text = part.repeat(65_536 / part.length);
    const started = performance.now();
    maskText(text);
    assert.ok(performance.now() - started < 250, `${part}: ${performance.now() - started} ms`);
  }
});
