/** Many silent calls are looked up through Twilio's lists (J6), over HTTP and with the official SDK. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {type HttpGateway, startHttpGateway} from '../../support/http/http-gateway.ts';
import {ManualClock} from '../../support/manual-clock.ts';
import {postWebhook, someCallSid, statusFields} from '../../support/twilio/signed-webhook.ts';
import {until} from '../../support/until.ts';

const CALLS = 300;
const TALK = '<Response><Pause length="600"/></Response>';

/** The queries of all list requests, oldest first. */
function queries(http: HttpGateway): URLSearchParams[] {
  return http.twilio.of('list').map(({path}) => new URLSearchParams(path.split('?')[1]));
}

test(`[J6] ${CALLS} simultaneous inbound calls all get their in-progress from a handful of lists`, async () => {
  const clock = new ManualClock();
  await using http = await startHttpGateway({
    clock,
    simulator: {statusCallback: ''},
    env: {VOICE_TWIML: TALK, SESSION_TIMEOUT_MS: '3600000'},
  });
  const {gateway} = http;
  const session = await gateway.session();
  const sids = await Promise.all(
    Array.from({length: CALLS}, (_, at) =>
      gateway.simulator.placeInboundCall({from: `+1555010${1000 + at}`}),
    ),
  );
  const rings = () => session.of('call.status').filter(({status}) => status === 'ringing').length;
  await until(() => rings() === CALLS);
  await until(() => sids.every((callSid) => gateway.simulator.call(callSid)?.status === 'in-progress'));
  clock.advance(2500);
  const received = () => session.of('call.status').filter(({status}) => status === 'in-progress');
  await until(() => received().length === CALLS);
  assert.deepEqual(new Set(received().map(({source}) => source)), new Set(['reconcile']));
  assert.equal(http.twilio.of('fetch').length, 0, 'no call is looked up singly');
  assert.deepEqual(
    queries(http).map((query) => [query.get('Status'), query.get('PageSize')]),
    [
      ['ringing', '1000'],
      ['in-progress', '1000'],
    ],
  );
  for (const callSid of sids) gateway.simulator.hangUp(callSid);
  clock.advance(61_000);
  const ended = () => session.of('call.status').filter(({status}) => status === 'completed');
  await until(() => ended().length === CALLS);
  assert.equal(http.twilio.of('fetch').length, 0);
  assert.ok(queries(http).length <= 4, `${queries(http).length} lists`);
  assert.match(queries(http).at(-1)?.get('StartTime>') ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  for (const operation of ['create', 'update', 'other'] as const) {
    assert.equal(http.twilio.of(operation).length, 0, 'it only reads');
  }
  const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
  const lists = queries(http).length;
  assert.ok(
    metrics.includes(`hookswitch_reconciler_requests_total{kind="list",outcome="answered"} ${lists}`),
  );
});

test('[J6] pages are followed, foreign calls of the account are not created, and unreadable calls are skipped', async () => {
  const clock = new ManualClock();
  await using http = await startHttpGateway({clock});
  const {gateway} = http;
  const sids = [1, 2, 3, 4].map((number) => someCallSid(number));
  for (const CallSid of sids) {
    const fields = statusFields(gateway, {CallSid, CallStatus: 'ringing', Direction: 'inbound'});
    assert.equal((await postWebhook(gateway, fields)).status, 204);
  }
  for (const callSid of sids) await http.waitForStatus(callSid, 'ringing');
  const [a, b, c, d] = sids.map((sid) => ({sid, status: 'in-progress', direction: 'inbound'}));
  const other = {sid: someCallSid(99), status: 'in-progress', direction: 'outbound-api'};
  const base = `/2010-04-01/Accounts/${gateway.environment.twilio.accountSid}/Calls.json`;
  http.twilio.intercept = ({operation, path}) => {
    if (operation !== 'list') return {status: 500, body: {}};
    const query = new URLSearchParams(path.split('?')[1]);
    if (query.get('Status') === 'ringing') return {status: 200, body: {calls: []}};
    const unreadable = [{sid: 'CA1', status: 'in-progress'}, {sid: d?.sid, status: 'teleported'}, {}];
    return query.get('PageToken') === 'PA1'
      ? {status: 200, body: {calls: [c, d], next_page_uri: null}}
      : {
          status: 200,
          body: {
            calls: [a, ...unreadable, other, b],
            next_page_uri: `${base}?Status=in-progress&PageSize=1000&Page=1&PageToken=PA1`,
          },
        };
  };
  clock.advance(2500);
  for (const callSid of sids) await gateway.callIn(callSid, 'in-progress');
  assert.equal((await gateway.api(`/api/calls/${someCallSid(99)}`)).status, 404);
  assert.equal((await gateway.api('/api/calls?status=active')).body.calls.length, 4);
  assert.equal(http.twilio.of('list').length, 3);
});

for (const [what, answer] of [
  ['with a page that is not a list', {status: 200, body: '<html>proxy</html>'}],
  ['with a list that contains null', {status: 200, body: {calls: [null]}}],
  ['not at all', 'cut'],
  ['with 500', {status: 500, body: {}}],
  ['with 403', {status: 403, body: {code: 20003, message: 'Forbidden'}}],
] as const) {
  test(`[J6] if lists are answered ${what}, calls are looked up one by one`, async () => {
    const clock = new ManualClock();
    await using http = await startHttpGateway({clock});
    const {gateway} = http;
    const sids = [1, 2, 3, 4].map((number) => someCallSid(number));
    http.twilio.intercept = ({operation, callSid}) =>
      operation === 'list'
        ? answer
        : {status: 200, body: {sid: callSid, status: 'in-progress', direction: 'inbound'}};
    for (const CallSid of sids) {
      const fields = statusFields(gateway, {CallSid, CallStatus: 'ringing', Direction: 'inbound'});
      assert.equal((await postWebhook(gateway, fields)).status, 204);
    }
    for (const callSid of sids) await http.waitForStatus(callSid, 'ringing');
    await until(async () => {
      clock.advance(500);
      return (await Promise.all(sids.map((sid) => gateway.api(`/api/calls/${sid}`)))).every(
        ({body}) => body.providerStatus === 'in-progress',
      );
    });
    assert.ok(gateway.logs.some((line) => line.includes('could not look up calls by list')));
  });
}

test('[J6] Retry-After of a list is respected, in seconds and as a date', async () => {
  const clock = new ManualClock();
  await using http = await startHttpGateway({clock});
  const {gateway} = http;
  const sids = [1, 2, 3, 4].map((number) => someCallSid(number));
  const retryAfter = ['120', new Date(Date.now() + 120_000).toUTCString()];
  http.twilio.intercept = ({operation}) => {
    const value = retryAfter[http.twilio.of('list').length - 1];
    if (operation !== 'list' || value === undefined) return undefined;
    return {status: 429, body: {code: 20429, message: 'Too Many Requests'}, headers: {'retry-after': value}};
  };
  for (const CallSid of sids) {
    const fields = statusFields(gateway, {CallSid, CallStatus: 'ringing', Direction: 'inbound'});
    assert.equal((await postWebhook(gateway, fields)).status, 204);
  }
  for (const callSid of sids) await http.waitForStatus(callSid, 'ringing');
  for (const round of [1, 2]) {
    await until(() => {
      clock.advance(500);
      return http.twilio.of('list').length === round;
    });
    await until(() => gateway.logs.filter((line) => line.includes('by list')).length === round);
    const {length} = http.twilio.requests;
    clock.advance(100_000);
    await gateway.api('/healthz');
    assert.equal(http.twilio.requests.length, length);
  }
});
