/** Any content that Twilio signs is accepted over HTTP and shown in every view (H5, H2, W1). */
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import type {FormField} from '../../../src/twilio/webhook/form.ts';
import {type HttpGateway, startHttpGateway} from '../../support/http/http-gateway.ts';
import {rawRequest} from '../../support/http/http-request.ts';
import {someCallSid} from '../../support/twilio/signed-webhook.ts';
import {sdkSignature} from '../../support/twilio/twilio-requests.ts';
import {until} from '../../support/until.ts';

let http: HttpGateway;
before(async () => {
  http = await startHttpGateway({env: {LOG_LEVEL: 'debug'}});
});
after(() => http[Symbol.asyncDispose]());

let calls = 100;

interface Sent {
  readonly fields?: readonly FormField[];
  readonly without?: readonly string[];
  readonly query?: string;
  readonly route?: 'status' | 'voice';
  readonly callSid?: string;
}

/** Signs a callback's fields, some of them replaced, and posts them. */
async function send({fields = [], without = [], query = '', route = 'status', callSid}: Sent) {
  calls += 1;
  const sid = callSid ?? someCallSid(calls);
  const {publicUrl, twilio} = http.gateway.environment;
  const own: readonly FormField[] = [
    ['AccountSid', twilio.accountSid],
    ['ApiVersion', '2010-04-01'],
    ['CallSid', sid],
    ['CallStatus', 'ringing'],
    ['CallbackSource', 'call-progress-events'],
    ['Direction', 'inbound'],
    ['From', '+15005550006'],
    ['SequenceNumber', '1'],
    ['Timestamp', 'Sun, 25 Mar 2018 09:53:19 +0000'],
    ['To', '+15550100001'],
  ];
  const given = new Set([...fields.map(([name]) => name), ...without]);
  const all = [...own.filter(([name]) => !given.has(name)), ...fields];
  const path = `/twilio/${route}${query}`;
  const body = new URLSearchParams(all.map(([name, value]) => [name, value])).toString();
  const answer = await rawRequest(http.gateway.url, {
    method: 'POST',
    path,
    body,
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': String(body.length),
      'x-twilio-signature': sdkSignature(twilio.authToken, publicUrl + path, all),
    },
  });
  return {answer, sid};
}

async function detail(sid: string) {
  const {status, body} = await http.gateway.api(`/api/calls/${sid}`);
  assert.equal(status, 200);
  return body;
}

const parties = [
  ...[
    '+1 (415) 555-0100',
    '+14155550100,,1234',
    '+14155550123;ext=55',
    '+1415555O123',
    '+123456789012345678901',
  ],
  ...[
    'anonymous',
    'client:alice?customer=42',
    "client:o'hara",
    'client:Grün 📞',
    'sip:a@b.example;transport=tls',
    '',
  ],
  `sip:alice@example.com?${'X-Long=v%20w&'.repeat(80).slice(0, 1024)}`,
  `sip:${'a'.repeat(290)}@example.com`,
];

test('[H5] From and To with any text are accepted, and shown unchanged', async () => {
  for (const party of parties) {
    for (const route of ['status', 'voice'] as const) {
      const fields: readonly FormField[] = [
        ['From', party],
        ['To', party],
      ];
      const {answer, sid} = await send({fields, route});
      assert.equal(answer.status, route === 'voice' ? 200 : 204, party);
      const {from, to, events} = await detail(sid);
      assert.deepEqual([from, to, events[0].parameters.To], [party, party, party]);
    }
  }
});

test('[H5] fields with any name, repeated or not, are accepted and stored', async () => {
  const names = [
    'crm.lead.id',
    'lead[id]',
    'Lead Id',
    'Größe',
    'SipHeader_X-Lead.Id',
    '__proto__',
    'constructor',
    '',
  ];
  const odd = names.map((name): FormField => [name, `x of ${name}`]);
  const repeated: readonly FormField[] = [
    ['SipHeader_X-A', '1'],
    ['SipHeader_X-A', '2'],
    ['nul\0', '\0'],
    ['Long', 'x'.repeat(50_000)],
  ];
  const {answer, sid} = await send({fields: [...odd, ...repeated]});
  assert.equal(answer.status, 204);
  const {parameters} = (await detail(sid)).events[0];
  for (const [name, value] of odd) {
    assert.equal(Object.getOwnPropertyDescriptor(parameters, name)?.value, value, name);
  }
  assert.deepEqual(parameters['SipHeader_X-A'], ['1', '2']);
  assert.equal(parameters['nul\0'], '\0');
  const {webhooks} = (await http.gateway.api(`/api/webhooks?q=${sid}`)).body;
  const {fields} = (await http.gateway.api(`/api/webhooks/${webhooks[0].id}`)).body;
  assert.deepEqual(
    fields
      .filter(({name}: {name: string}) => name === 'SipHeader_X-A')
      .map(({value}: {value: string}) => value),
    ['1', '2'],
  );
});

test('[H5] any query in the configured URL is accepted, and contains no reference', async () => {
  const queries = [
    '?code=YWJjZA==',
    '?debug',
    '?',
    '?a=1&',
    '?tag=a&tag=b',
    '?user.id=7',
    '?ref=42',
    '?CallSid=x',
  ];
  for (const query of queries)
    for (const route of ['status', 'voice'] as const)
      assert.ok((await send({query, route})).answer.status < 300, `${route}${query}`);
});

