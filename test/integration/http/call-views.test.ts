/** Lists and histories of calls (H2). */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {call as callSchema} from '@hookswitch/protocol/schemas';
import {startGateway, type TestGateway} from '../../support/gateway/gateway.ts';
import {assertProblem} from '../../support/http/http-request.ts';
import {ManualClock} from '../../support/manual-clock.ts';
import {postWebhook, someCallSid, statusFields} from '../../support/twilio/signed-webhook.ts';

async function postStatus(
  gateway: TestGateway,
  number: number,
  status: string,
  more: Readonly<Record<string, string>> = {},
): Promise<string> {
  const callSid = someCallSid(0x1000 + number);
  const fields = statusFields(gateway, {CallSid: callSid, CallStatus: status, ...more});
  assert.equal((await postWebhook(gateway, fields)).status, 204);
  return callSid;
}

test('[H2] pages are newest first, and show every old call once and no call that arrived meanwhile', async () => {
  await using gateway = await startGateway();
  const placed: string[] = [];
  for (let number = 0; number < 23; number += 1) placed.push(await postStatus(gateway, number, 'ringing'));
  const seen: string[] = [];
  let cursor: string | undefined;
  let pages = 0;
  do {
    const query: string = cursor === undefined ? '' : `&cursor=${cursor}`;
    const {status, body} = await gateway.api(`/api/calls?limit=5${query}`);
    assert.equal(status, 200);
    for (const each of body.calls) assert.deepEqual(callSchema.parse(each), each);
    seen.push(...body.calls.map((each: {callSid: string}) => each.callSid));
    cursor = body.nextCursor;
    pages += 1;
    await postStatus(gateway, 100 + pages, 'ringing');
    // A call whose status changes keeps its place in the list.
    await postStatus(gateway, 20, 'in-progress', {SequenceNumber: String(pages)});
  } while (cursor !== undefined);
  assert.equal(pages, 5);
  assert.deepEqual(seen, placed.toReversed());
  const {body} = await gateway.api('/api/calls?limit=1');
  assert.equal(body.calls[0].callSid, someCallSid(0x1000 + 105), 'the newest call is on the first page');
});

test('[H2] there is no cursor after the last call, even if the page is full', async () => {
  await using gateway = await startGateway();
  for (let number = 0; number < 4; number += 1) await postStatus(gateway, number, 'ringing');
  const first = await gateway.api('/api/calls?limit=2');
  assert.equal(typeof first.body.nextCursor, 'string');
  const second = await gateway.api(`/api/calls?limit=2&cursor=${first.body.nextCursor}`);
  assert.equal(second.body.calls.length, 2);
  assert.equal('nextCursor' in second.body, false);
});

test('[H2] status=active and status=ended are paged', async () => {
  await using gateway = await startGateway();
  for (let number = 0; number < 10; number += 1)
    await postStatus(gateway, number, number % 2 === 0 ? 'in-progress' : 'busy');
  for (const [status, expected] of [
    ['active', 'in-progress'],
    ['ended', 'busy'],
  ] as const) {
    const first = await gateway.api(`/api/calls?status=${status}&limit=3`);
    const second = await gateway.api(`/api/calls?status=${status}&limit=3&cursor=${first.body.nextCursor}`);
    const statuses = [...first.body.calls, ...second.body.calls].map((each) => each.providerStatus);
    assert.deepEqual(
      statuses,
      Array.from({length: 5}, () => expected),
    );
    assert.equal(second.body.nextCursor, undefined);
  }
});

for (const query of [
  'status=open',
  'limit=0',
  'limit=x',
  'limit=1.5',
  'limit=1&limit=2',
  'cursor=0',
  'cursor=abc',
  'cursor=-1',
  'limit=-1',
  'limit=%20',
]) {
  test(`[H2] [H6] 400 for ?${query}`, async () => {
    await using gateway = await startGateway();
    const field = query.split('=')[0] ?? '';
    assertProblem(await gateway.api(`/api/calls?${query}`), {status: 400, code: 'invalid_request', field});
  });
}

