/** A webhook gets 2xx only once it is on disk, and 503 otherwise, so that Twilio's retry counts (H5, J1). */
import assert from 'node:assert/strict';
import {DatabaseSync} from 'node:sqlite';
import {test} from 'node:test';
import {startHttpGateway} from '../../support/http/http-gateway.ts';
import {assertProblem} from '../../support/http/http-request.ts';
import {postWebhook, someCallSid, statusFields} from '../../support/twilio/signed-webhook.ts';
import {until} from '../../support/until.ts';

const callSid = someCallSid(1);

async function answerOf(response: Response) {
  return {status: response.status, headers: response.headers, body: await response.json()};
}

for (const route of ['status', 'voice'] as const) {
  test(`[H5] ${route} is 503 while the journal is not writable, and the same request is accepted afterwards`, async () => {
    await using http = await startHttpGateway({failingJournal: true});
    const {gateway, journal} = http;
    const fields = statusFields(gateway, {CallSid: callSid, CallStatus: 'ringing', SequenceNumber: '1'});
    journal.fill();
    const refused = await postWebhook(gateway, fields, {route});
    assert.equal(refused.headers.get('retry-after'), '1');
    assert.equal(refused.headers.get('connection'), 'close', 'another node may accept it');
    assertProblem(await answerOf(refused), {status: 503, code: 'journal_unavailable'});
    assert.equal((await gateway.api(`/api/calls/${callSid}`)).status, 404, 'nothing was appended');
    journal.recover();
    assert.equal((await postWebhook(gateway, fields, {route})).status, route === 'status' ? 204 : 200);
    const {body} = await gateway.api(`/api/calls/${callSid}`);
    assert.equal(body.events.length, 1);
    assert.equal(body.events[0].repeats, 0);
  });
}

test('[H5] a database locked by another program causes 503, and 204 once it is free again', async () => {
  await using http = await startHttpGateway();
  const {gateway} = http;
  const other = new DatabaseSync(gateway.databaseFile);
  other.exec('BEGIN IMMEDIATE');
  const fields = statusFields(gateway, {CallSid: callSid, CallStatus: 'ringing', SequenceNumber: '1'});
  const refused = await postWebhook(gateway, fields);
  assertProblem(await answerOf(refused), {status: 503, code: 'journal_unavailable'});
  other.exec('ROLLBACK');
  other.close();
  // The writer reopens the file after a failure, which takes a moment.
  await until(async () => (await postWebhook(gateway, fields)).status === 204, {timeoutMs: 30_000});
  assert.equal((await gateway.api(`/api/calls/${callSid}`)).body.events.length, 1);
});

test("[H5] Twilio's own retries deliver every callback after an outage", async () => {
  await using http = await startHttpGateway({failingJournal: true, simulator: {speed: 10}});
  const {gateway, journal} = http;
  const sid = await gateway.place({to: '+15550100503'});
  const failures = journal.failures + 2;
  journal.fill();
  await until(() => journal.failures >= failures, {what: 'two refused callbacks'});
  journal.recover();
  const {events} = await gateway.callIn(sid, 'completed');
  assert.ok(events.length >= 4);
});

test('[H5] the TwiML of an unknown call also waits for the journal: 503 instead of a wrong document', async () => {
  await using http = await startHttpGateway({failingJournal: true});
  const {gateway, journal} = http;
  const fields = statusFields(gateway, {CallSid: callSid, CallStatus: 'in-progress'});
  journal.failing.add('find');
  const query = '?ref=Zk3vQ9-abcdefgh_012345';
  const refused = await postWebhook(gateway, fields, {route: 'voice', query});
  assertProblem(await answerOf(refused), {status: 503, code: 'journal_unavailable'});
  journal.recover();
  const answered = await postWebhook(gateway, fields, {route: 'voice', query});
  assert.equal(answered.status, 200);
  assert.match(await answered.text(), /<Response>/);
});
