import assert from 'node:assert/strict';
import {test} from 'node:test';
import {providerStatuses} from '@hookswitch/protocol';
import type {StatusEvent} from '../../../../src/journal/call-event.ts';
import type {FormField} from '../../../../src/twilio/webhook/form.ts';
import {
  authenticateWebhook,
  toStatusEvent,
  type WebhookRequest,
  type WebhookResult,
} from '../../../../src/twilio/webhook/webhook.ts';
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
} from '../../../support/twilio/twilio-requests.ts';

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

test('[H5] a request from Twilio is authentic with either token', () => {
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

test('[H5] over https Twilio omits the port from the signed URL', () => {
  const signed = signedRequest(ringingFields);
  authentic({...signed, publicUrl: 'https://gateway.example.com:8443'});
  const overHttp = signedRequest(ringingFields, {publicUrl: 'http://localhost'});
  assert.equal(authenticateWebhook({...overHttp, publicUrl: 'http://localhost:8081'}).kind, 'forbidden');
});

test('[H5] without a valid signature, the error reveals nothing about the shape', () => {
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
    {...good, body: Buffer.alloc(70_000, 'a')},
    {...stranger, body: encodeForm([...ringingFields, ...ringingFields])},
    {...stranger, pathAndQuery: '/twilio/status?ref=1&ref=2'},
  ];
  for (const request of refused) assert.equal(authenticateWebhook(request).kind, 'forbidden');
});

const REFUSED_WITHOUT = ['AccountSid', 'CallSid'] as const;

test('[H5] only a query that the gateway issued has a reference, and any other query belongs to the user', () => {
  const referenceOf = (query: string) =>
    authentic(signedRequest(ringingFields, {pathAndQuery: `/twilio/status${query}`})).reference;
  assert.equal(referenceOf(`?ref=${REFERENCE}`), REFERENCE);
  const foreign = [
    ...['', '?', '?debug', '?a=1&', '?&', '?tag=a&tag=b', '?user.id=7', '?code=YWJjZA==', '?ref=42', '?ref='],
    ...['?tenant=a%20b', '?lead[id]=1', '?To=+15550100001', '?Timestamp=x', '?FromCity=1&FromCity=2'],
    `?CallSid=${PARENT_SID}&CallStatus=completed`,
    `?ref=${REFERENCE}&x=1`,
    `?x=1&ref=${REFERENCE}`,
    `?ref=${REFERENCE}&`,
    `?ref=${REFERENCE}A`,
    `?ref=${REFERENCE}&ref=${REFERENCE}`,
    `?r%65f=${REFERENCE}`,
    `?ref=${REFERENCE}?ref=${REFERENCE}`,
    `?AccountSid${ACCOUNT_SID}`,
  ];
  for (const query of foreign) assert.equal(referenceOf(query), undefined, query);
});

test('[H5] a webhook is refused only if its call cannot be identified', () => {
  for (const name of REFUSED_WITHOUT) {
    const [, value = ''] = completedFields.find(([each]) => each === name) ?? [];
    const bad: readonly (readonly FormField[])[] = [
      without(completedFields, name),
      ...['', 'x', `${value}0`, `${value}\n`, value.toLowerCase(), ` ${value}`].map((each) =>
        withField(completedFields, name, each),
      ),
      [...completedFields, [name, value]],
      [...completedFields, [name, '']],
    ];
    for (const fields of bad)
      assert.equal(
        authenticateWebhook(signedRequest(fields)).kind,
        'malformed',
        JSON.stringify(fields.at(-1)),
      );
  }
  assert.equal(kindWith('AccountSid', ACCOUNT_SID.replace('0', '1')), 'malformed', 'another account');
});

/**
 * Per field: values that are read, and values that are dropped because the event is still true without them.
 */
const shapes: Readonly<
  Record<
    string,
    {key: keyof StatusEvent; read: Readonly<Record<string, unknown>>; dropped: readonly string[]}
  >
> = {
  CallStatus: {
    key: 'providerStatus',
    read: Object.fromEntries(providerStatuses.map((status) => [status, status])),
    dropped: [
      '',
      'answered',
      'Ringing',
      'ringing ',
      'initiating',
      'ringing\n',
      'ringing-again',
      'in_progress',
    ],
  },
  SequenceNumber: {
    key: 'sequence',
    read: {'0': 0, '12': 12, '007': 7, '999999999': 999_999_999},
    dropped: ['', '-1', '1.5', '1e3', ' 1', '1000000000', '٣', '0x1'],
  },
  CallDuration: {key: 'duration', read: {'0': 0, '49': 49}, dropped: ['', '-1', '4.9', '49s', 'null']},
  Direction: {
    key: 'direction',
    read: Object.fromEntries(
      ['inbound', 'outbound-api', 'outbound-dial', 'trunking-terminating', 'trunking-originating'].map(
        (way) => [way, way],
      ),
    ),
    dropped: ['', 'outbound', 'INBOUND', 'inbound-new'],
  },
  ParentCallSid: {key: 'parentCallSid', read: {[PARENT_SID]: PARENT_SID}, dropped: ['', 'x', CALL_SID]},
  AnsweredBy: {
    key: 'answeredBy',
    read: {human: 'human', machine_end_beep: 'machine_end_beep'},
    dropped: ['', 'Human', 'machine-start', 'human1'],
  },
};

for (const [name, {key, read, dropped}] of Object.entries(shapes)) {
  test(`[H5] ${name} is read in its exact format, and dropped in any other`, () => {
    for (const [value, expected] of Object.entries(read))
      assert.deepEqual(eventOf(signedRequest(withField(completedFields, name, value)))[key], expected, value);
    for (const value of dropped) {
      const event = eventOf(signedRequest(withField(completedFields, name, value)));
      assert.equal(key in event, false, JSON.stringify(value));
      assert.equal(event.callSid, CALL_SID);
      assert.equal(event.parameters?.[name], value, 'the stored parameters keep it');
    }
  });
}

test('[H5] a repeated control field is dropped', () => {
  const fields = Object.entries(shapes).flatMap(([name, {read}]) =>
    Object.keys(read)
      .slice(0, 2)
      .map((value): FormField => [name, value]),
  );
  const names = Object.keys(shapes);
  const event = eventOf(
    signedRequest([...without(completedFields, ...names), ...fields, ['ParentCallSid', CALL_SID]]),
  );
  for (const {key} of Object.values(shapes)) assert.equal(key in event, false, key);
});

test('[H5] CallStatus twice with one value is signed once, so the repetition did not come from Twilio', () => {
  assert.equal(
    authenticateWebhook(signedRequest([...ringingFields, ['CallStatus', 'ringing']])).kind,
    'malformed',
  );
});

test('[H5] Timestamp is UTC in RFC 2822 or ISO 8601, and any other text is replaced by the time of arrival', () => {
  const at = (value: string) =>
    eventOf(signedRequest(withField(completedFields, 'Timestamp', value))).happenedAt;
  const read: Readonly<Record<string, string>> = {
    'Tue, 01 Nov 2016 01:59:13 +0000': '2016-11-01T01:59:13Z',
    'Tue, 01 Nov 2016 01:59:13 GMT': '2016-11-01T01:59:13Z',
    'Tue, 01 Nov 2016 01:59:13 UTC': '2016-11-01T01:59:13Z',
    'Thu, 29 Feb 2024 23:59:59 +0000': '2024-02-29T23:59:59Z',
    'Wed, 2 Oct 2024 00:00:00 +0000': '2024-10-02T00:00:00Z',
    '2016-11-01T01:59:13Z': '2016-11-01T01:59:13Z',
    '2016-11-01T01:59:13.123456789Z': '2016-11-01T01:59:13.123Z',
  };
  for (const [text, time] of Object.entries(read)) assert.equal(at(text), Date.parse(time), text);
  const dropped = [
    '',
    'yesterday',
    'Mon, 01 Nov 2016 01:59:13 +0000', // 2016-11-01 was a Tuesday
    'Fri, 31 Feb 2020 01:59:13 +0000',
    'Tue, 01 Nov 2016 25:59:13 +0000',
    'Tue, 01 Nov 2016 01:59:13 +0100',
    'Tue, 01 Nov 2016 01:59:13 PST',
    '2016-02-31T01:59:13Z',
    '2016-11-01T01:59:13',
    '1477965553',
  ];
  for (const text of dropped) assert.equal(at(text), RECEIVED_AT, text);
});

test('[H5] From and To are shown unchanged, but bounded in length and with visible control characters', () => {
  const from = (value: string) => eventOf(signedRequest(withField(ringingFields, 'From', value))).from;
  const asTheyCome = [
    ...['+14155551234', '+1 (415) 555-0100', '+14155550100,,1234', '+14155550123;ext=55', '+1415555O123'],
    ...['+123456789012345678901', 'anonymous', 'client:Grün 📞', "client:o'hara?a=1", '', '12345'],
    `sip:alice@example.com?${'X-Header=%20v&'.repeat(72)}`,
  ];
  for (const value of asTheyCome) assert.equal(from(value), value);
  assert.equal(from('a\u0000b\nc\u0085'), 'a\ufffdb\ufffdc\ufffd');
  assert.equal(from('📞'.repeat(3000))?.length, 2049);
  assert.equal(from(`${'x'.repeat(2047)}📞`), `${'x'.repeat(2047)}\ufffd…`);
});

test('[H5] all other fields may have any name and value, and may repeat', () => {
  const odd: readonly FormField[] = [
    ...['crm.lead.id', 'lead[id]', 'lead[]', 'Lead Id', 'Größe', 'SipHeader_X-Lead.Id', 'a:b', '', ' '].map(
      (name): FormField => [name, 'x'],
    ),
    ...['__proto__', 'constructor', 'toString', 'hasOwnProperty'].map((name): FormField => [name, name]),
    ['__proto__', 'again'],
    ['SipHeader_X-A', '1'],
    ['SipHeader_X-A', '2'],
    ['SipHeader_X-A', '1'],
    ['x'.repeat(2000), 'y'.repeat(20_000)],
    ['nul\0', '\0\u0001\ud83d\udcde'],
    ['CallerName', '{"a":[1]}'],
    ...['ApiVersion', 'CallbackSource', 'Duration', 'RecordingSid', 'DialCallStatus'].map(
      (name): FormField => [name, 'not what it usually is'],
    ),
  ];
  const event = eventOf(signedRequest([...without(completedFields, ...odd.map(([name]) => name)), ...odd]));
  assert.equal(event.providerStatus, 'completed');
  const {parameters = {}} = event;
  assert.deepEqual(parameters['SipHeader_X-A'], ['1', '2', '1']);
  assert.deepEqual(Object.getOwnPropertyDescriptor(parameters, '__proto__')?.value, ['__proto__', 'again']);
  assert.equal(Object.getPrototypeOf(parameters), Object.prototype);
  const written: unknown = JSON.parse(JSON.stringify(parameters));
  assert.deepEqual(Object.entries(written ?? {}), Object.entries(parameters));
  for (const [name] of odd) assert.ok(Object.hasOwn(parameters, name), name);
});

test('[H5] fields that name other calls are data, and so are values that look like fields', () => {
  const other = `CA${'9'.repeat(32)}`;
  const odd: readonly FormField[] = [
    ['DialCallSid', other],
    ['AgentCallSid', other],
    ['SipHeader_X-CallSid', other],
    ['SipHeader_X-Parent', `CallSid${CALL_SID}`],
    ['next', `/calls?CallSid=${other}&CallStatus=completed`],
    ['json', JSON.stringify({CallSid: other})],
    ['quoted', `CallSid${other}, CallSid${other};x=1`],
    ['CallerName', 'CallStatuscompletedSequenceNumber9Directioninbound'],
    ['crm', 'AccountSidAC00000000000000000000000000000000 CallDuration49 TimestampMon,'],
  ];
  for (const fields of [completedFields, ringingFields, voiceFields])
    for (const each of odd)
      assert.equal(
        authenticateWebhook(signedRequest([...without(fields, each[0]), each])).kind,
        'authentic',
        each[0],
      );
});

test('[H5] a text that names two calls is refused wherever the fields are cut: one more byte is another call', () => {
  const other = `CA${'9'.repeat(32)}`;
  for (const hidden of [
    `CallSid${other}`,
    `xCallSid${other}CallStatuscompleted`,
    `Call Sid CallSid${other}Zz`,
  ])
    for (const name of ['Bx', 'CallerName', 'zz'])
      assert.equal(kindWith(name, hidden), 'malformed', `${name}: ${hidden}`);
  assert.equal(kindWith(`xCallSid${other}`, ''), 'malformed');
  assert.equal(kindWith('AddOns', `CallSid${other}Zz`), 'malformed');
  // `AddOns` sorts before `CallSid`, so no field of that name can end there.
  assert.equal(kindWith('AddOns', `CallSid${other}`), 'authentic');
  // The last characters of one sid are the first of the next.
  const overlapping = `CallSid${CALL_SID.slice(0, 32)}CallSid${other}`;
  assert.equal(kindWith('Bx', overlapping), 'malformed');
});

function eventOf(request: WebhookRequest, receivedAt = RECEIVED_AT, route: 'status' | 'voice' = 'status') {
  return toStatusEvent({...authentic(request), receivedAt, route});
}

test('[J5] a status callback becomes an event', () => {
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
    duration: 49, // seconds, while Duration=1 counts billed minutes
    reference: REFERENCE,
  });
  assert.match(dedupeKey, /^callback:[0-9a-f]{64}$/);
  assert.deepEqual(parameters, Object.fromEntries(completedFields));
});

