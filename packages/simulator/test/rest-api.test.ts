import assert from 'node:assert/strict';
import {test} from 'node:test';
import twilio from 'twilio';
import {defaultApiKeySecret, defaultApiKeySid} from '../src/index.ts';
import {numbers, type Setup, setup, until} from './support.ts';

const from = '+15005550006';
const idle = '<Response><Pause length="600"/></Response>';

/** Fields of the Call object (Twilio docs: "Call resource"); live payloads also carry `annotation`. */
const CALL_FIELDS =
  'sid account_sid parent_call_sid to to_formatted from from_formatted phone_number_sid status start_time end_time duration price price_unit direction answered_by api_version forwarded_from group_sid caller_name queue_time trunk_sid date_created date_updated uri subresource_uris annotation'.split(
    ' ',
  );
const FRESH_NULLS =
  'date_created date_updated start_time end_time duration price answered_by caller_name parent_call_sid trunk_sid group_sid forwarded_from annotation'.split(
    ' ',
  );

async function ask({simulator}: Pick<Setup, 'simulator'>, method: string, path: string, form = '') {
  const credentials = Buffer.from(`${simulator.accountSid}:${simulator.authToken}`).toString('base64');
  const response = await fetch(`${simulator.url}/2010-04-01/Accounts/${simulator.accountSid}${path}`, {
    method,
    headers: {
      Authorization: `Basic ${credentials}`,
      ...(form === '' ? {} : {'Content-Type': 'application/x-www-form-urlencoded'}),
    },
    ...(form === '' ? {} : {body: form}),
  });
  const text = await response.text();
  const body = (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>;
  return {status: response.status, headers: response.headers, body};
}

const createForm = (to: string, extra: Record<string, string> = {}) =>
  new URLSearchParams({To: to, From: from, Twiml: idle, ...extra}).toString();

test('a new call (201) has every field, and null where Twilio has null', async (t) => {
  const s = await setup(t);
  const {status, body, headers} = await ask(s, 'POST', '/Calls.json', createForm(numbers.answered));
  assert.equal(status, 201);
  assert.deepEqual(Object.keys(body).sort(), CALL_FIELDS.toSorted());
  assert.deepEqual(
    Object.keys(body)
      .filter((key) => body[key] === null)
      .sort(),
    FRESH_NULLS.toSorted(),
  );
  assert.equal(body['status'], 'queued');
  assert.equal(body['direction'], 'outbound-api');
  assert.equal(body['queue_time'], '0');
  assert.equal(body['price_unit'], 'USD');
  assert.equal(body['to_formatted'], '(555) 010-0000');
  assert.match(String(body['phone_number_sid']), /^PN[0-9a-f]{32}$/);
  assert.match(headers.get('twilio-request-id') ?? '', /^RQ[0-9a-f]{32}$/);
  for (const [name, pattern] of [
    ['twilio-request-duration', /^\d+\.\d{3}$/],
    ['twilio-concurrent-requests', /^1$/],
    ['x-home-region', /^us1$/],
    ['x-api-domain', /^api\.twilio\.com$/],
    ['x-powered-by', /^AT-5000$/],
    ['x-shenanigans', /^none$/],
    ['access-control-expose-headers', /^ETag$/],
  ] as const) {
    assert.match(headers.get(name) ?? '', pattern, name);
  }
});

test('account, number and recording have their documented fields', async (t) => {
  const s = await setup(t);
  const has = (body: Record<string, unknown>, fields: string) => {
    for (const field of fields.split(' ')) assert.ok(field in body, `${field} is missing`);
  };
  has(
    (await ask(s, 'GET', '.json')).body,
    'sid friendly_name status type auth_token owner_account_sid date_created date_updated subresource_uris uri',
  );
  const {body: list} = await ask(s, 'GET', '/IncomingPhoneNumbers.json');
  const [number] = list['incoming_phone_numbers'] as Record<string, unknown>[];
  has(
    number ?? {},
    'sid phone_number friendly_name capabilities voice_url voice_method voice_fallback_url voice_fallback_method status_callback status_callback_method voice_application_sid trunk_sid voice_caller_id_lookup voice_receive_mode beta origin status type address_requirements uri',
  );
  const {body: call} = await ask(s, 'POST', '/Calls.json', createForm(numbers.answered));
  await until(() => s.simulator.call(String(call['sid']))?.status === 'in-progress');
  const started = await ask(s, 'POST', `/Calls/${String(call['sid'])}/Recordings.json`);
  assert.equal(started.status, 201);
  has(
    started.body,
    'sid account_sid call_sid conference_sid status channels duration start_time source track price price_unit error_code encryption_details uri date_created date_updated',
  );
});

test('a trial account lists its verified numbers and cannot call others', async (t) => {
  const verified = ['+15550100001', '+14155550199'];
  const {client, simulator} = await setup(t, {accountType: 'Trial', verifiedNumbers: verified});
  assert.equal((await client.api.accounts(simulator.accountSid).fetch()).type, 'Trial');
  const listed = await client.outgoingCallerIds.list();
  assert.deepEqual(
    listed.map(({phoneNumber}) => phoneNumber),
    verified,
  );
  assert.match(listed[0]?.sid ?? '', /^PN[0-9a-f]{32}$/);
  assert.ok(listed[0]?.dateCreated instanceof Date);
  assert.equal((await client.outgoingCallerIds.list({phoneNumber: '+14155550199'})).length, 1);
  await client.calls.create({to: '+15550100001', from: '+14155550199', twiml: idle});
  await assert.rejects(client.calls.create({to: '+15550100002', from, twiml: idle}), {
    status: 400,
    code: 21219,
  });
});

test('a fetched call has dates in RFC 2822, duration and price as strings', async (t) => {
  const s = await setup(t, {speed: 20});
  const {body: created} = await ask(s, 'POST', '/Calls.json', createForm('+15550100505'));
  const path = `/Calls/${String(created['sid'])}.json`;
  await until(() => s.simulator.call(String(created['sid']))?.status === 'ringing');
  const ringing = await ask(s, 'GET', path);
  assert.equal(ringing.body['caller_name'], '');
  assert.equal(ringing.body['trunk_sid'], '');
  assert.equal(ringing.body['start_time'], ringing.body['date_created']);
  assert.equal(ringing.body['end_time'], null);
  await s.simulator.settled();
  const {status, body} = await ask(s, 'GET', path);
  assert.equal(status, 200);
  assert.deepEqual(Object.keys(body).sort(), CALL_FIELDS.toSorted());
  assert.equal(body['status'], 'completed');
  assert.match(String(body['duration']), /^\d+$/);
  assert.ok(Number(body['duration']) >= 5);
  for (const field of ['date_created', 'date_updated', 'start_time', 'end_time']) {
    assert.match(
      String(body[field]),
      /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d \+0000$/,
      field,
    );
  }
  assert.deepEqual(Object.keys(body['subresource_uris'] as object).sort(), [
    'events',
    'notifications',
    'payments',
    'recordings',
    'siprec',
    'streams',
    'transcriptions',
    'user_defined_message_subscriptions',
    'user_defined_messages',
  ]);
});

test('wrong paths are 404/20404 in JSON, wrong methods 405, wrong credentials 401/20003', async (t) => {
  const s = await setup(t);
  const sid = `CA${'0'.repeat(32)}`;
  for (const path of ['/calls.json', '/Calls', `/Calls/${sid}.json`, '/Nothing.json', '']) {
    const {status, body} = await ask(s, 'GET', path);
    assert.equal(status, 404, path);
    assert.deepEqual(body, {
      code: 20404,
      message: `The requested resource /2010-04-01/Accounts/${s.simulator.accountSid}${path} was not found`,
      more_info: 'https://www.twilio.com/docs/errors/20404',
      status: 404,
    });
  }
  assert.equal((await ask(s, 'DELETE', '/Calls.json')).body['code'], 20004);
  const wrong = twilio(s.simulator.accountSid, 'wrong');
  wrong.api.baseUrl = s.simulator.url;
  await assert.rejects(wrong.calls.list(), {status: 401, code: 20003});
  const other = twilio(`AC${'f'.repeat(32)}`, s.simulator.authToken);
  other.api.baseUrl = s.simulator.url;
  await assert.rejects(other.calls.list(), {status: 401});
});

test('an API key works for calls, but does not read the account', async (t) => {
  const {simulator, client} = await setup(t);
  const key = twilio(defaultApiKeySid, defaultApiKeySecret, {accountSid: simulator.accountSid});
  key.api.baseUrl = simulator.url;
  assert.deepEqual(await key.calls.list(), []);
  await assert.rejects(key.api.accounts(simulator.accountSid).fetch(), {status: 401, code: 20003});
  const account = await client.api.accounts(simulator.accountSid).fetch();
  assert.equal(account.status, 'active');
  assert.equal(account.type, 'Full');
  assert.ok(account.dateCreated instanceof Date);
});

test('magic numbers and invalid parameters return their codes', async (t) => {
  const {client} = await setup(t);
  const good = {to: numbers.answered, from, twiml: idle};
  const cases = [
    [{...good, to: '+15005550001'}, 21217],
    [{...good, to: '+15005550002'}, 21214],
    [{...good, to: '+15005550003'}, 21215],
    [{...good, to: '+15005550004'}, 21216],
    [{...good, from: '+15005550001'}, 21212],
    [{...good, from: '+15005550007'}, 21210],
    [{...good, from: 'nobody'}, 21210],
    [{...good, from: '+1'}, 21212],
    [{...good, from: 'client:alice'}, 21210],
    [{...good, to: '12'}, 21211],
    [{...good, to: from}, 21211],
    [{...good, to: ''}, 21201],
    [{...good, from: ''}, 21213],
    [{to: numbers.answered, from}, 21205],
    [{to: numbers.answered, from, url: '/relative'}, 21205],
    [{to: numbers.answered, from, applicationSid: `AP${'0'.repeat(32)}`}, 21218],
    [{...good, sendDigits: 'x'}, 21206],
    [{...good, timeout: 601}, 21208],
    [{...good, statusCallbackMethod: 'PUT'}, 21209],
    [{...good, statusCallback: 'http://under_score.example/'}, 21502],
  ] as const;
  for (const [params, code] of cases) {
    await assert.rejects(
      client.calls.create(params),
      {status: 400, code},
      `${JSON.stringify(params)} -> ${code}`,
    );
  }
  assert.deepEqual(await client.calls.list(), []);
});

test('letters are keypad digits, clients call clients, and E.164 is not required', async (t) => {
  const {client} = await setup(t);
  const dial = async (to: string, caller = from) =>
    (await client.calls.create({to, from: caller, twiml: idle})).to;
  assert.equal(await dial('1-555-010-CALL'), '+15550102255');
  assert.equal(await dial('(555) 010-0000'), '+15550100000');
  assert.equal(await dial('client:bob', 'client:alice'), 'client:bob');
  assert.equal(await dial('sip:bob@example.com'), 'sip:bob@example.com');
});

test('lists are paged by token, newest first, even if calls are created between pages', async (t) => {
  const {client} = await setup(t);
  const create = () => client.calls.create({to: numbers.slow, from, twiml: idle});
  const sids: string[] = [];
  for (let index = 0; index < 7; index += 1) sids.unshift((await create()).sid);
  const first = await client.calls.page({pageSize: 3});
  await create();
  const second = await first.nextPage();
  const third = await second?.nextPage();
  const pages = [first, second, third].map((page) => page?.instances.map(({sid}) => sid));
  assert.deepEqual(pages, [sids.slice(0, 3), sids.slice(3, 6), sids.slice(6)]);
  assert.equal(third?.nextPageUrl, undefined);
  assert.deepEqual(
    (await third?.previousPage())?.instances.map(({sid}) => sid),
    sids.slice(3, 6),
  );
  assert.equal((await client.calls.list({limit: 5, pageSize: 2})).length, 5);
});

test('the JSON of a page has relative uris that echo the filters', async (t) => {
  const s = await setup(t);
  for (let index = 0; index < 2; index += 1) await ask(s, 'POST', '/Calls.json', createForm(numbers.slow));
  const {body} = await ask(s, 'GET', `/Calls.json?PageSize=1&To=${encodeURIComponent(numbers.slow)}`);
  const path = `/2010-04-01/Accounts/${s.simulator.accountSid}/Calls.json`;
  assert.deepEqual(Object.keys(body).sort(), [
    'calls',
    'end',
    'first_page_uri',
    'next_page_uri',
    'page',
    'page_size',
    'previous_page_uri',
    'start',
    'uri',
  ]);
  assert.equal(body['first_page_uri'], `${path}?PageSize=1&To=%2B15550100730&Page=0`);
  assert.match(
    String(body['next_page_uri']),
    /Calls\.json\?PageSize=1&To=%2B15550100730&Page=1&PageToken=PACA[0-9a-f]{32}$/,
  );
  assert.equal(body['previous_page_uri'], null);
  assert.deepEqual([body['page'], body['page_size'], body['start'], body['end']], [0, 1, 0, 0]);
});

test('lists filter by status, ends, parent and time', async (t) => {
  const {client, simulator} = await setup(t);
  const busy = await client.calls.create({to: numbers.busy, from, twiml: idle});
  await simulator.settled();
  const slow = await client.calls.create({to: numbers.slow, from, twiml: idle});
  const sids = async (filter: Parameters<typeof client.calls.list>[0]) =>
    (await client.calls.list(filter)).map(({sid}) => sid);
  assert.deepEqual(await sids({status: 'busy'}), [busy.sid]);
  assert.deepEqual(await sids({to: numbers.slow}), [slow.sid]);
  assert.deepEqual(await sids({from, endTimeAfter: new Date(Date.now() - 60_000)}), [busy.sid]);
  assert.deepEqual(await sids({startTimeAfter: new Date(Date.now() + 60_000)}), []);
  assert.deepEqual(await sids({startTimeBefore: new Date(Date.now() + 60_000), status: 'busy'}), [busy.sid]);
  assert.deepEqual(await sids({parentCallSid: slow.sid}), []);
});

test('the next page works even if the last call of the previous page no longer matches the filter', async (t) => {
  const {client, simulator} = await setup(t);
  const sids: string[] = [];
  for (let index = 0; index < 3; index += 1) {
    sids.unshift((await client.calls.create({to: numbers.answered, from, twiml: idle})).sid);
  }
  await until(() => sids.every((sid) => simulator.call(sid)?.status === 'in-progress'));
  const first = await client.calls.page({status: 'in-progress', pageSize: 2});
  assert.deepEqual(
    first.instances.map(({sid}) => sid),
    sids.slice(0, 2),
  );
  await client.calls(sids[1] ?? '').update({status: 'completed'});
  const second = await first.nextPage();
  assert.deepEqual(
    second?.instances.map(({sid}) => sid),
    sids.slice(2),
  );
});

test('a call can be deleted once it has ended', async (t) => {
  const {client, simulator} = await setup(t);
  const call = await client.calls.create({to: numbers.slow, from, twiml: idle});
  await assert.rejects(client.calls(call.sid).remove(), {code: 20009});
  await client.calls(call.sid).update({status: 'canceled'});
  await simulator.settled();
  assert.equal(await client.calls(call.sid).remove(), true);
  await assert.rejects(client.calls(call.sid).fetch(), {status: 404, code: 20404});
});

test('numbers are listed, fetched and configured', async (t) => {
  const {client} = await setup(t, {voiceUrl: 'https://example.com/voice'});
  const [number] = await client.incomingPhoneNumbers.list({phoneNumber: '+1500555*'});
  assert.ok(number);
  assert.equal(number.phoneNumber, from);
  assert.equal(number.voiceUrl, 'https://example.com/voice');
  const context = client.incomingPhoneNumbers(number.sid);
  const updated = await context.update({voiceUrl: 'https://example.com/other', statusCallbackMethod: 'GET'});
  assert.equal(updated.voiceUrl, 'https://example.com/other');
  assert.equal((await context.fetch()).statusCallbackMethod, 'GET');
  await assert.rejects(context.update({voiceUrl: 'nonsense'}), {status: 400, code: 21402});
  assert.deepEqual(await client.incomingPhoneNumbers.list({phoneNumber: '+4930'}), []);
  assert.equal(await context.remove(), true);
  await assert.rejects(context.fetch(), {status: 404});
});

test('the SDK also works with a RequestClient that replaces the origin', async (t) => {
  const {simulator} = await setup(t);
  class Redirected extends twilio.RequestClient {
    override request<TData>(options: Parameters<typeof twilio.RequestClient.prototype.request<TData>>[0]) {
      const uri = options.uri.replace('https://api.twilio.com', simulator.url);
      return super.request<TData>({...options, uri});
    }
  }
  const client = twilio(simulator.accountSid, simulator.authToken, {httpClient: new Redirected()});
  const call = await client.calls.create({to: numbers.busy, from, twiml: idle});
  assert.equal((await client.calls(call.sid).fetch()).sid, call.sid);
  assert.equal((await client.calls.list()).length, 1);
});
