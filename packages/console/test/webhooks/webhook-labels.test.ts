/** Webhooks as text: masking, the meaning of fields, and copies that are safe to paste. */
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {test} from 'node:test';
import type {WebhookDetail} from '@hookswitch/protocol';
import fc from 'fast-check';
import {toCurl, toJson} from '../../src/screens/webhooks/webhook-copies.ts';
import {
  filterFromQuery,
  filterToQuery,
  shownFromQuery,
  shownToQuery,
} from '../../src/screens/webhooks/webhook-filter.ts';
import {
  holdsNumber,
  isPrivate,
  isVariable,
  maskedText,
  meaningOf,
} from '../../src/screens/webhooks/webhook-labels.ts';

const PUBLIC_URL = 'https://calls.example.com/voice';

const detail: WebhookDetail = {
  id: 1,
  receivedAt: '2026-01-31T09:30:00.000Z',
  route: 'status',
  method: 'POST',
  path: '/voice/twilio/status?ref=abc',
  remoteAddress: '192.0.2.1',
  outcome: 'refused',
  httpStatus: 403,
  tookMs: 1.2,
  bodyBytes: 10,
  headers: [
    {name: 'host', value: 'calls.example.com'},
    {name: 'user-agent', value: 'TwilioProxy/1.1'},
    {name: 'x-twilio-signature', value: 'c2VjcmV0'},
    {name: 'i-twilio-idempotency-token', value: 'idem-1'},
  ],
  fields: [
    {name: 'From', value: '+15550100001'},
    {name: 'CallerName', value: "O'Neil & co"},
  ],
};

/** The words that a real shell reads from a command. */
function words(command: string): string[] {
  const script = `curl() { for word in "$@"; do printf '%s\\0' "$word"; done; }\n${command}`;
  return execFileSync('sh', ['-c', script], {encoding: 'latin1'}).split('\0').slice(0, -1);
}

test('the curl command equals the request, without signature and token', () => {
  assert.deepEqual(words(toCurl(detail, PUBLIC_URL)), [
    '--globoff',
    '--request',
    'POST',
    'https://calls.example.com/voice/twilio/status?ref=abc',
    '--header',
    'user-agent: TwilioProxy/1.1',
    '--header',
    'content-type: application/x-www-form-urlencoded',
    '--data-raw',
    'From=%2B15550100001&CallerName=O%27Neil%20%26%20co',
  ]);
  assert.ok(!/c2VjcmV0|idem-1/.test(toJson(detail) + toCurl(detail, PUBLIC_URL)));
  assert.deepEqual(JSON.parse(toJson(detail)).fields, detail.fields);
});

test('for any request, a shell reads the same number of words, and the command is printable', () => {
  const text = fc.oneof(
    fc.string({unit: 'binary', maxLength: 40}),
    fc.constantFrom(`'; touch /tmp/x; '`, '$(id)`id`', "\n'\\''", '\u001b[201~', '@/etc/passwd', '!!'),
  );
  fc.assert(
    fc.property(text, text, text, text, (path, header, name, value) => {
      const command = toCurl(
        {method: 'POST', path, headers: [{name: 'via', value: header}], fields: [{name, value}]},
        PUBLIC_URL,
      );
      assert.match(command, /^[\x20-\x7e\n]*$/);
      const sent = words(command);
      assert.equal(sent.length, 10, command);
      assert.ok(sent[3]?.startsWith('https://calls.example.com/'));
      assert.deepEqual([...new URLSearchParams(sent[9])], [[name.toWellFormed(), value.toWellFormed()]]);
    }),
    {numRuns: 60},
  );
});

test('numbers are masked in fields, URLs and sentences', () => {
  assert.equal(maskedText('/twilio/voice?From=%2B15550100001&x=1'), '/twilio/voice?From=+1555•••••01&x=1');
  assert.equal(maskedText('from +15550100001.'), 'from +1555•••••01.');
  assert.equal(
    maskedText('CA00000000000000000000000000000001 2026-01-31'),
    'CA00000000000000000000000000000001 2026-01-31',
  );
  assert.ok(holdsNumber('+15550100001') && holdsNumber('+15550100001') && !holdsNumber('+123'));
  for (const [name, value] of [
    ['From', '+15550100001'],
    ['To', 'client:alice'],
    ['CallerName', 'Ada'],
    ['Whatever', '+15550100001'],
    ['SipUri', 'sip:alice@example.com'],
  ] as const)
    assert.ok(isPrivate(name, value), name);
  for (const [name, value] of [
    ['From', ''],
    ['CallSid', 'CA1'],
    ['Timestamp', 'Sat, 31 Jan 2026 09:30:00 +0000'],
    ['SequenceNumber', '3'],
  ] as const)
    assert.ok(!isPrivate(name, value), name);
});

test('a field has a meaning only if its value is valid', () => {
  const sid = `CA${'0'.repeat(32)}`;
  assert.deepEqual(meaningOf('CallSid', sid), {kind: 'call', callSid: sid});
  assert.deepEqual(meaningOf('CallStatus', 'busy'), {kind: 'status', status: 'busy'});
  assert.deepEqual(meaningOf('CallDuration', '12'), {kind: 'seconds', seconds: 12});
  assert.deepEqual(meaningOf('Timestamp', 'Sat, 31 Jan 2026 09:30:00 +0000'), {
    kind: 'time',
    at: '2026-01-31T09:30:00.000Z',
  });
  for (const [name, value] of [
    ['CallSid', 'CA1'],
    ['CallStatus', 'sideways'],
    ['CallDuration', '1e3'],
    ['Direction', 'constructor'],
    ['Direction', 'toString'],
    ['SequenceNumber', '-1'],
    ['AccountSid', 'AC1'],
  ] as const)
    assert.equal(meaningOf(name, value), undefined, `${name}=${value}`);
});

test('settings are environment variables, or fields of the Twilio console', () => {
  assert.ok(isVariable('PUBLIC_URL'));
  assert.ok(!isVariable('“A call comes in” of the number, in the Twilio console'));
});

test('filter and selection are independent URL parameters', () => {
  const query = shownToQuery(7, filterToQuery({text: 'a b', outcome: 'refused'}, ''));
  assert.deepEqual(filterFromQuery(query), {text: 'a b', outcome: 'refused'});
  assert.equal(shownFromQuery(query), 7);
  assert.equal(filterToQuery({text: ''}, query), 'id=7');
  assert.equal(shownToQuery(undefined, 'id=7'), '');
  assert.deepEqual(filterFromQuery('outcome=nonsense&id=x'), {text: ''});
  assert.equal(shownFromQuery('id=x'), undefined);
});
