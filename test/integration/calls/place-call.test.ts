/** The request to Twilio that places a call (H1). */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {call as callSchema} from '@hookswitch/protocol/schemas';
import {startHttpGateway} from '../../support/http/http-gateway.ts';
import {until} from '../../support/until.ts';

const TWIML = '<Response><Pause length="60"/></Response>';

test('[H1] 201 returns Location and the call, and Twilio is asked once', async () => {
  await using http = await startHttpGateway();
  const {gateway, twilio} = http;
  const placed = await http.place({to: '+15550100001', twiml: TWIML, metadata: {order: 'A-17'}});
  assert.equal(placed.status, 201);
  assert.match(placed.headers.get('content-type') ?? '', /^application\/json/);
  const shown = callSchema.parse(placed.body);
  assert.deepEqual(shown, placed.body, 'nothing beyond the schema');
  assert.equal(placed.headers.get('location'), `/api/calls/${shown.callSid}`);
  assert.equal(placed.headers.get('idempotent-replayed'), null);
  const {status, providerStatus, direction, from, to, user, metadata} = shown;
  assert.deepEqual(
    {status, providerStatus, direction, from, to, user, metadata},
    {
      status: 'initiating',
      providerStatus: 'queued',
      direction: 'outbound-api',
      from: gateway.environment.twilio.phoneNumber,
      to: '+15550100001',
      user: 'operator',
      metadata: {order: 'A-17'},
    },
  );
  assert.equal(twilio.of('create').length, 1);
  const {body} = await gateway.api(placed.headers.get('location') ?? '');
  assert.equal(body.callSid, shown.callSid);
  assert.deepEqual(body.metadata, {order: 'A-17'});
});

test('[H1] [H5] Twilio gets four events as repeated keys, TimeLimit, and a callback URL with reference and overrides', async () => {
  await using http = await startHttpGateway({env: {CALL_TIME_LIMIT_S: '77'}});
  const {gateway, twilio} = http;
  await http.place({
    to: '+15550100001',
    twiml: TWIML,
    timeout: 25,
    record: true,
    machineDetection: 'DetectMessageEnd',
    metadata: {note: 'stays here'},
  });
  const [create] = twilio.of('create');
  assert.ok(create);
  const {form} = create;
  assert.deepEqual(form.getAll('StatusCallbackEvent'), ['initiated', 'ringing', 'answered', 'completed']);
  assert.equal(form.get('StatusCallbackMethod'), 'POST');
  assert.equal(form.get('TimeLimit'), '77');
  assert.equal(form.get('Timeout'), '25');
  assert.equal(form.get('Record'), 'true');
  assert.equal(form.get('MachineDetection'), 'DetectMessageEnd');
  assert.equal(form.get('Twiml'), TWIML);
  assert.equal(form.get('Url'), null);
  assert.equal(form.get('From'), gateway.environment.twilio.phoneNumber);
  const callback = new URL(form.get('StatusCallback') ?? '');
  assert.equal(`${callback.origin}${callback.pathname}`, `${gateway.environment.publicUrl}/twilio/status`);
  assert.match(callback.search, /^\?ref=[\w-]{22}$/);
  assert.equal(callback.hash, '#rc=5&rp=5xx,ct,rt');
  assert.doesNotMatch(form.toString(), /stays/, 'metadata is not sent to Twilio');
});

test('[H1] parameters that were not requested are not sent', async () => {
  await using http = await startHttpGateway();
  await http.place({to: '+15550100001', twiml: TWIML});
  const names = [...new Set(http.twilio.of('create')[0]?.form.keys())].sort();
  assert.deepEqual(names, [
    'From',
    'StatusCallback',
    'StatusCallbackEvent',
    'StatusCallbackMethod',
    'TimeLimit',
    'To',
    'Twiml',
  ]);
});

test('[H1] a url is sent to Twilio unchanged, and without instructions Twilio asks the gateway', async () => {
  await using http = await startHttpGateway();
  const {gateway, twilio} = http;
  await http.place({to: '+15550100201', url: 'https://example.com/twiml?x=1&y=%20#rc=2'});
  await http.place({to: '+15550100201'});
  const [own, ours] = twilio.of('create');
  assert.equal(own?.form.get('Url'), 'https://example.com/twiml?x=1&y=%20#rc=2');
  const url = new URL(ours?.form.get('Url') ?? '');
  assert.equal(`${url.origin}${url.pathname}`, `${gateway.environment.publicUrl}/twilio/voice`);
  assert.equal(url.search, new URL(ours?.form.get('StatusCallback') ?? '').search, 'one reference for both');
  assert.equal(url.hash, '#rc=5&rp=5xx,ct,rt');
  assert.notEqual(
    url.search,
    new URL(own?.form.get('StatusCallback') ?? '').search,
    'one call, one reference',
  );
});

