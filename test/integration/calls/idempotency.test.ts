/** One key makes one call, for any number of requests, any timing, restarts and limits (H1). */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {startHttpGateway} from '../../support/http/http-gateway.ts';
import {assertProblem} from '../../support/http/http-request.ts';
import {ManualClock} from '../../support/manual-clock.ts';

const BODY = {
  to: '+15550100001',
  twiml: '<Response><Pause length="600"/></Response>',
  metadata: {b: '1', a: '2'},
};
const HOUR_MS = 3_600_000;

test('[H1] the same key and body again return 201 with the same call and Idempotent-Replayed, after one dial', async () => {
  await using http = await startHttpGateway();
  const first = await http.place(BODY, 'order-1');
  const again = await http.place(BODY, 'order-1');
  assert.equal(first.status, 201);
  assert.equal(first.headers.get('idempotent-replayed'), null);
  assert.equal(again.status, 201);
  assert.equal(again.headers.get('idempotent-replayed'), 'true');
  assert.equal(again.headers.get('location'), first.headers.get('location'));
  assert.equal(again.body.callSid, first.body.callSid);
  assert.equal(http.twilio.of('create').length, 1);
});

test('[H1] the order of the fields does not matter', async () => {
  await using http = await startHttpGateway();
  const first = await http.place(BODY, 'order-1');
  const {to, twiml} = BODY;
  const again = await http.place({metadata: {a: '2', b: '1'}, twiml, to}, 'order-1');
  assert.equal(again.body.callSid, first.body.callSid);
});

test('[H1] concurrent duplicates share one dial, one call and one response without Idempotent-Replayed', async () => {
  await using http = await startHttpGateway();
  const answers = await Promise.all(Array.from({length: 12}, () => http.place(BODY, 'order-1')));
  assert.deepEqual(new Set(answers.map(({status}) => status)), new Set([201]));
  assert.equal(new Set(answers.map(({body}) => body.callSid)).size, 1);
  assert.equal(answers.filter(({headers}) => headers.get('idempotent-replayed') === null).length, 1);
  assert.equal(http.twilio.of('create').length, 1);
});

test('[H1] the same key with another body is 409, even while the first request is in progress', async () => {
  await using http = await startHttpGateway();
  const arrived = Promise.withResolvers<void>();
  const go = Promise.withResolvers<void>();
  http.twilio.intercept = async () => {
    arrived.resolve();
    await go.promise;
    return undefined;
  };
  const first = http.place(BODY, 'order-1');
  await arrived.promise;
  assertProblem(await http.place({...BODY, to: '+15550100002'}, 'order-1'), {
    status: 409,
    code: 'idempotency_conflict',
  });
  go.resolve();
  assert.equal((await first).status, 201);
  const later = await http.place({...BODY, timeout: 20}, 'order-1');
  assertProblem(later, {status: 409, code: 'idempotency_conflict'});
  assert.deepEqual(later.body.context, {idempotencyKey: 'order-1'});
  assert.equal(http.twilio.of('create').length, 1);
});

test('[H1] a key is valid for 24 h and free again afterwards', async () => {
  const clock = new ManualClock();
  await using http = await startHttpGateway({clock});
  const first = await http.place(BODY, 'order-1');
  clock.advance(24 * HOUR_MS - 1000);
  assert.equal((await http.place(BODY, 'order-1')).body.callSid, first.body.callSid);
  clock.advance(2000);
  const later = await http.place({...BODY, to: '+15550100002'}, 'order-1');
  assert.equal(later.status, 201);
  assert.equal(later.headers.get('idempotent-replayed'), null);
  assert.notEqual(later.body.callSid, first.body.callSid);
  const again = await http.place({...BODY, to: '+15550100002'}, 'order-1');
  assert.equal(again.body.callSid, later.body.callSid, 'the key belongs to the later call now');
});

test('[H1] [J7] a key survives a restart', async () => {
  await using http = await startHttpGateway();
  const first = await http.place(BODY, 'order-1');
  await http.gateway.restart();
  const again = await http.place(BODY, 'order-1');
  assert.equal(again.status, 201);
  assert.equal(again.headers.get('idempotent-replayed'), 'true');
  assert.equal(again.body.callSid, first.body.callSid);
  assert.equal(http.twilio.of('create').length, 1);
});

test('[H1] two requests without a key make two calls', async () => {
  await using http = await startHttpGateway();
  const [first, second] = [await http.place(BODY), await http.place(BODY)];
  assert.notEqual(first.body.callSid, second.body.callSid);
});

test('[H1] [E] a replay is not a new call: it passes the rate limit and the slot limit, and costs nothing', async () => {
  await using http = await startHttpGateway({env: {MAX_CALLS_PER_MINUTE: '2', MAX_ACTIVE_CALLS: '2'}});
  const first = await http.place(BODY, 'order-1');
  for (let repeat = 0; repeat < 3; repeat += 1) {
    assert.equal((await http.place(BODY, 'order-1')).body.callSid, first.body.callSid);
  }
  assert.equal((await http.place(BODY, 'order-2')).status, 201, 'the replays used no allowance and no slot');
  assertProblem(await http.place(BODY, 'order-3'), {status: 429, code: 'rate_limited'});
  const again = await http.place(BODY, 'order-1');
  assert.equal(again.status, 201, again.text);
  assert.equal(again.body.callSid, first.body.callSid);
  assertProblem(await http.place({...BODY, timeout: 9}, 'order-1'), {
    status: 409,
    code: 'idempotency_conflict',
  });
  assert.equal(http.twilio.of('create').length, 2);
});

test('[H1] [E] a request that the limits refused leaves its key free', async () => {
  const clock = new ManualClock();
  await using http = await startHttpGateway({env: {MAX_CALLS_PER_MINUTE: '1'}, clock});
  await http.place(BODY);
  assertProblem(await http.place(BODY, 'order-1'), {status: 429, code: 'rate_limited'});
  clock.advance(60_000);
  const placed = await http.place({...BODY, timeout: 30}, 'order-1');
  assert.equal(placed.status, 201);
  assert.equal(placed.headers.get('idempotent-replayed'), null);
});
