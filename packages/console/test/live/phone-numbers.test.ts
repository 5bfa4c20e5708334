/** Typed numbers are read with the country of the gateway's number. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {emptyDialInput, readDialInput} from '../../src/screens/live/dial-request.ts';
import {createNumberReader} from '../../src/screens/live/phone-numbers.ts';

const us = createNumberReader({ownNumber: '+14155550199', simulated: false});
const de = createNumberReader({ownNumber: '+4930123456', simulated: false});

function sent(read: typeof us, text: string): string {
  const result = readDialInput({...emptyDialInput, to: text}, read);
  return result.kind === 'request' ? result.request.to : `fault: ${result.faults.to}`;
}

test('a national number is dialed in the country of the gateway’s number', () => {
  for (const text of [
    '(415) 555-0100',
    '415.555.0100',
    '1-415-555-0100',
    ' 4155550100 ',
    '４１５ ５５５ ０１００',
  ])
    assert.equal(sent(us, text), '+14155550100', text);
  for (const text of ['030 123456', '0049 30 123456', '(030) 12 34 56'])
    assert.equal(sent(de, text), '+4930123456', text);
  assert.equal(sent(us, '011 44 20 7946 0018'), '+442079460018');
});

test('a number with its country code is dialed as typed, even if it is not assigned', () => {
  for (const read of [us, de]) {
    assert.equal(sent(read, '+1 (555) 010-0001'), '+15550100001');
    assert.equal(sent(read, '+15005550006'), '+15005550006');
    assert.equal(sent(read, '+44 (0)20 7946 0018'), '+442079460018');
  }
});

test('a number is shown in national notation, with its country', () => {
  const number = us('(415) 555-0100');
  assert.equal(number?.kind === 'number' && number.shown, '+1 415 555 0100 (United States)');
});

test('client: and sip: addresses and other text are left to the gateway', () => {
  for (const text of [
    'client:jo-ann',
    'client:4155550100',
    'client:alice?customer=42',
    "client:o'hara",
    'sip:4155550100@example.com',
    'SIPS:alice@example.com;transport=tls',
    'alice',
    '1-800-FLOWERS',
  ])
    assert.equal(sent(us, text), text);
});

test('a number that cannot exist is refused with the reason and what to enter', () => {
  assert.equal(
    sent(us, '555-0100'),
    'fault: The number is too short. Enter the whole number (United States), or + and the country code.',
  );
  assert.match(sent(us, '+1415555'), /too short/);
  assert.match(sent(us, '+1'), /too short/);
  assert.match(sent(us, '+141555501000000'), /too long/);
  assert.match(sent(us, '+999123'), /No country has this code/);
  assert.match(sent(us, '0123 45 67 89'), /not a number of the country \(United States\)/);
  assert.match(sent(us, '(415) 555-0100 ext. 55'), /Remove the extension 55/);
  assert.match(sent(us, '+14155550100,,1234'), /Remove the extension 1234/);
  assert.match(sent(de, '110'), /too short/);
});

test('with a simulated Twilio, fictitious national numbers are dialed', () => {
  const simulated = createNumberReader({ownNumber: '+15005550006', simulated: true});
  assert.equal(sent(simulated, '(555) 010-0001'), '+15550100001');
  assert.match(sent(us, '(555) 010-0001'), /not a number of the country/);
});

test('the country of an unassigned number is the main one of its code', () => {
  assert.equal(
    sent(createNumberReader({ownNumber: '+15550100000', simulated: false}), '415 555 0100'),
    '+14155550100',
  );
});

test('without a country, a number needs a country code', () => {
  const nowhere = createNumberReader({ownNumber: '', simulated: false});
  assert.equal(sent(nowhere, '+14155550100'), '+14155550100');
  assert.match(sent(nowhere, '415 555 0100'), /Enter \+ and the country code/);
});

test('all parties are read alike, and errors are shown at their fields', () => {
  const typed = {...emptyDialInput, to: '(415) 555-0100', from: '415 555 0101', connectTo: '415 555 0102'};
  assert.deepEqual(readDialInput(typed, us), {
    kind: 'request',
    request: {to: '+14155550100', from: '+14155550101', connectTo: '+14155550102'},
  });
  const read = readDialInput({...typed, from: '12', connectTo: '+999123'}, us);
  assert.ok(read.kind === 'faults');
  assert.deepEqual(Object.keys(read.faults).toSorted(), ['connectTo', 'from']);
});