test('[H2] empty parameters count as absent, unknown ones are ignored, and a limit beyond 200 is 200', async () => {
  await using gateway = await startGateway();
  for (let number = 0; number < 3; number += 1) await postStatus(gateway, number, 'ringing');
  for (const query of [
    'status=active&limit=&cursor=',
    'status=',
    'sort=asc&_=17',
    'limit=201',
    'limit=1e30',
  ]) {
    const {status, body} = await gateway.api(`/api/calls?${query}`);
    assert.equal(status, 200, query);
    assert.equal(body.calls.length, 3, query);
  }
  const more = Array.from({length: 200}, (_, number) => postStatus(gateway, 3 + number, 'ringing'));
  await Promise.all(more);
  const {body} = await gateway.api('/api/calls?limit=500');
  assert.equal(body.calls.length, 200);
  assert.equal(typeof body.nextCursor, 'string');
});

test('[H2] [J4] a call shows its events in order, each with source, sequence, lag and verdict', async () => {
  const clock = new ManualClock(Date.UTC(2026, 0, 1, 12, 0, 5));
  await using gateway = await startGateway({clock});
  const at = (second: number) => ({Timestamp: `Thu, 01 Jan 2026 12:00:0${second} +0000`});
  await postStatus(gateway, 1, 'ringing', {SequenceNumber: '1', ...at(4)});
  await postStatus(gateway, 1, 'completed', {SequenceNumber: '3', CallDuration: '7', ...at(5)});
  await postStatus(gateway, 1, 'in-progress', {SequenceNumber: '2', ...at(3)});
  await postStatus(gateway, 1, 'completed', {SequenceNumber: '3', CallDuration: '7', ...at(5)});
  await postStatus(gateway, 1, 'completed', {SequenceNumber: '4', CallDuration: '7', ...at(5)});
  const {body} = await gateway.api(`/api/calls/${someCallSid(0x1001)}`);
  const {legs, events, ...shown} = body;
  assert.deepEqual(callSchema.parse(shown), shown);
  assert.equal(shown.providerStatus, 'completed');
  assert.equal(shown.duration, 7);
  assert.deepEqual(legs, []);
  const recorded = events.map(
    (event: {
      providerStatus: string;
      source: string;
      sequence: number;
      lagMs: number;
      verdict: string;
      repeats: number;
    }) => [event.providerStatus, event.source, event.sequence, event.lagMs, event.verdict, event.repeats],
  );
  assert.deepEqual(recorded, [
    ['ringing', 'callback', 1, 1000, 'applied', 0],
    ['completed', 'callback', 3, 0, 'applied', 1],
    ['in-progress', 'callback', 2, 2000, 'late', 0],
    ['completed', 'callback', 4, 0, 'duplicate', 0],
  ]);
  assert.equal(events[0].timestamp, '2026-01-01T12:00:04.000Z');
  assert.equal(events[0].receivedAt, '2026-01-01T12:00:05.000Z');
  assert.equal(events[0].parameters.CallStatus, 'ringing');
  assert.deepEqual(
    events.map((event: {offset: number}) => event.offset),
    [1, 2, 3, 4],
  );
});

test('[H2] the history of a call includes its legs', async () => {
  await using gateway = await startGateway();
  const parent = await postStatus(gateway, 1, 'in-progress');
  const leg = await postStatus(gateway, 2, 'ringing', {ParentCallSid: parent, Direction: 'outbound-dial'});
  const {body} = await gateway.api(`/api/calls/${parent}`);
  assert.deepEqual(
    body.legs.map((each: {callSid: string}) => each.callSid),
    [leg],
  );
  assert.deepEqual(callSchema.parse(body.legs[0]), body.legs[0]);
  assert.deepEqual(
    body.events.map((event: {callSid: string}) => event.callSid),
    [parent, leg],
  );
  assert.equal((await gateway.api(`/api/calls/${leg}`)).body.parentCallSid, parent);
});

test('[H2] an unknown call and an invalid sid get 404 call_not_found', async () => {
  await using gateway = await startGateway();
  for (const sid of [someCallSid(7), 'CA123', 'AC00000000000000000000000000000001', 'x'.repeat(500)]) {
    const answer = await gateway.api(`/api/calls/${sid}`);
    assertProblem(answer, {status: 404, code: 'call_not_found'});
    assert.equal(answer.body.context.callSid, sid.slice(0, 64));
  }
});
