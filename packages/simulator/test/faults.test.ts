import assert from 'node:assert/strict';
import {subscribe, unsubscribe} from 'node:diagnostics_channel';
import {test} from 'node:test';
import type {Faults, SimulatorOptions} from '../src/index.ts';
import {allEvents, numbers, type Setup, setup, until} from './support.ts';

const from = '+15005550006';

const create = ({client, receiver}: Setup, extra: object = {}) =>
  client.calls.create({
    to: '+15550100520',
    from,
    twiml: '<Response><Pause length="600"/></Response>',
    statusCallback: `${receiver.url}/status`,
    statusCallbackEvent: allEvents,
    ...extra,
  });

const sequence = ({receiver}: Setup) =>
  receiver.to('/status').map(({params}) => Number(params['SequenceNumber']));

async function faulty(
  t: Parameters<typeof setup>[0],
  faults: Faults,
  options: SimulatorOptions = {},
): Promise<Setup> {
  const s = await setup(t, options);
  s.simulator.setFaults(faults);
  return s;
}

test('repeat: a callback is sent again with the same token', async (t) => {
  const s = await faulty(t, {repeat: {statuses: ['ringing']}});
  await create(s);
  await s.simulator.settled();
  const ringing = s.receiver.to('/status').filter(({params}) => params['CallStatus'] === 'ringing');
  assert.equal(ringing.length, 2);
  assert.equal(
    ringing[0]?.headers['i-twilio-idempotency-token'],
    ringing[1]?.headers['i-twilio-idempotency-token'],
  );
  assert.deepEqual(ringing[0]?.params, ringing[1]?.params);
  assert.equal(sequence(s).length, 5);
});

test('reorder: a callback arrives after the next one', async (t) => {
  const s = await faulty(t, {reorder: {statuses: ['ringing']}}, {speed: 50});
  await create(s);
  await s.simulator.settled();
  assert.deepEqual(sequence(s), [0, 2, 1, 3]);
});

test('reorder: a slow earlier callback does not count as the next one', async (t) => {
  const s = await faulty(t, {reorder: {statuses: ['ringing']}}, {speed: 20});
  // The answered callback is delayed while ringing, and delivered well before the call is answered.
  s.receiver.on('/status', ({params}, response) => {
    const lateMs = params['CallStatus'] === 'initiated' ? 60 : 0;
    setTimeout(() => response.writeHead(204).end(), lateMs);
  });
  await create(s, {to: '+15550100530'});
  await s.simulator.settled();
  assert.deepEqual(sequence(s), [0, 2, 1, 3]);
});

test('delay: a callback arrives late', async (t) => {
  const s = await faulty(t, {delay: {statuses: ['initiated'], minMs: 400, maxMs: 400}});
  await create(s);
  await s.simulator.settled();
  assert.deepEqual(
    sequence(s).toSorted((a, b) => a - b),
    [0, 1, 2, 3],
  );
  assert.equal(sequence(s).at(-1), 0);
});

test('drop: a callback is never sent, but its number is used up', async (t) => {
  const s = await faulty(t, {drop: {statuses: ['completed']}});
  const {sid} = await create(s);
  await s.simulator.settled();
  assert.deepEqual(
    sequence(s).toSorted((a, b) => a - b),
    [0, 1, 2],
  );
  assert.equal((await s.client.calls(sid).fetch()).status, 'completed');
  assert.equal(s.simulator.deliveries().at(-1)?.state, 'dropped');
});

test('the same seed affects the same callbacks, and another seed affects others', async (t) => {
  const run = async (seed: number) => {
    const s = await faulty(t, {drop: 0.5}, {seed});
    for (let index = 0; index < 6; index += 1) await create(s, {to: numbers.busy});
    await s.simulator.settled();
    const order = s.simulator.calls().map(({sid}) => sid);
    return s.simulator
      .deliveries()
      .filter(({state}) => state === 'dropped')
      .map(({callSid, params}) => `${order.indexOf(callSid)}:${params['SequenceNumber']}`)
      .sort();
  };
  const first = await run(7);
  assert.ok(first.length > 0 && first.length < 12, first.join());
  assert.deepEqual(await run(7), first);
  assert.notDeepEqual(await run(8), first);
});

