/** Silent calls are looked up and corrected (J6), and a look-up never moves a call back (J4). */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {
  type HttpGateway,
  type HttpGatewayOptions,
  startHttpGateway,
} from '../../support/http/http-gateway.ts';
import {ManualClock} from '../../support/manual-clock.ts';
import {postWebhook, statusFields} from '../../support/twilio/signed-webhook.ts';
import {until} from '../../support/until.ts';
import type {TestClient} from '../../support/websocket/client.ts';

const BODY = {to: '+15550100001', timeout: 600, twiml: '<Response><Pause length="600"/></Response>'};
const NEVER = {to: '+15550100201', timeout: 600, twiml: '<Response/>'};

/** Ways to reach each state and then stay silent, with the allowed silence in ms. */
const silences: readonly {
  readonly state: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly lost: readonly string[];
  readonly allowedMs: number;
}[] = [
  {
    state: 'queued',
    body: BODY,
    lost: ['initiated', 'ringing', 'in-progress', 'completed'],
    allowedMs: 30_000,
  },
  {state: 'initiated', body: BODY, lost: ['ringing', 'in-progress', 'completed'], allowedMs: 30_000},
  {state: 'ringing', body: BODY, lost: ['in-progress', 'completed'], allowedMs: 75_000},
  {state: 'in-progress', body: BODY, lost: ['completed'], allowedMs: 120_000},
];

for (const {state, body, lost, allowedMs} of silences) {
  test(`[J6] ${state}: silence is accepted for ${allowedMs / 1000} s, then the call is looked up and corrected`, async () => {
    const clock = new ManualClock();
    await using http = await start({clock});
    const {gateway} = http;
    const session = await gateway.session();
    gateway.simulator.setFaults({drop: {statuses: lost}});
    const callSid = await gateway.place(body);
    await waitForStatus(session, callSid, state);
    await until(() => gateway.simulator.call(callSid)?.status === 'in-progress');
    gateway.simulator.hangUp(callSid);
    clock.advance(allowedMs - 1000);
    assert.equal(http.twilio.of('fetch').length, 0);
    clock.advance(2000);
    const ended = await gateway.callIn(callSid, 'completed');
    assert.equal(http.twilio.of('fetch').length, 1);
    const last = ended.events.at(-1);
    assert.deepEqual([last.source, last.verdict], ['reconcile', 'applied']);
    onlyRead(http);
  });
}

test('[J6] an inbound call gets its in-progress within seconds, and its end without a callback', async () => {
  const clock = new ManualClock();
  await using http = await start({
    clock,
    simulator: {statusCallback: ''},
    env: {VOICE_TWIML: BODY.twiml},
  });
  const {gateway} = http;
  const session = await gateway.session();
  const callSid = await gateway.simulator.placeInboundCall({from: '+15550100001'});
  await waitForStatus(session, callSid, 'ringing');
  await until(() => gateway.simulator.call(callSid)?.status === 'in-progress');
  clock.advance(2500);
  const inProgress = await waitForStatus(session, callSid, 'in-progress');
  assert.equal(inProgress.direction, 'inbound');
  assert.equal(inProgress.source, 'reconcile');
  gateway.simulator.hangUp(callSid);
  clock.advance(61_000);
  const ended = await gateway.callIn(callSid, 'completed');
  assert.equal(ended.events.at(-1).source, 'reconcile');
  onlyRead(http);
});

test('[J6] a session receives the found status with source reconcile', async () => {
  const clock = new ManualClock();
  await using http = await start({clock});
  const {gateway} = http;
  const session = await gateway.session();
  gateway.simulator.setFaults({drop: {statuses: ['completed']}});
  const callSid = await gateway.place(BODY);
  await waitForStatus(session, callSid, 'in-progress');
  gateway.simulator.hangUp(callSid);
  clock.advance(121_000);
  const received = await session.receive('call.status', ({status}) => status === 'completed');
  assert.equal(received.source, 'reconcile');
  assert.equal(received.callSid, callSid);
});

test('[J4] [J6] a REST answer that lags behind the callbacks moves nothing back and adds no entry', async () => {
  const clock = new ManualClock();
  await using http = await start({clock});
  const {gateway} = http;
  const session = await gateway.session();
  const callSid = await gateway.place(BODY);
  await waitForStatus(session, callSid, 'in-progress');
  const before = await gateway.callIn(callSid, 'in-progress');
  http.twilio.afterwards = ({operation}, answer) =>
    operation === 'fetch' ? {...answer, body: {...(answer.body as object), status: 'queued'}} : undefined;
  clock.advance(121_000);
  await until(() => lookupsAnswered(http).then((count) => count >= 1));
  const {body} = await gateway.api(`/api/calls/${callSid}`);
  assert.equal(body.providerStatus, 'in-progress');
  assert.equal(body.events.length, before.events.length);
});

test('[J6] a new event restarts the allowed silence', async () => {
  const clock = new ManualClock();
  await using http = await start({clock});
  const {gateway} = http;
  const session = await gateway.session();
  const callSid = await gateway.place(NEVER);
  await waitForStatus(session, callSid, 'ringing');
  clock.advance(74_000);
  const answered = statusFields(gateway, {CallSid: callSid, CallStatus: 'in-progress', SequenceNumber: '9'});
  assert.equal((await postWebhook(gateway, answered)).status, 204);
  await waitForStatus(session, callSid, 'in-progress');
  clock.advance(119_000);
  assert.equal(http.twilio.of('fetch').length, 0);
  clock.advance(2000);
  await until(() => http.twilio.of('fetch').length === 1);
});

/** Sessions have to outlive the hours that pass in these tests. */
function start(options: HttpGatewayOptions) {
  return startHttpGateway({...options, env: {SESSION_TIMEOUT_MS: '3600000', ...options.env}});
}

/**
 * Waits until the gateway itself knows a status, and not only its database. A status that a session received
 * is known to the whole process.
 */
async function waitForStatus(session: TestClient, callSid: string, providerStatus: string) {
  return session.receive(
    'call.status',
    (message) => message.callSid === callSid && message.providerStatus === providerStatus,
  );
}

/** Recovery never dials and never hangs up. Apart from the test's own creates, it only fetched. */
function onlyRead(http: HttpGateway): void {
  assert.equal(http.twilio.of('update').length, 0);
  assert.equal(http.twilio.of('other').length, 0);
  assert.ok(http.twilio.of('create').length <= 1);
}

async function metric({gateway}: HttpGateway, pattern: RegExp): Promise<number> {
  const text = await (await fetch(`${gateway.url}/metrics`)).text();
  return [...text.matchAll(pattern)].reduce((sum, [, value]) => sum + Number(value), 0);
}

function lookupsAnswered(http: HttpGateway): Promise<number> {
  return metric(http, /^hookswitch_reconciler_lookups_total\{[^}]*\} (\d+)$/gm);
}