test('[H1] a call can use another number of the account', async () => {
  await using http = await startHttpGateway({simulator: {phoneNumber: '+14155550123'}});
  const placed = await http.place({to: '+15550100001', from: '+15005550006', twiml: TWIML});
  assert.equal(placed.body.from, '+15005550006');
  assert.equal(http.twilio.of('create')[0]?.form.get('From'), '+15005550006');
});

test('[H1] [E] a call without instructions plays VOICE_TWIML', async () => {
  const twiml = '<Response><Say>Canary voice</Say></Response>';
  await using http = await startHttpGateway({env: {VOICE_TWIML: twiml}});
  const {gateway} = http;
  const callSid = await gateway.place({to: '+15550100001'});
  const asked = await until(() =>
    gateway.simulator
      .deliveries()
      .find((each) => each.kind === 'twiml' && each.callSid === callSid && each.state === 'delivered'),
  );
  assert.equal(asked.attempts.at(-1)?.responseBody, twiml);
  await gateway.callIn(callSid, 'completed');
});

test('[H1] connectTo dials a second party, and its leg reports like the first', async () => {
  await using http = await startHttpGateway({env: {CALL_TIME_LIMIT_S: '900'}});
  const {gateway} = http;
  const placed = await http.place({to: '+15550100001', connectTo: '+15550100505', metadata: {a: 'b'}});
  const parentSid: string = placed.body.callSid;
  const parent = await gateway.callIn(parentSid, 'completed');
  assert.equal(parent.legs.length, 1);
  const [leg] = parent.legs;
  assert.equal(leg.parentCallSid, parentSid);
  assert.equal(leg.direction, 'outbound-dial');
  assert.equal(leg.to, '+15550100505');
  assert.equal(leg.user, 'operator', 'the owner is inherited');
  await gateway.callIn(leg.callSid, 'completed');
  const {body} = await gateway.api(`/api/calls/${parentSid}`);
  const statuses = body.events
    .filter((event: {callSid: string}) => event.callSid === leg.callSid)
    .map((event: {providerStatus: string}) => event.providerStatus);
  assert.deepEqual(statuses, ['initiated', 'ringing', 'in-progress', 'completed']);
  const twiml = gateway.simulator.deliveries().find((each) => each.kind === 'twiml')
    ?.attempts[0]?.responseBody;
  assert.match(twiml ?? '', /<Dial callerId="\+15005550006" timeLimit="900"><Number /);
  assert.match(twiml ?? '', /statusCallbackEvent="initiated ringing answered completed"/);
});

for (const [connectTo, noun] of [
  ['client:alice', '<Client '],
  ['sip:bob@example.com', '<Sip '],
  ['sips:bob@example.com', '<Sip '],
] as const) {
  test(`[H1] connectTo ${connectTo} is dialed as ${noun}>`, async () => {
    await using http = await startHttpGateway();
    const {gateway} = http;
    const callSid = await gateway.place({to: '+15550100001', connectTo});
    const asked = await until(() =>
      gateway.simulator
        .deliveries()
        .find((each) => each.kind === 'twiml' && each.callSid === callSid && each.state === 'delivered'),
    );
    assert.ok((asked.attempts[0]?.responseBody ?? '').includes(noun));
  });
}

test('[H1] null equals an absent field, also for an idempotency key', async () => {
  await using http = await startHttpGateway();
  const none = {
    from: null,
    twiml: null,
    url: null,
    connectTo: null,
    timeout: null,
    record: null,
    machineDetection: null,
    metadata: null,
  };
  const placed = await http.place({to: '+15550100001', ...none}, 'order-1');
  assert.equal(placed.status, 201, placed.text);
  assert.equal('metadata' in placed.body, false);
  const again = await http.place({to: '+15550100001'}, 'order-1');
  assert.equal(again.status, 201, again.text);
  assert.equal(again.body.callSid, placed.body.callSid);
  const form = http.twilio.of('create')[0]?.form.toString() ?? '';
  assert.doesNotMatch(form, /null|undefined|Record=|Timeout=|MachineDetection=/);
});

test('[H1] [W3] metadata may have strings, numbers and booleans, and is returned unchanged', async () => {
  await using http = await startHttpGateway();
  const metadata = {order: 'A-17', attempt: 3, price: -0.5, vip: true, tested: false, empty: ''};
  const to = '+15550100001';
  const twiml = '<Response><Pause length="600"/></Response>';
  const placed = await http.place({to, twiml, metadata}, 'order-1');
  assert.equal(placed.status, 201, placed.text);
  assert.deepEqual(placed.body.metadata, metadata);
  const {callSid} = placed.body;
  assert.deepEqual((await http.gateway.api(`/api/calls/${callSid}`)).body.metadata, metadata);
  const session = await http.gateway.session();
  const {calls} = await session.receive('call.snapshot');
  assert.deepEqual(calls.find((call) => call.callSid === callSid)?.metadata, metadata);
  const other = await http.place({to, twiml, metadata: {...metadata, attempt: '3'}}, 'order-1');
  assert.equal(other.status, 409, 'the number 3 differs from the string "3"');
});
