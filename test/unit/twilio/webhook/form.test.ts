import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {MAX_FORM_BYTES, MAX_FORM_FIELDS, parseForm} from '../../../../src/twilio/webhook/form.ts';

function fieldsOf(body: string | Buffer) {
  const result = parseForm(Buffer.from(body));
  return result.kind === 'form' ? result.fields : result.kind;
}

test('[H5] fields keep their order, including repeated ones', () => {
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
    'a byte order mark is signed like any other character',
  );
  assert.deepEqual(fieldsOf('n=Gr%C3%BCn%f0%9f%93%9e'), [['n', 'Grün📞']]);
});

test('[H5] an invalid escape stands for itself, bytes that are not UTF-8 become U+FFFD, and NUL is a character', () => {
  const odd: readonly (readonly [body: string, value: string])[] = [
    ['a=%', '%'],
    ['a=%4', '%4'],
    ['a=%4g%41', '%4gA'],
    ['a=%%41', '%A'],
    ['a=%+1', '% 1'],
    ['a=%00', '\0'],
    ['a=b\0', 'b\0'],
    ['a=%C0%AF', '\ufffd\ufffd'], // overlong
    ['a=%ED%A0%80', '\ufffd\ufffd\ufffd'], // a surrogate
    ['a=%F4%90%80%80', '\ufffd\ufffd\ufffd\ufffd'], // beyond Unicode
    ['a=%80%C3%BC', '\ufffdü'],
    ['a=%C3', '\ufffd'],
    ['a=%ü', '%ü'],
  ];
  for (const [body, value] of odd) assert.deepEqual(fieldsOf(body), [['a', value]], body);
  assert.deepEqual(fieldsOf('%zz=1'), [['%zz', '1']]);
  // A multi-byte character cannot span two fields.
  assert.deepEqual(fieldsOf('a=%C3&b=%BC'), [
    ['a', '\ufffd'],
    ['b', '\ufffd'],
  ]);
  assert.deepEqual(fieldsOf(Buffer.from([0x61, 0x3d, 0xff])), [['a', '\ufffd']]);
});

test('[H5] the size and the number of fields are limited', () => {
  assert.equal(fieldsOf(`a=${'x'.repeat(MAX_FORM_BYTES - 2)}`).length, 1);
  assert.equal(fieldsOf(`a=${'x'.repeat(MAX_FORM_BYTES - 1)}`), 'malformed');
  assert.equal(fieldsOf('a&'.repeat(MAX_FORM_FIELDS)).length, MAX_FORM_FIELDS);
  assert.equal(fieldsOf('a&'.repeat(MAX_FORM_FIELDS + 1)), 'malformed');
});

test('[H5] field names do not reach a prototype', () => {
  assert.deepEqual(fieldsOf('__proto__=1&constructor=2&a[b][]=3'), [
    ['__proto__', '1'],
    ['constructor', '2'],
    ['a[b][]', '3'],
  ]);
  assert.equal(Object.hasOwn(Object.prototype, 'b'), false);
});

test('[H5] the worst body of the maximum size is read in linear time', () => {
  const bodies = ['&', '=', '%', '+', '%4', 'a&', '%41', '%C3%BC'].map((part) =>
    Buffer.from(part.repeat(MAX_FORM_BYTES / part.length)),
  );
  for (const body of bodies) parseForm(body);
  const started = performance.now();
  for (const body of bodies) parseForm(body);
  // A quadratic parser would need minutes for 64 KB.
  assert.ok(performance.now() - started < 5000);
});

test('[H5] 5000 random bodies are read as WHATWG specifies', () => {
  const name = fc.string({unit: 'grapheme', minLength: 1, maxLength: 8});
  const written = fc
    .array(fc.tuple(name, fc.string({unit: 'binary', maxLength: 12})), {maxLength: 8})
    .map((pairs) => new URLSearchParams(pairs).toString());
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
    '%C3%BC',
    '%26',
    '%3D',
    '\0',
    '?',
  );
  fc.assert(
    fc.property(fc.array(pieces, {maxLength: 24}), (parts) => {
      const body = parts.join('');
      assert.deepEqual(fieldsOf(body), [...new URLSearchParams(`&${body}`)]);
    }),
    {numRuns: 3000},
  );
});
