import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {MAX_FORM_BYTES, MAX_FORM_FIELDS, parseForm} from '../../../src/twilio/webhook/form.ts';

function fieldsOf(body: string | Buffer) {
  const result = parseForm(Buffer.from(body));
  return result.kind === 'form' ? result.fields : result.kind;
}

test('[H5] fields come in order, repeated ones too', () => {
  assert.deepEqual(fieldsOf('To=%2B1415&b=a+b%20c&To=2'), [
    ['To', '+1415'],
    ['b', 'a b c'],
    ['To', '2'],
  ]);
  assert.deepEqual(fieldsOf(''), []);
  assert.deepEqual(fieldsOf('a&b=&=c&&d=e=f&'), [
    ['a', ''],
    ['b', ''],
    ['', 'c'],
    ['d', 'e=f'],
  ]);
  assert.deepEqual(
    fieldsOf('n=%EF%BB%BFx'),
    [['n', '\uFEFFx']],
    'a byte order mark is signed like any character',
  );
  assert.deepEqual(fieldsOf('n=Gr%C3%BCn%f0%9f%93%9e'), [['n', 'Grün📞']]);
});

test('[H5] what has no one reading is malformed', () => {
  const bad = [
    'a=%',
    'a=%4',
    'a=%4g',
    'a=%%41',
    'a=% 41',
    'a=%+1',
    '%zz=1',
    'a=%00',
    'a=b\0',
    'a%00=b',
    'a=%C0%AF', // overlong
    'a=%E0%80%AF',
    'a=%ED%A0%80', // a surrogate
    'a=%F4%90%80%80', // beyond Unicode
    'a=%80',
    'a=%C3',
    'a=%C3&b=%BC', // a character does not reach across fields
  ];
  for (const body of bad) assert.equal(fieldsOf(body), 'malformed', body);
  assert.equal(fieldsOf(Buffer.from([0x61, 0x3d, 0xff])), 'malformed');
});

test('[H5] size and number of fields are limited', () => {
  assert.equal(fieldsOf(`a=${'x'.repeat(MAX_FORM_BYTES - 2)}`).length, 1);
  assert.equal(fieldsOf(`a=${'x'.repeat(MAX_FORM_BYTES - 1)}`), 'malformed');
  assert.equal(fieldsOf('a&'.repeat(MAX_FORM_FIELDS)).length, MAX_FORM_FIELDS);
  assert.equal(fieldsOf('a&'.repeat(MAX_FORM_FIELDS + 1)), 'malformed');
});

test('[H5] names touch no prototype', () => {
  assert.deepEqual(fieldsOf('__proto__=1&constructor=2&a[b][]=3'), [
    ['__proto__', '1'],
    ['constructor', '2'],
    ['a[b][]', '3'],
  ]);
  assert.equal(Object.hasOwn(Object.prototype, 'b'), false);
});

test('[H5] the worst body of the largest size takes milliseconds', () => {
  const bodies = ['&', '=', '%', '+', '%4', 'a&', '%41', '%C3%BC'].map((part) =>
    Buffer.from(part.repeat(MAX_FORM_BYTES / part.length)),
  );
  for (const body of bodies) parseForm(body);
  const started = performance.now();
  for (const body of bodies) parseForm(body);
  assert.ok(performance.now() - started < 100);
});

test('[H5] whatever it accepts, WHATWG reads the same; what WHATWG writes is accepted (5000 bodies)', () => {
  const name = fc.string({unit: 'grapheme', minLength: 1, maxLength: 8});
  const written = fc
    .array(fc.tuple(name, fc.string({unit: 'binary', maxLength: 12})), {maxLength: 8})
    .map((pairs) => new URLSearchParams(pairs).toString())
    .filter((body) => !body.includes('%00'));
  fc.assert(
    fc.property(written, (body) => {
      assert.deepEqual(fieldsOf(body), [...new URLSearchParams(body)]);
    }),
    {numRuns: 2000},
  );
  const pieces = fc.constantFrom(
    'a',
    '=',
    '&',
    '%',
    '%4',
    '%41',
    '%C3',
    '%BC',
    '+',
    'ü',
    '%26',
    '%3D',
    '\0',
    '?',
  );
  fc.assert(
    fc.property(fc.array(pieces, {maxLength: 24}), (parts) => {
      const body = parts.join('');
      const fields = fieldsOf(body);
      if (fields !== 'malformed') assert.deepEqual(fields, [...new URLSearchParams(`&${body}`)]);
    }),
    {numRuns: 3000},
  );
});
