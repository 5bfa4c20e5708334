/** Mutated recordings: the parser never throws, and never accepts more than the official SDK does. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {StatusEvent} from '../../../../src/journal/call-event.ts';
import type {FormField} from '../../../../src/twilio/webhook/form.ts';
import {
  authenticateWebhook,
  toStatusEvent,
  type WebhookRequest,
} from '../../../../src/twilio/webhook/webhook.ts';
import {
  ALTERNATE_TOKEN,
  AUTH_TOKEN,
  completedFields,
  encodeForm,
  PUBLIC_URL,
  ringingFields,
  sdkAccepts,
  signedRequest,
  voiceFields,
} from '../../../support/twilio/twilio-requests.ts';

/** mulberry32: produces the same numbers for the same seed on every machine. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

type Random = ReturnType<typeof random>;

function pick<T>(next: Random, items: readonly T[]): T {
  const item = items[next(items.length)];
  if (item === undefined) throw new RangeError('nothing to pick from');
  return item;
}

const recordings: readonly WebhookRequest[] = [
  signedRequest(ringingFields),
  signedRequest(completedFields),
  signedRequest(completedFields, {token: ALTERNATE_TOKEN}),
  signedRequest(voiceFields, {pathAndQuery: '/twilio/voice'}),
  signedRequest(ringingFields, {pathAndQuery: '/twilio/status', publicUrl: 'http://localhost:8081'}),
  signedRequest([...ringingFields, ['AddOns', '{"status":"successful","results":{"x":"CallSid"}}']]),
  signedRequest(
    [
      ...completedFields,
      ['lead[id]', '+1 (415) 555-0100'],
      ['Größe', '\0'],
      ['SipHeader_X', '1'],
      ['SipHeader_X', '2'],
    ],
    {pathAndQuery: '/twilio/status?tag=a&tag=b&user.id=7&debug&code=YWJjZA=='},
  ),
];

const bytes = [
  '&',
  '=',
  '%',
  '+',
  '%00',
  '%',
  'a',
  '\0',
  '[]',
  '%C3',
  '%26',
  '%3D',
  '&&',
  ';',
  '#',
  '?',
  '\uFEFF',
  '%FF',
  '%ED%A0%80',
  '__proto__',
  'CallSid',
];

function mutateText(next: Random, text: string): string {
  const at = next(text.length + 1);
  const length = next(4);
  const middle = [
    '',
    pick(next, bytes),
    text.slice(at, at + length).repeat(2),
    String.fromCharCode(next(256)),
    text.slice(at, at + length).toUpperCase(),
  ];
  return text.slice(0, at) + pick(next, middle) + text.slice(at + length);
}

function mutatePairs(next: Random, body: string): string {
  const pairs = body.split('&');
  const [a, b] = [next(pairs.length), next(pairs.length)];
  const one = pairs[a] ?? '';
  switch (next(5)) {
    case 0:
      return pairs.toSpliced(a, 1).join('&');
    case 1:
      return pairs.toSpliced(b, 0, one).join('&');
    case 2:
      return pairs.toSpliced(a, 1).toSpliced(b, 0, one).join('&');
    case 3:
      return pairs.with(a, one.replace('=', '')).join('&');
    default:
      return pairs.with(a, `${one}${(pairs[b] ?? '').replace('=', '')}`).join('&');
  }
}

function mutate(next: Random, request: WebhookRequest): WebhookRequest {
  const body = request.body.toString('latin1');
  switch (next(6)) {
    case 0:
      return {...request, pathAndQuery: mutateText(next, request.pathAndQuery)};
    case 1:
      return {...request, signatureHeader: mutateText(next, request.signatureHeader ?? '')};
    case 2:
      return {
        ...request,
        publicUrl: pick(next, [PUBLIC_URL, 'https://gateway.example.com:8443', 'http://x']),
      };
    case 3:
      return {...request, body: Buffer.from(mutatePairs(next, body), 'latin1')};
    default:
      return {...request, body: Buffer.from(mutateText(next, body), 'latin1')};
  }
}

function sdkTakes(request: WebhookRequest): boolean {
  const fields: FormField[] = [...new URLSearchParams(`&${request.body.toString('utf8')}`)];
  return request.authTokens.some((token) =>
    sdkAccepts(token, request.signatureHeader, request.publicUrl + request.pathAndQuery, fields),
  );
}

test('[H5] 25000 mutations of signed requests cause no exception and pass only if the SDK accepts them', () => {
  const next = random(20_261_122);
  const counts = {authentic: 0, forbidden: 0, malformed: 0};
  for (let round = 0; round < 25_000; round += 1) {
    let request = mutate(next, pick(next, recordings));
    while (next(3) === 0) request = mutate(next, request);
    const result = authenticateWebhook(request);
    counts[result.kind] += 1;
    if (result.kind !== 'forbidden') assert.ok(sdkTakes(request), `round ${round}: the SDK refuses it`);
    if (result.kind === 'authentic') toStatusEvent({...result, receivedAt: 0, route: 'status'});
  }
  // Some mutations change nothing that is signed. Without any of those, this test would prove little.
  assert.ok(
    counts.authentic > 300 && counts.malformed > 100 && counts.forbidden > 10_000,
    JSON.stringify(counts),
  );
});

const names = [
  'CallSid',
  'CallStatus',
  'AccountSid',
  'SequenceNumber',
  'Timestamp',
  'From',
  'To',
  'Zz',
  'ref',
];

/**
 * Fields in signed order with one boundary moved, removed or added, so that the signed text mostly stays the
 * same.
 */