test('[H5] a control field in another format is dropped, and the event is accepted without it', async () => {
  const odd: readonly (readonly [FormField, view: string, expected: unknown])[] = [
    [['SequenceNumber', '1.5'], 'sequence', undefined],
    [['SequenceNumber', ''], 'sequence', undefined],
    [['CallDuration', '12.5'], 'duration', undefined],
    [['CallStatus', 'answered'], 'providerStatus', undefined],
    [['CallStatus', ''], 'status', undefined],
    [['Timestamp', 'Sun, 25 Mar 2018 09:53:19 GMT'], 'timestamp', '2018-03-25T09:53:19.000Z'],
    [['Timestamp', 'Sun, 25 Mar 2018 09:53:19 +0000'], 'timestamp', '2018-03-25T09:53:19.000Z'],
  ];
  for (const [field, view, expected] of odd) {
    const {answer, sid} = await send({fields: [field]});
    assert.equal(answer.status, 204, field.join('='));
    assert.deepEqual((await detail(sid)).events[0][view], expected, field.join('='));
  }
  for (const name of ['Timestamp', 'SequenceNumber', 'Direction', 'CallStatus', 'From', 'ApiVersion'])
    assert.equal((await send({without: [name]})).answer.status, 204, `no ${name}`);
  for (const route of ['status', 'voice'] as const) {
    const unknown = await send({fields: [['CallStatus', 'answered']], route});
    assert.ok(unknown.answer.status < 300);
    assert.equal((await detail(unknown.sid)).providerStatus, 'queued');
  }
  for (const name of ['AccountSid', 'CallSid'])
    assert.equal((await send({without: [name]})).answer.status, 400, `no ${name}`);
});

test('[H5] a body of 64 KB is accepted', async () => {
  assert.equal((await send({fields: [['Long', 'x'.repeat(64_000)]]})).answer.status, 204);
  assert.equal((await send({fields: [['Long', 'x'.repeat(65_536)]]})).answer.status, 413);
});

test('[H5] no phone number of a webhook is in the log, in any notation', async () => {
  const numbers = ['+1 (415) 555-0199', '+14155550199;ext=55', 'sip:4155550199@x.example?X-A=4155550199'];
  for (const number of numbers) await send({fields: [['From', number]]});
  assert.doesNotMatch(http.gateway.logs.join('\n').replaceAll(/[^\d\n]/g, ''), /4155550199/);
});

test('[W1] [W3] [H2] [D1] a late fact is pushed, and shown in every view, before and after a restart', async () => {
  const watcher = await http.gateway.session();
  const {epoch, offset: before} = await watcher.ready();
  const sid = someCallSid(99);
  const bare = {
    callSid: sid,
    without: ['From', 'Direction', 'SequenceNumber', 'Timestamp', 'CallbackSource'],
  };
  const status: FormField = ['CallStatus', 'in-progress'];
  await send({...bare, fields: [status, ['To', '']]});
  const facts: readonly (readonly [FormField, key: string, value: string])[] = [
    [['AnsweredBy', 'machine_start'], 'answeredBy', 'machine_start'],
    [['From', '+14155550100'], 'from', '+14155550100'],
    [['To', 'client:alice'], 'to', 'client:alice'],
    [['Direction', 'inbound'], 'direction', 'inbound'],
    [['ParentCallSid', someCallSid(98)], 'parentCallSid', someCallSid(98)],
  ];
  const known: Record<string, string> = {};
  for (const [field, key, value] of facts) {
    known[key] = value;
    await send({
      ...bare,
      route: 'voice',
      fields: [status, field],
      without: [...bare.without, 'To'].filter((name) => name !== field[0]),
    });
    const pushed = () =>
      watcher
        .of('call.status')
        .filter(({callSid}) => callSid === sid)
        .at(-1);
    await until(() => pushed()?.[key as 'from'] === value);
    const message = pushed();
    const {calls: snapshot} = await snapshotOf();
    const shown = snapshot.find(({callSid}: {callSid: string}) => callSid === sid);
    const {events, legs: _, ...record} = await detail(sid);
    assert.equal(events.at(-1).verdict, 'applied');
    for (const view of [message, shown, record]) {
      assert.deepEqual({...view, ...known}, view, `${key} in every view`);
      assert.equal(view?.status, 'in-progress');
      assert.equal(view?.offset, message?.offset);
    }
    assert.deepEqual(shown, {...shown, updatedAt: record.updatedAt});
  }
  const offsets = watcher.of('call.status').map(({offset}) => offset);
  assert.deepEqual(
    offsets,
    offsets.toSorted((a, b) => a - b),
  );
  assert.equal(new Set(offsets).size, offsets.length);
  const resumed = await http.gateway.session({resume: {epoch, offset: before}});
  await until(() => resumed.of('call.status').length >= offsets.length);
  assert.deepEqual(resumed.of('call.status'), watcher.of('call.status'));
  const {calls: live} = await snapshotOf();
  await http.gateway.restart();
  assert.deepEqual((await snapshotOf()).calls, live);
  const {events: _, legs: __, ...record} = await detail(sid);
  assert.deepEqual({...record, ...known}, record);
});

async function snapshotOf() {
  const session = await http.gateway.session();
  const snapshot = await session.receive('call.snapshot');
  await session.close();
  return snapshot;
}
