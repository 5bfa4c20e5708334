/** The routes for operators and orchestrators (H4). */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {ACCESS_KEY, startGateway, type TestGateway} from '../../support/gateway/gateway.ts';
import {startHttpGateway} from '../../support/http/http-gateway.ts';
import {ManualClock} from '../../support/manual-clock.ts';
import {postWebhook, someCallSid, statusFields} from '../../support/twilio/signed-webhook.ts';
import {until} from '../../support/until.ts';

test('[H4] healthz is 200 without a token', async () => {
  await using gateway = await startGateway();
  const response = await fetch(`${gateway.url}/healthz`);
  assert.equal(response.status, 200);
  assert.deepEqual(await response.json(), {status: 'alive'});
});

test('[H4] readyz is 503 while the journal is not writable, and healthz stays 200', async () => {
  const clock = new ManualClock();
  await using http = await startHttpGateway({clock, failingJournal: true});
  const ready = async () => {
    const response = await fetch(`${http.gateway.url}/readyz`);
    return {status: response.status, body: await response.json()};
  };
  assert.deepEqual(await ready(), {status: 200, body: {ready: true, draining: false, journal: 'writable'}});
  http.journal.fill();
  clock.advance(1000);
  assert.deepEqual(await ready(), {
    status: 503,
    body: {ready: false, draining: false, journal: 'unavailable'},
  });
  assert.equal((await fetch(`${http.gateway.url}/healthz`)).status, 200);
  http.journal.recover();
  clock.advance(1000);
  assert.equal((await ready()).status, 200);
});

test('[H4] readyz is 503 while a drain waits for a session', async () => {
  const clock = new ManualClock();
  await using gateway = await startGateway({clock});
  const session = await gateway.session();
  session.ws.pause();
  const drained = gateway.server.drain();
  const response = await fetch(`${gateway.url}/readyz`);
  assert.equal(response.status, 503);
  assert.deepEqual(await response.json(), {ready: false, draining: true, journal: 'writable'});
  session.terminate();
  await drained;
  await assert.rejects(fetch(`${gateway.url}/readyz`), 'the listener is closed');
});

test('[H4] /api/sessions lists the connected users, and nothing of their tokens', async () => {
  await using gateway = await startGateway();
  const session = await gateway.session();
  const {body, text} = await gateway.api('/api/sessions');
  assert.equal(body.sessions.length, 1);
  const [shown] = body.sessions;
  assert.equal(shown.sessionId, (await session.ready()).sessionId);
  assert.equal(shown.user, 'operator');
  assert.equal(shown.phase, 'streaming');
  assert.equal(shown.lag, 0);
  assert.ok(!text.includes(ACCESS_KEY));
  await session.close();
  await until(async () => (await gateway.api('/api/sessions')).body.sessions.length === 0);
});

const NAMES = [
  'hookswitch_sessions_open',
  'hookswitch_sessions_opened_total',
  'hookswitch_sessions_closed_total',
  'hookswitch_sessions_lagging',
  'hookswitch_calls_active',
  'hookswitch_callbacks_total',
  'hookswitch_journal_append_seconds',
  'hookswitch_messages_sent_total',
  'hookswitch_event_age_seconds',
  'hookswitch_reconciler_lookups_total',
  'hookswitch_reconciler_requests_total',
  'hookswitch_calls_placed_total',
  'nodejs_eventloop_lag_seconds',
  'nodejs_eventloop_lag_p99_seconds',
  'nodejs_heap_size_used_bytes',
  'process_resident_memory_bytes',
];

async function metrics(gateway: TestGateway): Promise<(line: string) => number> {
  const response = await fetch(`${gateway.url}/metrics`);
  assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
  const text = await response.text();
  for (const name of NAMES) assert.ok(text.includes(`# TYPE ${name} `), name);
  return (line) =>
    Number(
      text
        .split('\n')
        .find((each) => each.startsWith(`${line} `))
        ?.split(' ')
        .at(-1) ?? 0,
    );
}

test('[H4] /metrics has every name, with values that follow the events', async () => {
  await using gateway = await startGateway();
  const before = await metrics(gateway);
  assert.equal(before('hookswitch_sessions_open'), 0);
  const session = await gateway.session();
  const callSid = await gateway.place({
    to: '+15550100001',
    twiml: '<Response><Pause length="600"/></Response>',
  });
  await session.receive('call.status', ({status}) => status === 'in-progress');
  const fields = statusFields(gateway, {CallSid: someCallSid(1), CallStatus: 'completed'});
  await postWebhook(gateway, fields);
  await postWebhook(gateway, fields);
  await postWebhook(gateway, {...fields, CallStatus: 'busy'});
  await postWebhook(gateway, fields, {signature: null});
  await session.receive('call.status', (message) => message.callSid === someCallSid(1));
  const during = await metrics(gateway);
  assert.equal(during('hookswitch_sessions_open'), 1);
  assert.equal(during('hookswitch_sessions_opened_total'), 1);
  assert.equal(during('hookswitch_sessions_lagging'), 0);
  assert.equal(during('hookswitch_calls_active'), 1);
  assert.equal(during('hookswitch_calls_placed_total{outcome="placed"}'), 1);
  // Three callbacks of the placed call, and one of the other call.
  assert.equal(during('hookswitch_callbacks_total{verdict="applied"}'), 4);
  assert.equal(during('hookswitch_callbacks_total{verdict="duplicate"}'), 1);
  assert.equal(during('hookswitch_callbacks_total{verdict="late"}'), 1);
  assert.equal(during('hookswitch_callbacks_total{verdict="refused"}'), 1);
  assert.ok(during('hookswitch_journal_append_seconds_count') >= 6);
  assert.ok(during('hookswitch_messages_sent_total') >= 5);
  assert.ok(during('hookswitch_event_age_seconds_count') >= 5);
  assert.ok(during('nodejs_heap_size_used_bytes') > 1e6);
  await session.close();
  await gateway.api(`/api/calls/${callSid}/actions`, {body: {action: 'disconnect'}});
  await gateway.callIn(callSid, 'completed');
  const after = await until(async () => {
    const read = await metrics(gateway);
    return read('hookswitch_sessions_open') === 0 && read('hookswitch_calls_active') === 0 && read;
  });
  assert.equal(after('hookswitch_sessions_closed_total{code="1005"}'), 1);
});