function moveBoundary(next: Random, fields: readonly FormField[]): readonly FormField[] {
  const at = next(fields.length);
  const [name, value] = fields[at] ?? ['', ''];
  const [nextName, nextValue] = fields[at + 1] ?? ['', ''];
  const cut = next(value.length + 1);
  switch (next(6)) {
    case 0: // a field into the value before it
      return fields.toSpliced(at, 2, [name, value + nextName + nextValue]);
    case 1: // a field into the name after it
      return fields.toSpliced(at, 2, [name + value + nextName, nextValue]);
    case 2: // the end of a value into the name after it
      return fields.toSpliced(at, 2, [name, value.slice(0, cut)], [value.slice(cut) + nextName, nextValue]);
    case 3: // the start of a name into the value before it
      return fields.toSpliced(at, 2, [name, value + nextName.slice(0, 2)], [nextName.slice(2), nextValue]);
    case 4: // between name and value
      return fields.toSpliced(at, 1, [name + value.slice(0, cut), value.slice(cut)]);
    default: // a field out of a value
      return fields.toSpliced(at, 1, [name, value.slice(0, cut)], [pick(next, names), value.slice(cut)]);
  }
}

function eventOf(request: WebhookRequest): StatusEvent | undefined {
  const result = authenticateWebhook(request);
  return result.kind === 'authentic' ? toStatusEvent({...result, receivedAt: 0, route: 'status'}) : undefined;
}

test('[H5] [J2] 25000 moved boundaries: a request that still passes has the same call, the same state and the same entry', () => {
  const next = random(7);
  const rich: readonly FormField[] = [
    ...completedFields.filter(([name]) => name !== 'FromZip'),
    ['FromZip', 'SW1A'],
    ['CallerName', 'XDirectioninboundSequenceNumber9CallStatusfailed'],
    ['ForwardedFrom', '+12025550123'],
    ['StirVerstat', 'TN-Validation-Passed-A'],
    ['lead[id]', '7'],
  ];
  const other = `CA${'1'.repeat(32)}`;
  const planted: readonly FormField[] = [
    ...rich,
    ['AddOns', `AnsweredBymachine_startCallSid${other}CallStatusfailed`],
  ];
  const requests = [ringingFields, completedFields, voiceFields, rich, planted].map((fields) => {
    const request = signedRequest(fields);
    return {fields: fields.toSorted(([a], [b]) => (a < b ? -1 : 1)), request, genuine: eventOf(request)};
  });
  assert.deepEqual(
    requests.map(({genuine}) => genuine === undefined),
    [false, false, false, false, true],
    'a text that names two calls is ambiguous',
  );
  let sdkOnly = 0;
  let both = 0;
  for (let round = 0; round < 25_000; round += 1) {
    const {fields, request, genuine} = pick(next, requests);
    let moved = moveBoundary(next, fields);
    while (next(2) === 0) moved = moveBoundary(next, moved);
    const forged = {...request, body: encodeForm(moved)};
    const result = authenticateWebhook(forged);
    if (result.kind === 'forbidden') continue;
    assert.ok(sdkTakes(forged));
    if (result.kind === 'malformed') {
      sdkOnly += 1;
      continue;
    }
    both += 1;
    const event = eventOf(forged);
    assert.ok(event !== undefined && genuine !== undefined, `round ${round}: ${JSON.stringify(moved)}`);
    assert.equal(event.dedupeKey, genuine.dedupeKey, `round ${round}: one signed request, two entries`);
    for (const key of ['callSid', 'providerStatus', 'reference'] as const)
      assert.equal(event[key], genuine[key], `round ${round}: ${key}`);
    // Each field is dropped or unchanged. Only the parties may be longer, because they decide nothing.
    for (const key of ['parentCallSid', 'sequence', 'duration', 'direction', 'answeredBy'] as const)
      if (key in event) assert.equal(event[key], genuine[key], `round ${round}: ${key}`);
  }
  assert.ok(sdkOnly > 2500 && both > 100, `only the SDK accepted ${sdkOnly}, both accepted ${both}`);
});

test('[H5] the tokens of one request do not affect the oracle of another', () => {
  const request = signedRequest(ringingFields, {token: ALTERNATE_TOKEN});
  assert.equal(authenticateWebhook({...request, authTokens: [AUTH_TOKEN]}).kind, 'forbidden');
  assert.equal(authenticateWebhook({...request, authTokens: [ALTERNATE_TOKEN]}).kind, 'authentic');
});
