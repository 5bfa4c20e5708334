/**
 * [H4] The messages listed as delivered are those the socket received, for any sequence of entries, drops,
 * resumes, subscriptions and tokens.
 *
 * A failing run prints its seed and path. `SEED=… npm test -- <this file>` repeats it.
 */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {type ProviderStatus, providerStatuses, type Scope} from '@hookswitch/protocol';
import fc from 'fast-check';
import type {Principal} from '../../../src/auth/authenticator.ts';
import type {Subscription} from '../../../src/services/feed/visibility.ts';
import {MAX_SCANNED} from '../../../src/services/sessions/delivered-messages.ts';
import {MAX_SPANS} from '../../../src/services/sessions/visibility-history.ts';
import type {Json} from '../../support/json.ts';
import {until} from '../../support/until.ts';
import type {TestClient} from '../../support/websocket/client.ts';
import {callSid, everyone, type SessionHost, startSessionHost} from './session-host.ts';

const CLIENTS = 3;
const CALLS = 9;

/** The owner of a call. */
function ownerOf(call: number): 'ann' | 'bob' | undefined {
  return ([undefined, 'ann', 'bob'] as const)[call % 3];
}

function principal(user: string, ...scopes: readonly Scope[]): Principal {
  return {user, scopes: new Set(scopes)};
}

const principals: Readonly<Record<string, Principal>> = {
  all: everyone,
  ann: principal('ann', 'calls:read'),
  'ann-all': principal('ann', 'calls:read:all'),
  'ann-none': principal('ann', 'calls:control'),
  bob: principal('bob', 'calls:read'),
};
const tokens = Object.keys(principals);

/** A connection, and how often its visibility filter may have changed. */
interface Connection {
  readonly client: TestClient;
  readonly token: string;
  changes: number;
}

type Action =
  | {readonly do: 'append'; readonly call: number; readonly status: ProviderStatus}
  | {readonly do: 'burst'; readonly count: number}
  | {readonly do: 'connect'; readonly client: number; readonly token: string; readonly resume: boolean}
  | {readonly do: 'drop' | 'check'; readonly client: number}
  | {readonly do: 'subscribe'; readonly client: number; readonly calls: Subscription}
  | {readonly do: 'refresh'; readonly client: number; readonly token: string}
  | {readonly do: 'turns'; readonly count: number};

const client = fc.nat({max: CLIENTS - 1});
const call = fc.nat({max: CALLS - 1});
const token = fc.constantFrom(...tokens);
const some = fc.uniqueArray(call, {maxLength: 6}).map((calls) => calls.map(callSid));
const calls = fc.oneof(fc.constant('all' as const), some);

function doing<const Name extends string, Rest extends object>(
  name: Name,
  rest: {[Key in keyof Rest]: fc.Arbitrary<Rest[Key]>},
): fc.Arbitrary<{readonly do: Name} & Rest> {
  return fc.record(rest).map((fields) => ({do: name, ...(fields as Rest)}));
}

const action: fc.Arbitrary<Action> = fc.oneof(
  {weight: 8, arbitrary: doing('append', {call, status: fc.constantFrom(...providerStatuses)})},
  {weight: 3, arbitrary: doing('burst', {count: fc.integer({min: 1, max: 60})})},
  {weight: 5, arbitrary: doing('connect', {client, token, resume: fc.boolean()})},
  {weight: 1, arbitrary: doing('drop', {client})},
  {weight: 1, arbitrary: doing('check', {client})},
  {weight: 5, arbitrary: doing('subscribe', {client, calls})},
  {weight: 3, arbitrary: doing('refresh', {client, token})},
  {weight: 5, arbitrary: doing('turns', {count: fc.nat({max: 12})})},
);

