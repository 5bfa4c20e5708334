import assert from 'node:assert/strict';
import {test} from 'node:test';
import {providerStatuses} from '@hookswitch/protocol';
import type {FormField} from '../../../src/twilio/webhook/form.ts';
import {
  authenticateWebhook,
  toStatusEvent,
  type WebhookRequest,
  type WebhookResult,
} from '../../../src/twilio/webhook/webhook.ts';
import {
  ACCOUNT_SID,
  ALTERNATE_TOKEN,
  CALL_SID,
  completedFields,
  encodeForm,
  PARENT_SID,
  REFERENCE,
  ringingFields,
  signedRequest,
  voiceFields,
} from '../../support/twilio-requests.ts';

const RECEIVED_AT = Date.UTC(2018, 2, 25, 9, 53, 20, 500);

function authentic(request: WebhookRequest) {
  const result = authenticateWebhook(request);
  assert.equal(result.kind, 'authentic', JSON.stringify(result));
  if (result.kind !== 'authentic') throw new Error('unreachable');
  return result;
}

function without(fields: readonly FormField[], ...names: string[]): readonly FormField[] {
  return fields.filter(([name]) => !names.includes(name));
}

function withField(fields: readonly FormField[], name: string, value: string): readonly FormField[] {
  return [...without(fields, name), [name, value]];
}

function kindWith(name: string, value: string, fields = completedFields): WebhookResult['kind'] {
  return authenticateWebhook(signedRequest(withField(fields, name, value))).kind;
}

test('[H5] what Twilio sends is authentic, with either token', () => {
  for (const fields of [ringingFields, completedFields]) {
    const result = authentic(signedRequest(fields));
    assert.equal(result.reference, REFERENCE);
    assert.deepEqual(Object.entries(result.fields), fields);
  }
  assert.equal(authentic(signedRequest(voiceFields, {pathAndQuery: '/twilio/voice'})).reference, undefined);
  authentic(signedRequest(ringingFields, {token: ALTERNATE_TOKEN}));
  authentic(signedRequest(ringingFields, {publicUrl: 'http://localhost:8081'}));
  authentic(signedRequest(ringingFields, {publicUrl: 'https://gateway.example.com/hooks'}));
});

test('[H5] over https Twilio leaves the port out of what it signs', () => {
  const signed = signedRequest(ringingFields);
  authentic({...signed, publicUrl: 'https://gateway.example.com:8443'});
  const overHttp = signedRequest(ringingFields, {publicUrl: 'http://localhost'});
  assert.equal(authenticateWebhook({...overHttp, publicUrl: 'http://localhost:8081'}).kind, 'forbidden');
});

test('[H5] without the right signature nothing about the shape is told', () => {
  const good = signedRequest(ringingFields);
  const stranger = signedRequest(ringingFields, {token: 'somebody-elses'});
  const refused: WebhookRequest[] = [
    {...good, signatureHeader: undefined},
    {...good, signatureHeader: ''},
    {...good, signatureHeader: `${good.signatureHeader}, ${good.signatureHeader}`},
    stranger,
    {...good, authTokens: []},
    {...good, publicUrl: 'https://other.example.com'},
    {...good, pathAndQuery: '/twilio/voice'},
    {...good, pathAndQuery: `${good.pathAndQuery}&x=1`},
    {...good, pathAndQuery: good.pathAndQuery.slice(1)},
    {...good, body: encodeForm([...ringingFields, ['New', '']])},
    {...good, body: encodeForm(without(ringingFields, 'ToZip'))},
    {...good, body: Buffer.from('a=%')},
    {...good, body: Buffer.alloc(20_000, 'a')},
    {...stranger, body: encodeForm([...ringingFields, ...ringingFields])},
    {...stranger, pathAndQuery: '/twilio/status?ref=1&ref=2'},
  ];
  for (const request of refused) assert.equal(authenticateWebhook(request).kind, 'forbidden');
});

