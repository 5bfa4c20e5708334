import assert from 'node:assert/strict';
import {test} from 'node:test';
import twilio from 'twilio';
import {Collection} from '../src/rest/collection.ts';
import {numbers, type Setup, setup, until} from './support.ts';

const from = '+15005550006';

function clientOf({simulator}: Setup, user: string, password: string) {
  const client = twilio(user, password, {accountSid: simulator.accountSid});
  client.api.baseUrl = simulator.url;
  return client;
}

test('numbers are bought with their settings, called, and released', async (t) => {
  const s = await setup(t);
  const voiceUrl = s.receiver.twiml('/second', '<Hangup/>');
  const statusCallback = `${s.receiver.url}/end`;
  const bought = await s.client.incomingPhoneNumbers.create({
    phoneNumber: '+1 (415) 555-0100',
    friendlyName: 'Sales',
    voiceUrl,
    statusCallback,
  });
  assert.match(bought.sid, /^PN[0-9a-f]{32}$/);
  assert.deepEqual(
    [bought.phoneNumber, bought.friendlyName, bought.voiceUrl],
    ['+14155550100', 'Sales', voiceUrl],
  );
  assert.equal((await s.client.incomingPhoneNumbers.list()).length, 2);
  const sid = await s.simulator.placeInboundCall({from: '+14155550123', to: '+14155550100'});
  await s.simulator.settled();
  assert.equal(s.receiver.to('/second')[0]?.params['To'], '+14155550100');
  assert.equal(s.receiver.to('/end')[0]?.params['CallSid'], sid);
  assert.equal((await s.client.calls(sid).fetch()).phoneNumberSid, bought.sid);
  const call = await s.client.calls.create({to: numbers.busy, from: '+14155550100', twiml: '<Response/>'});
  assert.equal(call.phoneNumberSid, bought.sid);
  assert.equal(await s.client.incomingPhoneNumbers(bought.sid).remove(), true);
  await assert.rejects(s.simulator.placeInboundCall({from: '+14155550123', to: '+14155550100'}), RangeError);
  await assert.rejects(
    s.client.calls.create({to: numbers.busy, from: '+14155550100', twiml: '<Response/>'}),
    {
      code: 21210,
    },
  );
});

test('a number that is taken or invalid is refused, and an area code yields a free number', async (t) => {
  const {client} = await setup(t);
  for (const [params, code] of [
    [{phoneNumber: from}, 21422],
    [{phoneNumber: 'hello'}, 21421],
    [{phoneNumber: '+1415'}, 21421],
    [{}, 21421],
    [{areaCode: '15'}, 21421],
    [{phoneNumber: '+14155550100', voiceUrl: 'nonsense'}, 21402],
  ] as const) {
    await assert.rejects(
      client.incomingPhoneNumbers.create(params),
      {status: 400, code},
      JSON.stringify(params),
    );
  }
  const first = await client.incomingPhoneNumbers.create({areaCode: '415'});
  const second = await client.incomingPhoneNumbers.create({areaCode: '415'});
  assert.match(first.phoneNumber, /^\+141555501\d\d$/);
  assert.notEqual(first.phoneNumber, second.phoneNumber);
  assert.equal((await client.incomingPhoneNumbers.list({phoneNumber: '+1415*'})).length, 2);
});

test('applications are created, changed, listed and deleted', async (t) => {
  const {client, simulator} = await setup(t);
  const created = await client.applications.create({
    friendlyName: 'Phone',
    voiceUrl: 'https://a.example/voice',
  });
  assert.match(created.sid, /^AP[0-9a-f]{32}$/);
  assert.deepEqual(
    [created.friendlyName, created.voiceUrl, created.voiceMethod, created.uri],
    [
      'Phone',
      'https://a.example/voice',
      'POST',
      `/2010-04-01/Accounts/${simulator.accountSid}/Applications/${created.sid}.json`,
    ],
  );
  const context = client.applications(created.sid);
  const updated = await context.update({voiceMethod: 'GET', statusCallback: 'https://a.example/end'});
  assert.deepEqual(
    [updated.voiceMethod, updated.statusCallback, updated.voiceUrl],
    ['GET', 'https://a.example/end', 'https://a.example/voice'],
  );
  await assert.rejects(context.update({voiceUrl: 'nonsense'}), {status: 400, code: 21402});
  await client.applications.create({friendlyName: 'Other'});
  const names = async (filter: object) =>
    (await client.applications.list(filter)).map(({friendlyName}) => friendlyName);
  assert.deepEqual(await names({}), ['Phone', 'Other']);
  assert.deepEqual(await names({friendlyName: 'Other'}), ['Other']);
  assert.ok((await context.fetch()).dateCreated instanceof Date);
  assert.equal(await context.remove(), true);
  await assert.rejects(context.fetch(), {status: 404, code: 20404});
});

