/** The TwiML that connects a call to a second party (H1). */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {connectTwiml} from '../../../src/twilio/twiml.ts';

function dialed(to: string): string {
  const twiml = connectTwiml({
    to,
    callerId: '+15005550006',
    statusCallback: 'https://g.example/s?ref=x',
    timeLimit: 60,
  });
  return (
    /<Dial[^>]*><(?:Number|Client|Sip)[^>]*>(.*)<\/(?:Number|Client|Sip)><\/Dial>/.exec(twiml)?.[1] ?? twiml
  );
}

test('[H1] a client is dialed by its identity, with its custom parameters as escaped elements', () => {
  assert.equal(dialed('client:alice'), '<Identity>alice</Identity>');
  assert.equal(dialed("client:o'hara"), "<Identity>o'hara</Identity>");
  assert.equal(dialed('client:team:alice'), '<Identity>team:alice</Identity>');
  assert.equal(
    dialed('client:alice?customer=42&note=a%20%3Cb%3E%22'),
    '<Identity>alice</Identity><Parameter name="customer" value="42"/><Parameter name="note" value="a &lt;b>&quot;"/>',
  );
  assert.equal(dialed('client:a&b'), '<Identity>a&amp;b</Identity>');
});

test('[H1] a SIP address is dialed with its headers, and a number unchanged', () => {
  assert.equal(
    dialed('sip:a@b.example:5061;transport=tls?X-A=1&X-B=2'),
    'sip:a@b.example:5061;transport=tls?X-A=1&amp;X-B=2',
  );
  assert.equal(dialed('+14155550100'), '+14155550100');
});