async function run(actions: readonly Action[], limit: number): Promise<void> {
  // The feed holds some dozens of entries. Sessions that resume further back are served from the journal.
  await using host = await startSessionHost({principals, feedBytes: 16_000});
  for (let each = 0; each < CALLS; each += 1) await open(host, each);
  const connections: (Connection | undefined)[] = [];
  const appends: Promise<unknown>[] = [];
  let fresh = 1000;
  for (const step of actions) {
    switch (step.do) {
      case 'append':
        appends.push(host.append(step.call, step.status, {reference: referenceOf(step.call)}));
        break;
      case 'burst':
        for (let left = step.count; left > 0; left -= 1) appends.push(host.append(fresh++, 'queued'));
        break;
      case 'connect': {
        const before = connections[step.client];
        if (before !== undefined) await checkDropped(host, before, limit);
        const resume = step.resume && before !== undefined ? before.client.position() : undefined;
        connections[step.client] = {
          client: await host.session({token: step.token, resume}),
          token: step.token,
          changes: 0,
        };
        break;
      }
      case 'drop':
        connections[step.client]?.client.terminate();
        break;
      case 'check':
        await checkLive(host, connections[step.client], limit);
        break;
      case 'subscribe':
        change(connections[step.client], {type: 'call.subscribe', calls: step.calls});
        break;
      case 'refresh': {
        const connection = connections[step.client];
        // Another user's token would end the session.
        if (principals[connection?.token ?? '']?.user === principals[step.token]?.user)
          change(connection, {type: 'session.refresh', token: step.token});
        break;
      }
      case 'turns':
        for (let left = step.count; left > 0; left -= 1)
          await new Promise((resolve) => setImmediate(resolve));
        break;
    }
  }
  await Promise.all(appends);
  await host.caughtUp();
  for (const connection of connections) {
    await checkLive(host, connection, limit);
    if (connection !== undefined) await checkDropped(host, connection, limit);
  }
  assert.doesNotMatch(host.logs.join(''), /"level":"error"/);
}

function referenceOf(each: number): string | undefined {
  return ownerOf(each) === undefined ? undefined : `reference-${each}`;
}

/** Appends an intent, so that the call has an owner. */
async function open(host: SessionHost, each: number): Promise<void> {
  const user = ownerOf(each);
  const reference = referenceOf(each);
  if (user === undefined || reference === undefined) return;
  const numbers = {from: '+15005550006', to: '+15550100001'};
  await host.journal.openIntent({reference, user, requestHash: '', createdAt: 0, ...numbers}, 0);
}

function change(connection: Connection | undefined, message: Json): void {
  if (connection === undefined || connection.client.ws.readyState !== connection.client.ws.OPEN) return;
  connection.client.send(message);
  connection.changes += 1;
}

/** Checks that an open connection, once it is at the head, received exactly the listed messages. */
async function checkLive(
  host: SessionHost,
  connection: Connection | undefined,
  limit: number,
): Promise<void> {
  if (connection === undefined) return;
  const {client} = connection;
  if (client.ws.readyState !== client.ws.OPEN) return;
  const head = host.journal.head();
  const {sessionId} = await client.ready();
  await until(() => (host.describe(sessionId)?.offset ?? 0) >= head, {what: 'the session to reach the head'});
  // The response follows all earlier writes. When it has arrived, they have arrived too.
  const answered = client.of('error').length;
  client.send({type: 'call.action', action: 'disconnect', callSid: 'none', requestId: 'end'});
  await until(() => client.of('error').length > answered, {what: 'an answer'});
  assert.deepEqual(await sentTo(host, connection, limit, head), received(client, head));
}

/** Checks that a dropped connection received a prefix of the messages written to it. */
async function checkDropped(host: SessionHost, connection: Connection, limit: number): Promise<void> {
  const {client} = connection;
  client.terminate();
  await client.closed();
  const {sessionId} = await client.ready();
  await until(() => host.describe(sessionId) === undefined, {what: 'the session to be gone'});
  const sent = await sentTo(host, connection, limit);
  const got = received(client);
  assert.deepEqual(sent.slice(0, got.length), got);
}