test('[J5] a voice request has neither a sequence nor a time, so its time is the arrival', () => {
  const event = eventOf(signedRequest(voiceFields, {pathAndQuery: '/twilio/voice'}), RECEIVED_AT, 'voice');
  assert.equal(event.happenedAt, RECEIVED_AT);
  assert.deepEqual(
    ['sequence', 'duration', 'reference', 'parentCallSid', 'answeredBy'].filter((key) => key in event),
    [],
  );
  assert.deepEqual(JSON.parse(JSON.stringify(event)), event);
});

test('[J2] a retry is the same entry: later, in another order, or signed with the other token', () => {
  const {dedupeKey} = eventOf(signedRequest(completedFields));
  const again = [
    eventOf(signedRequest(completedFields), RECEIVED_AT + 60_000),
    eventOf(signedRequest(completedFields, {token: ALTERNATE_TOKEN})),
    eventOf(signedRequest(completedFields.toReversed())),
    eventOf({...signedRequest(completedFields), publicUrl: 'https://gateway.example.com:8443'}),
  ];
  for (const event of again) assert.equal(event.dedupeKey, dedupeKey);
});

test('[J2] another field, value, route or reference makes another entry', () => {
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

test('[J2] the same characters with other boundaries are the same entry, so a captured request cannot add a second one', () => {
  const genuine = signedRequest(ringingFields);
  const moved = withField(without(ringingFields, 'FromCountry'), 'FromCity', 'SAN FRANCISCOFromCountryUS');
  assert.equal(eventOf({...genuine, body: encodeForm(moved)}).dedupeKey, eventOf(genuine).dedupeKey);
});

test('[J2] each status of a call is an entry of its own', () => {
  const keys = providerStatuses.map(
    (status) => eventOf(signedRequest(withField(ringingFields, 'CallStatus', status))).dedupeKey,
  );
  assert.equal(new Set(keys).size, providerStatuses.length);
});
