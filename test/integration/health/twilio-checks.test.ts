/** The checks that query Twilio, and the checks of this machine. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {startGateway} from '../../support/gateway/gateway.ts';
import {checkOf, evidenceFor, runCheck} from '../../support/health/health-check.ts';
import {startHttpGateway} from '../../support/http/http-gateway.ts';
import {assertProblem} from '../../support/http/http-request.ts';
import {ManualClock} from '../../support/manual-clock.ts';

test('credentials: accepted, trial with its verified numbers, refused, suspended and unreachable', async () => {
  await using gateway = await startGateway();
  const fine = await runCheck(gateway, 'credentials');
  assert.equal(fine.status, 'ok');
  assert.match(evidenceFor(fine, 'Account') ?? '', /^AC\w+ \(Simulated account\)$/);
  assert.equal(evidenceFor(fine, 'Type'), 'Full');

  await using trial = await startGateway({
    simulator: {accountType: 'Trial', verifiedNumbers: ['+14155550123']},
  });
  const limited = await runCheck(trial, 'credentials');
  assert.equal(limited.status, 'warning');
  assert.equal(evidenceFor(limited, 'May call'), '+1415•••0123');

  await using wrong = await startGateway({env: {TWILIO_AUTH_TOKEN: 'canary-wrong-token-0123456789'}});
  const {text} = await wrong.api('/api/health/checks', {method: 'POST'});
  const report = JSON.parse(text);
  for (const id of ['credentials', 'number'] as const) {
    const refused = checkOf(report, id);
    assert.equal(refused.status, 'failed');
    assert.match(refused.summary, /does not accept the credentials/);
    assert.equal(evidenceFor(refused, 'Twilio error'), '20003');
  }
  // Even a refusal has a date to compare with.
  assert.equal(checkOf(report, 'clock').status, 'ok');
  assert.doesNotMatch(text, /canary/);

  await using nobody = await startGateway({env: {TWILIO_API_URL: 'http://127.0.0.1:9'}});
  assert.match((await runCheck(nobody, 'credentials')).summary, /could not be reached/);
});

test('credentials: an inactive account fails', async () => {
  await using http = await startHttpGateway();
  http.twilio.afterwards = ({path}, {status, body}) =>
    /Accounts\/AC\w+\.json/.test(path) ? {status, body: {...Object(body), status: 'suspended'}} : undefined;
  const found = await runCheck(http.gateway, 'credentials');
  assert.equal(found.status, 'failed');
  assert.equal(found.summary, 'The account is suspended.');
});

test('number: points here or elsewhere; point-number-here sets it, and the check runs again', async () => {
  await using gateway = await startGateway({
    simulator: {
      voiceUrl: 'https://user:canary@old.example/voice?key=canary#rp=all',
      statusCallback: '',
    },
  });
  const before = await gateway.api('/api/health/checks/number', {method: 'POST'});
  const elsewhere = checkOf(before.body, 'number');
  assert.equal(elsewhere.status, 'warning');
  assert.match(elsewhere.summary, /^Incoming calls go elsewhere; the end of incoming calls is not reported/);
  assert.equal(evidenceFor(elsewhere, 'Voice URL'), 'POST https://old.example/voice?•••#rp=all');
  assert.equal(elsewhere.action?.id, 'point-number-here');
  assert.match(elsewhere.action?.consequence ?? '', /no longer go to https:\/\/old\.example\/voice/);
  assert.doesNotMatch(before.text, /canary/);

  const done = await gateway.api('/api/health/actions/point-number-here', {method: 'POST'});
  assert.equal(done.status, 200, done.text);
  const after = checkOf(done.body, 'number');
  assert.equal(after.status, 'ok', after.summary);
  assert.equal(after.action, undefined);
  assert.equal(
    evidenceFor(after, 'Voice URL'),
    `POST ${gateway.environment.publicUrl}/twilio/voice#rc=5&rp=5xx,ct,rt`,
  );
  assert.equal(
    evidenceFor(after, 'Status callback'),
    `POST ${gateway.environment.publicUrl}/twilio/status#rc=5&rp=5xx,ct,rt`,
  );
  // It works, because an incoming call arrives.
  const callSid = await gateway.simulator.placeInboundCall({from: '+15550100001'});
  await gateway.simulator.settled();
  assert.equal(gateway.simulator.call(callSid)?.status, 'completed');
  assert.deepEqual(
    gateway.simulator.deliveries().map(({kind, attempts}) => [kind, attempts.map(({status}) => status)]),
    [
      ['twiml', [200]],
      ['status', [204]],
    ],
  );
});

test('number: our URLs without retry parameters are a warning', async () => {
  await using gateway = await startGateway();
  const found = await runCheck(gateway, 'number');
  assert.equal(found.status, 'warning');
  assert.match(found.summary, /does not retry after a 5xx/);
});

test('number: not of this account, without voice, or controlled by an application', async () => {
  await using stranger = await startGateway({env: {TWILIO_PHONE_NUMBER: '+14155550177'}});
  const missing = await runCheck(stranger, 'number');
  assert.equal(missing.status, 'failed');
  assert.match(missing.summary, /no number \+14155550177/);
  assertProblem(await stranger.api('/api/health/actions/point-number-here', {method: 'POST'}), {
    status: 404,
    code: 'not_found',
  });

  const clock = new ManualClock();
  await using http = await startHttpGateway({clock});
  const change = (fields: object) => {
    clock.advance(5000);
    http.twilio.afterwards = ({path}, {status, body}) => {
      if (!path.includes('IncomingPhoneNumbers')) return undefined;
      const numbers: object[] = Object(body).incoming_phone_numbers;
      return {status, body: {incoming_phone_numbers: numbers.map((number) => ({...number, ...fields}))}};
    };
  };
  change({capabilities: {voice: false, sms: true}});
  assert.match((await runCheck(http.gateway, 'number')).summary, /does not support voice calls/);
  change({voice_application_sid: `AP${'1'.repeat(32)}`});
  const taken = await runCheck(http.gateway, 'number');
  assert.equal(taken.status, 'warning');
  assert.match(taken.summary, /go to the application AP1/);
  assert.equal(taken.action, undefined, 'setting the Voice URL would change nothing');
  change({phone_number: 'not ours', voice_url: null});
  assert.equal((await runCheck(http.gateway, 'number')).status, 'failed');
});

test('clock: accurate, off, or far off', async () => {
  for (const [offsetMs, status] of [
    [0, 'ok'],
    [-10_000, 'warning'],
    [5000, 'warning'],
    [120_000, 'failed'],
  ] as const) {
    await using gateway = await startGateway({clock: new ManualClock(Date.now() + offsetMs)});
    const found = await runCheck(gateway, 'clock');
    assert.equal(found.status, status, `${offsetMs}: ${found.summary}`);
    if (offsetMs > 0) assert.match(found.summary, /ahead of/);
    if (offsetMs < 0) assert.match(found.summary, /1[01] s behind/);
  }
});

test("origins: the origin of PUBLIC_URL, the page's own, and *", async () => {
  const clock = new ManualClock();
  await using gateway = await startGateway({
    clock,
    env: {
      ALLOWED_ORIGINS: 'https://app.example.com,https://gateway.example.com,https://*.vercel.app',
      PUBLIC_URL: 'https://gateway.example.com',
    },
  });
  const from = (headers: Record<string, string>) => {
    clock.advance(5000);
    return runCheck(gateway, 'origins', {headers});
  };
  assert.equal((await from({})).status, 'ok');
  assert.equal((await from({origin: 'https://app.example.com'})).status, 'ok');
  assert.equal((await from({origin: 'https://my-app.vercel.app'})).status, 'ok', 'a pattern');
  assert.equal(
    (await from({origin: 'https://a.b.vercel.app'})).status,
    'failed',
    'does not match that pattern',
  );
  const stranger = await from({origin: 'http://localhost:3000'});
  assert.equal(stranger.status, 'failed');
  assert.match(stranger.remedy ?? '', /Add exactly http:\/\/localhost:3000 to ALLOWED_ORIGINS/);
  assert.equal((await from({referer: 'https://other.example/a?b'})).status, 'failed');
  assert.equal((await from({origin: `https://${'x'.repeat(300)}`})).status, 'ok', 'too long for an origin');

  await using open = await startGateway({env: {ALLOWED_ORIGINS: '*'}});
  assert.equal((await runCheck(open, 'origins')).status, 'warning');
  await using other = await startGateway({env: {ALLOWED_ORIGINS: 'https://app.example.com'}});
  const own = await runCheck(other, 'origins', {headers: {origin: other.url}});
  assert.equal(own.status, 'ok');
  assert.match(own.summary, /Pages that the gateway serves are always allowed/);
});

test('journal: accepts entries, or reports the reason', async () => {
  const clock = new ManualClock();
  await using http = await startHttpGateway({clock, failingJournal: true});
  const fine = await runCheck(http.gateway, 'journal');
  assert.notEqual(fine.status, 'failed');
  assert.match(evidenceFor(fine, 'Disk space') ?? '', /^[\d.]+ [GM]iB of [\d.]+ [GM]iB left$/);
  assert.equal(evidenceFor(fine, 'Entries so far'), '0');
  assert.match(evidenceFor(fine, 'Epoch') ?? '', /^[\w-]{6,}$/);
  http.journal.fill();
  clock.advance(5000);
  const full = await runCheck(http.gateway, 'journal');
  assert.equal(full.status, 'failed');
  assert.match(full.summary, /is not writable/);
});
