/** The dial form's requests and errors. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {emptyDialInput, faultsOf, readDialInput, tidyParty} from '../../src/screens/live/dial-request.ts';
import {parseMetadata} from '../../src/screens/live/metadata-text.ts';

test('without numbering plans, a number with its country code is cleaned up, and other input is sent unchanged', () => {
  assert.equal(tidyParty(' +1 (555) 010-0001 '), '+15550100001');
  assert.equal(tidyParty('client:jo-ann'), 'client:jo-ann');
  assert.equal(tidyParty('555-0100'), '555-0100');
});

test('empty fields are not sent', () => {
  assert.deepEqual(readDialInput({...emptyDialInput, to: '+15550100001', from: ' ', metadata: '\n'}), {
    kind: 'request',
    request: {to: '+15550100001'},
  });
  assert.deepEqual(
    readDialInput({
      to: '+1 555 010 0001',
      from: '+15005550006',
      connectTo: 'sip:a@b',
      twiml: '',
      metadata: 'a = 1',
    }),
    {
      kind: 'request',
      request: {to: '+15550100001', from: '+15005550006', connectTo: 'sip:a@b', metadata: {a: '1'}},
    },
  );
});

test('all invalid fields get an error at once', () => {
  const read = readDialInput({...emptyDialInput, connectTo: '+1', twiml: '<Response/>', metadata: 'x'});
  assert.ok(read.kind === 'faults');
  assert.deepEqual(Object.keys(read.faults).toSorted(), ['metadata', 'to', 'twiml']);
});

test('[H6] a refusal is shown at the fields that it names, otherwise below the form with advice', () => {
  const faults = [
    {field: 'to', fault: 'must be a number'},
    {field: 'metadata.ticket', fault: 'must be a string'},
    {field: 'timeout', fault: 'must be whole'},
    'nonsense',
  ];
  assert.deepEqual(faultsOf({message: 'to: must be a number.', context: {field: 'to', faults}}), {
    to: 'Must be a number.',
    metadata: 'Must be a string.',
  });
  assert.deepEqual(faultsOf({message: 'to: is not allowed.', context: {field: 'to'}}), {
    to: 'Is not allowed.',
  });
  assert.deepEqual(faultsOf({message: 'Twilio said no.', context: {field: 'twilio'}, whatToDo: 'Wait.'}), {
    form: 'Twilio said no. Wait.',
  });
});

test('metadata is parsed line by line, and values stay strings', () => {
  const parsed = parseMetadata(' ticket = T=1 \r\n\nn = 007');
  assert.deepEqual(parsed, {kind: 'metadata', metadata: {ticket: 'T=1', n: '007'}});
  assert.deepEqual(parseMetadata('__proto__ = x'), {
    kind: 'metadata',
    metadata: Object.fromEntries([['__proto__', 'x']]),
  });
  for (const [text, fault] of [
    ['a = 1\nb', /^Line 2 has no =/],
    ['= 1', /^Line 1 has no name/],
    ['a = 1\na = 2', /^Line 2 repeats the name a/],
    [`${'k'.repeat(65)} = 1`, /64 characters/],
    [`k = ${'v'.repeat(513)}`, /512 characters/],
    [Array.from({length: 21}, (_, index) => `k${index} = 1`).join('\n'), /^At most 20 lines/],
  ] as const) {
    const refused = parseMetadata(text);
    assert.match(refused.kind === 'fault' ? refused.message : '', fault);
  }
});

test('a refusal by Twilio has Twilio’s code and a link instead of advice about the context', () => {
  const refusal = {
    message: 'Twilio: The number is not valid.',
    context: {providerCode: 21211, providerStatus: 400},
    whatToDo: 'See Twilio’s code in context.',
  };
  assert.deepEqual(faultsOf(refusal), {
    form: 'Twilio: The number is not valid. Twilio’s code is 21211: www.twilio.com/docs/errors/21211',
  });
  assert.deepEqual(faultsOf({message: 'Twilio: Service Unavailable', context: {providerCode: 20503}}), {
    form: 'Twilio: Service Unavailable. Twilio’s code is 20503: www.twilio.com/docs/errors/20503',
  });
});