function received(client: TestClient, upTo = Number.POSITIVE_INFINITY): readonly Json[] {
  return client.raw
    .map((text): Json => JSON.parse(text))
    .filter((message) => message.type === 'call.status' && message.offset <= upTo);
}

/**
 * The messages in the listing, oldest first. Before `from` the listing is unknown, so the received ones are
 * added.
 */
async function sentTo(
  host: SessionHost,
  {client, changes}: Connection,
  limit: number,
  upTo = Number.POSITIVE_INFINITY,
): Promise<readonly Json[]> {
  const {sessionId, offset} = await client.ready();
  const {messages, from} = await allSent(host, sessionId, limit);
  if (changes < MAX_SPANS) assert.equal(from, offset, 'it began elsewhere');
  const beyond = received(client, from);
  return [...beyond, ...messages.toReversed().filter((message) => message.offset <= upTo)];
}

async function allSent(host: SessionHost, sessionId: string, limit: number) {
  const messages: Json[] = [];
  let before: number | undefined;
  let pages = 0;
  for (;;) {
    const page = await host.sessions.sessionList.sent(sessionId, {before, limit});
    assert.ok(page !== undefined, 'a session that is open or was just closed');
    assert.equal(page.session.sessionId, sessionId);
    assert.ok(page.messages.length <= limit);
    pages += 1;
    for (const {offset, message} of page.messages) {
      assert.equal(offset, message.offset);
      assert.ok(before === undefined || offset < before, 'twice');
      messages.push(JSON.parse(JSON.stringify(message)));
    }
    if (page.nextBefore === undefined) return {messages, from: page.from, pages};
    assert.ok(before === undefined || page.nextBefore < before, 'does not come to an end');
    before = page.nextBefore;
  }
}

const {SEED} = process.env;
const seed = SEED === undefined ? undefined : Number(SEED);
const actions = fc.array(action, {minLength: 5, maxLength: 60, size: 'max'});

test('[H4] the messages listed as delivered are exactly those that the socket received', async () => {
  const property = fc.asyncProperty(actions, fc.integer({min: 1, max: 40}), run);
  await fc.assert(property, {numRuns: 60, seed, interruptAfterTimeLimit: 10_000, endOnFailure: true});
});

test('[H4] a session that sees few of many entries is listed completely, in bounded steps', async () => {
  await using host = await startSessionHost({principals});
  await open(host, 1);
  const few = await host.session({token: 'ann'});
  const own = (status: ProviderStatus) => host.append(1, status, {reference: referenceOf(1)});
  await own('queued');
  await host.appendCalls(3 * MAX_SCANNED, {first: 1000});
  await own('ringing');
  await few.receive('call.status', ({status}) => status === 'ringing');
  const read = host.journal.read.bind(host.journal);
  let scanned = 0;
  host.journal.read = async (after, limit) => {
    scanned += limit;
    return read(after, limit);
  };
  const {sessionId} = await few.ready();
  const {messages, pages} = await allSent(host, sessionId, 10);
  assert.deepEqual(
    messages.map(({status}) => status),
    ['ringing', 'initiating'],
  );
  assert.equal(pages, 4);
  assert.ok(scanned <= 4 * (MAX_SCANNED + 1), `${scanned} entries`);
});

test('[H4] trimmed messages are no longer listed, and `from` moves up', async () => {
  await using host = await startSessionHost({principals});
  const session = await host.session();
  await host.append(1, 'ringing');
  await host.append(1, 'completed');
  await host.append(2, 'ringing');
  await session.receive('call.status', ({offset}) => offset === 3);
  const {sessionId} = await session.ready();
  assert.deepEqual((await allSent(host, sessionId, 10)).messages, received(session).toReversed());
  await host.journal.trim({endedBefore: Date.now() + 1000, limit: 10});
  const {messages, from} = await allSent(host, sessionId, 10);
  assert.equal(from, 2);
  assert.deepEqual(messages, received(session).slice(2));
});