test('an application takes precedence over the settings of a number and the parameters of a call', async (t) => {
  const s = await setup(t);
  const {sid: applicationSid} = await s.client.applications.create({
    voiceUrl: s.receiver.twiml('/app', '<Hangup/>'),
    statusCallback: `${s.receiver.url}/end`,
  });
  const [number] = await s.client.incomingPhoneNumbers.list();
  const context = s.client.incomingPhoneNumbers(number?.sid ?? '');
  const unused = s.receiver.twiml('/number', '<Hangup/>');
  await context.update({voiceUrl: unused, voiceApplicationSid: applicationSid});
  const inbound = await s.simulator.placeInboundCall({from: '+14155550123'});
  await s.simulator.settled();
  const outbound = await s.client.calls.create({
    to: numbers.answered,
    from,
    applicationSid,
    url: unused,
    statusCallback: `${s.receiver.url}/unused`,
    statusCallbackEvent: ['initiated', 'ringing'],
  });
  await s.simulator.settled();
  for (const path of ['/app', '/end']) {
    assert.deepEqual(
      s.receiver.to(path).map(({params}) => [params['CallSid'], params['ApplicationSid']]),
      [
        [inbound, applicationSid],
        [outbound.sid, applicationSid],
      ],
      path,
    );
  }
  assert.deepEqual([s.receiver.to('/number').length, s.receiver.to('/unused').length], [0, 0]);
  // The application was deleted, and calls to the number can no longer be handled.
  await s.client.applications(applicationSid).remove();
  const lost = await s.simulator.placeInboundCall({from: '+14155550123'});
  assert.equal(s.simulator.call(lost)?.status, 'failed');
  await assert.rejects(s.client.calls.create({to: numbers.answered, from, applicationSid}), {code: 21218});
});

test('a softphone calls an application with custom parameters', async (t) => {
  const s = await setup(t);
  const voiceUrl = s.receiver.twiml('/app', '<Redirect>/next</Redirect>');
  s.receiver.twiml('/next', '<Hangup/>');
  const {sid: applicationSid} = await s.client.applications.create({voiceUrl});
  const parameters = {To: '+1 (415) 555-0100', 'crm.lead id': '7'};
  await s.simulator.placeInboundCall({from: 'client:alice', applicationSid, parameters});
  await s.simulator.settled();
  const [first] = s.receiver.to('/app');
  assert.deepEqual(
    [first?.params['From'], first?.params['To'], first?.params['crm.lead id'], first?.params['Direction']],
    ['client:alice', '+1 (415) 555-0100', '7', 'inbound'],
  );
  assert.equal(s.receiver.to('/next')[0]?.params['crm.lead id'], undefined);
});

test('an API key can be created and used, cannot read accounts and keys, and stops working when deleted', async (t) => {
  const s = await setup(t);
  const key = await s.client.newKeys.create({friendlyName: 'CI'});
  assert.match(key.sid, /^SK[0-9a-f]{32}$/);
  const own = clientOf(s, key.sid, key.secret);
  const call = await own.calls.create({to: numbers.busy, from, twiml: '<Response/>'});
  assert.equal((await own.calls(call.sid).fetch()).sid, call.sid);
  assert.equal((await own.incomingPhoneNumbers.list()).length, 1);
  for (const [what, refused] of [
    ['account', own.api.accounts(s.simulator.accountSid).fetch()],
    ['accounts', own.api.accounts.list()],
    ['keys', own.keys.list()],
    ['key', own.keys(key.sid).fetch()],
    ['new key', own.newKeys.create({})],
  ] as const) {
    await assert.rejects(refused, {status: 401, code: 20003}, what);
  }
  const renamed = await s.client.keys(key.sid).update({friendlyName: 'CI 2'});
  assert.equal(renamed.friendlyName, 'CI 2');
  assert.equal('secret' in (await s.client.keys(key.sid).fetch()).toJSON(), false);
  assert.deepEqual(
    (await s.client.keys.list()).map(({friendlyName}) => friendlyName),
    ['Simulator', 'CI 2'],
  );
  assert.equal(await s.client.keys(key.sid).remove(), true);
  await assert.rejects(own.calls.list(), {status: 401, code: 20003});
  await assert.rejects(clientOf(s, key.sid, 'wrong').calls.list(), {status: 401});
});

test('GET /Accounts.json lists the one account', async (t) => {
  const {client, simulator} = await setup(t);
  const [account, ...others] = await client.api.accounts.list();
  assert.deepEqual([account?.sid, account?.status, others], [simulator.accountSid, 'active', []]);
  assert.deepEqual(await client.api.accounts.list({status: 'closed'}), []);
  assert.equal((await client.api.accounts.list({friendlyName: account?.friendlyName ?? ''})).length, 1);
});

test('the number of resources created over REST is limited, and the error says so', () => {
  const collection = new Collection<{readonly sid: string}>();
  for (let index = 0; index < 1000; index += 1) collection.add({sid: `AP${index}`});
  assert.throws(() => collection.add({sid: 'AP'}), {status: 400, message: /at most 1000/});
  collection.delete('AP7');
  assert.equal(collection.add({sid: 'AP'}).sid, 'AP');
});

test('historyLimit bounds calls, recordings, deliveries, notifications and TwiML steps', async (t) => {
  const s = await setup(t, {historyLimit: 5});
  for (let index = 0; index < 12; index += 1) {
    const url = s.receiver.twiml('/voice', '<Nonsense/><Record timeout="1"/>');
    await s.client.calls.create({to: numbers.answered, from, url, record: true});
  }
  s.receiver.twiml('/voice', '<Hangup/>');
  await s.simulator.settled();
  await until(() => s.simulator.calls().length <= 5);
  assert.ok(s.simulator.recordings().length <= 5);
  assert.ok(s.simulator.deliveries().length <= 10);
  assert.ok(s.simulator.notifications().length <= 10);
});