test('callbackBeforeCreateResponse: the first callback is answered before the 201', async (t) => {
  const s = await faulty(t, {callbackBeforeCreateResponse: 1});
  const {sid} = await create(s);
  assert.equal(s.receiver.to('/status')[0]?.params['CallSid'], sid);
  await s.simulator.settled();
});

test('without faults a create is answered before the call is dialed', async (t) => {
  const order: string[] = [];
  const s = await setup(t, {logger: ({message}) => order.push(message.split(': ')[1] ?? '')});
  const onFinish = () => order.push('answered the create');
  subscribe('http.server.response.finish', onFinish);
  t.after(() => unsubscribe('http.server.response.finish', onFinish));
  await create(s, {statusCallback: undefined});
  await until(() => order.includes('ringing'));
  assert.deepEqual(order.slice(0, 3), ['answered the create', 'initiated', 'ringing']);
  await s.simulator.settled();
});

test('createResponseLost: no response, but the call exists and continues', async (t) => {
  const s = await faulty(t, {createResponseLost: {times: 1}});
  await assert.rejects(create(s), ({status}: {status?: number}) => status === undefined);
  await s.simulator.settled();
  assert.equal(s.simulator.calls().length, 1);
  assert.equal(sequence(s).length, 4);
});

test('429 and 5xx are answered without processing', async (t) => {
  const s = await faulty(t, {tooManyRequests: {times: 1, operations: ['create']}});
  assert.deepEqual(await s.client.calls.list(), []);
  await assert.rejects(create(s), {status: 429, code: 20429});
  for (const [status, code] of [
    [500, 20500],
    [503, 20503],
  ] as const) {
    s.simulator.setFaults({serverError: {times: 1, status}});
    await assert.rejects(create(s), {status, code});
  }
  assert.equal(s.simulator.calls().length, 0);
  s.simulator.setFaults({});
  await create(s);
});

test('the autoRetry of the SDK gets past a 429', async (t) => {
  const s = await faulty(t, {tooManyRequests: {times: 1}});
  const {default: twilio} = await import('twilio');
  const client = twilio(s.simulator.accountSid, s.simulator.authToken, {autoRetry: true, maxRetries: 2});
  client.api.baseUrl = s.simulator.url;
  assert.deepEqual(await client.calls.list(), []);
});

test('hang: no response, not processed, and stop() ends the request', async (t) => {
  const s = await faulty(t, {hang: {times: 1}});
  let failed = false;
  const hanging = create(s).catch(() => {
    failed = true;
  });
  await until(() => s.simulator.faults().struck.hang === 1);
  assert.deepEqual(await s.client.calls.list(), []);
  assert.equal(failed, false);
  await s.simulator.stop();
  await hanging;
  assert.equal(failed, true);
});

test('nothing runs before start, and stop is final, idempotent and ends everything in progress', async (t) => {
  const s = await setup(t, {speed: 1});
  s.receiver.on('/status', () => {}); // never answers
  await create(s);
  await until(() => s.receiver.to('/status').length === 1);
  await Promise.all([s.simulator.stop(), s.simulator.stop()]);
  assert.equal(s.simulator.deliveries()[0]?.state, 'aborted');
  await s.simulator.settled();
  await assert.rejects(s.simulator.start());
  await assert.rejects(fetch(s.simulator.url));
});

test('stop() during a bridged call: no further requests are sent', async (t) => {
  const s = await setup(t);
  const url = s.receiver.twiml(
    '/voice',
    `<Dial action="/dialed"><Number statusCallback="/child">${numbers.answered}</Number></Dial>`,
  );
  await create(s, {to: numbers.answered, twiml: undefined, url});
  await until(() => s.simulator.calls().filter(({status}) => status === 'in-progress').length === 2);
  await s.simulator.stop();
  const sent = s.receiver.requests.length;
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(s.receiver.requests.length, sent);
  assert.deepEqual([s.receiver.to('/child').length, s.receiver.to('/dialed').length], [0, 0]);
});