test('[H5] the query may hold one `ref` and parameters of the user, plainly written', () => {
  const kind = (query: string) =>
    authenticateWebhook(signedRequest(ringingFields, {pathAndQuery: `/twilio/status${query}`})).kind;
  const good = [
    '',
    `?ref=${'a'.repeat(16)}`,
    `?ref=${'-_9Z'.repeat(16)}`,
    '?tenant=7',
    `?tenant=a%20b&ref=${REFERENCE}`,
  ];
  for (const query of good) assert.equal(kind(query), 'authentic', query);
  const bad = [
    '?',
    '?ref=',
    `?ref=${'a'.repeat(15)}`,
    `?ref=${'a'.repeat(65)}`,
    `?ref=${REFERENCE}&ref=${REFERENCE}`,
    `?ref=${REFERENCE}&`,
    `?&ref=${REFERENCE}`,
    `?ref=${REFERENCE}&CallSid=${CALL_SID}`,
    `?r%65f=${REFERENCE}`,
    `?CallStatus=completed`,
    `?Timestamp=x`,
    `?tenant=${'AccountSid'}AC${'0'.repeat(32)}`,
    `?tenant=1&tenant=2`,
    `?tenant`,
    `?To=+15550100001`,
    `?FromCity=1&FromCity=2`,
    `?ref=%61${REFERENCE}`,
    `?ref=${REFERENCE}?ref=${REFERENCE}`,
  ];
  for (const query of bad) assert.equal(kind(query), 'malformed', query);
  assert.equal(kindWith('ref', 'x'), 'malformed', 'in query and body');
});

test('[H5] the account must be ours, and the call and its status must be named', () => {
  for (const name of ['AccountSid', 'CallSid', 'CallStatus'])
    assert.equal(
      authenticateWebhook(signedRequest(without(completedFields, name))).kind,
      'malformed',
      `no ${name}`,
    );
  assert.equal(kindWith('AccountSid', ACCOUNT_SID.replace('0', '1')), 'malformed');
});

const shapes: Readonly<Record<string, {good: readonly string[]; bad: readonly string[]}>> = {
  CallStatus: {
    good: providerStatuses,
    bad: ['', 'answered', 'Ringing', 'ringing ', 'initiating', 'ringing\n'],
  },
  CallSid: {
    good: [PARENT_SID],
    bad: ['', 'CA1', `${CALL_SID}0`, `${CALL_SID}\n`, CALL_SID.replace('CA', 'CB')],
  },
  SequenceNumber: {good: ['0', '12', '999999999'], bad: ['', '-1', '1.5', '1e3', ' 1', '1000000000', '٣']},
  Timestamp: {
    good: [
      'Tue, 01 Nov 2016 01:59:13 +0000',
      'Thu, 29 Feb 2024 23:59:59 +0000',
      'Wed, 2 Oct 2024 00:00:00 +0000',
    ],
    bad: [
      '',
      '2016-11-01T01:59:13Z',
      'Mon, 01 Nov 2016 01:59:13 +0000', // it was a Tuesday
      'Fri, 31 Feb 2020 01:59:13 +0000',
      'Tue, 01 Nov 2016 25:59:13 +0000',
      'Tue, 01 Nov 2016 01:59:13 GMT',
      'Tue, 01 Nov 2016 01:59:13 +0100',
      'Tue, 01 Nov 2016 01:59:13 +0000ToCity',
    ],
  },
  CallDuration: {good: ['0', '49'], bad: ['', '-1', '4.9', '49CallSid']},
  Duration: {good: ['1'], bad: ['', 'x']},
  Direction: {
    good: ['inbound', 'outbound-api', 'outbound-dial', 'trunking-terminating', 'trunking-originating'],
    bad: ['', 'outbound', 'INBOUND', 'inboundFrom'],
  },
  ParentCallSid: {good: [PARENT_SID, ''], bad: ['x', `${PARENT_SID}0`]},
  ApiVersion: {good: ['2010-04-01'], bad: ['', '2010', '2010-04-01CallSid']},
  CallbackSource: {good: ['call-progress-events'], bad: ['', 'Call', 'call1']},
  AnsweredBy: {good: ['human', 'machine_end_beep', ''], bad: ['Human', 'machine-start', 'human1']},
  From: {
    good: ['+14155551234', 'anonymous', 'client:alice', 'sip:alice@example.com', '+anonymous', '12345', ''],
    bad: ['x'.repeat(257), 'a\nb', 'a\u0000b', 'a\u0085b', '+14155551234FromCity', '+1415 555'],
  },
  To: {good: ['+14155551234', 'client:Gr\u00fcn', 'sip:a@b;x=y'], bad: ['x'.repeat(257), 'a\tb', '+1ToCity']},
  DialCallSid: {good: [PARENT_SID], bad: ['x']},
  DialCallStatus: {good: ['answered', 'no-answer'], bad: ['ringing', '']},
  RecordingSid: {good: [`RE${'0'.repeat(32)}`], bad: [`CA${'0'.repeat(32)}`]},
  CallerName: {good: ['', 'ÄÖ \u0001 anything', '{"a":[1]}', 'x'.repeat(5000)], bad: []},
};

for (const [name, {good, bad}] of Object.entries(shapes)) {
  test(`[H5] the shape of ${name}`, () => {
    for (const value of good.filter((text) => !text.includes('\0')))
      assert.equal(kindWith(name, value), 'authentic', JSON.stringify(value));
    for (const value of bad) assert.notEqual(kindWith(name, value), 'authentic', JSON.stringify(value));
  });
}

test('[H5] names: one alphabet, each once', () => {
  for (const name of ['New', 'X-New_1', 'SipHeader_X-Foo', 'roomName', 'constructor', 'toString'])
    assert.equal(kindWith(name, 'x'), 'authentic', name);
  for (const name of ['', 'a b', 'a[b]', 'a[]', 'a.b', 'ä', '__proto__', 'a:b', 'x'.repeat(129)])
    assert.equal(kindWith(name, 'x'), 'malformed', name);
  for (const [name, value] of completedFields)
    assert.equal(
      authenticateWebhook(signedRequest([...completedFields, [name, value]])).kind,
      'malformed',
      name,
    );
});

function eventOf(request: WebhookRequest, receivedAt = RECEIVED_AT, route: 'status' | 'voice' = 'status') {
  return toStatusEvent({...authentic(request), receivedAt, route});
}

test('[J5] a status callback as an event', () => {
  const {dedupeKey, parameters, ...event} = eventOf(signedRequest(completedFields));
  assert.deepEqual(event, {
    kind: 'status',
    source: 'callback',
    callSid: CALL_SID,
    providerStatus: 'completed',
    happenedAt: Date.UTC(2018, 2, 25, 9, 54, 8),
    receivedAt: RECEIVED_AT,
    sequence: 3,
    direction: 'outbound-api',
    from: '+16505055892',
    to: '+491703330161',
    parentCallSid: PARENT_SID,
    answeredBy: 'human',
    duration: 49, // seconds; Duration=1 is billed minutes
    reference: REFERENCE,
  });
  assert.match(dedupeKey, /^callback:[0-9a-f]{64}$/);
  assert.deepEqual(parameters, Object.fromEntries(completedFields));
});

test('[J5] a voice request has neither sequence nor time: it happened when it came', () => {
  const event = eventOf(signedRequest(voiceFields, {pathAndQuery: '/twilio/voice'}), RECEIVED_AT, 'voice');
  assert.equal(event.happenedAt, RECEIVED_AT);
  assert.deepEqual(
    ['sequence', 'duration', 'reference', 'parentCallSid', 'answeredBy'].filter((key) => key in event),
    [],
  );
  assert.deepEqual(JSON.parse(JSON.stringify(event)), event);
});

test('[J2] a retry is the same entry: later, in another order, signed with the other token', () => {
  const {dedupeKey} = eventOf(signedRequest(completedFields));
  const again = [
    eventOf(signedRequest(completedFields), RECEIVED_AT + 60_000),
    eventOf(signedRequest(completedFields, {token: ALTERNATE_TOKEN})),
    eventOf(signedRequest(completedFields.toReversed())),
    eventOf({...signedRequest(completedFields), publicUrl: 'https://gateway.example.com:8443'}),
  ];
  for (const event of again) assert.equal(event.dedupeKey, dedupeKey);
});

test('[J2] another field, value, route or reference is another entry', () => {
  const event = eventOf(signedRequest(ringingFields));
  const other = [
    eventOf(signedRequest(withField(ringingFields, 'SequenceNumber', '2'))),
    eventOf(signedRequest(withField(ringingFields, 'New', ''))),
    eventOf(signedRequest(without(ringingFields, 'ToZip'))),
    eventOf(signedRequest(ringingFields), RECEIVED_AT, 'voice'),
    eventOf(signedRequest(ringingFields, {pathAndQuery: '/twilio/status'})),
  ];
  const keys = new Set([event, ...other].map(({dedupeKey}) => dedupeKey));
  assert.equal(keys.size, other.length + 1);
});

test('[J2] the same characters with other boundaries are the same entry: one capture makes no second one', () => {
  const genuine = signedRequest(ringingFields);
  const moved = withField(without(ringingFields, 'FromCountry'), 'FromCity', 'SAN FRANCISCOFromCountryUS');
  assert.equal(eventOf({...genuine, body: encodeForm(moved)}).dedupeKey, eventOf(genuine).dedupeKey);
});

test('[J2] each status of a call is its own entry', () => {
  const keys = providerStatuses.map(
    (status) => eventOf(signedRequest(withField(ringingFields, 'CallStatus', status))).dedupeKey,
  );
  assert.equal(new Set(keys).size, providerStatuses.length);
});
