/**
 * No sequence of cursors, subscriptions, refreshes and resumes shows a client a foreign entry or withholds an
 * own one (A2, W8, W10, W11).
 *
 * The feed is small, so that entries come from memory and from disk.
 */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {Scope} from '@hookswitch/protocol';
import fc from 'fast-check';
import type {Principal} from '../../src/auth/authenticator.ts';
import {callSid, type SessionHost, startSessionHost} from '../integration/websocket/session-host.ts';
import type {TestClient} from '../support/websocket/client.ts';

const USERS = ['ann', 'bob', 'Ann', 'ann ', 'user:bob', 'CA1|all'] as const;
const CALLS = 24;

/** Every fourth call is inbound and has no owner. */
function ownerOf(call: number): string | undefined {
  return call % 4 === 3 ? undefined : USERS[call % USERS.length];
}

const owners = new Map(Array.from({length: CALLS * 100}, (_, call) => [callSid(call), ownerOf(call)]));

const grants: Readonly<Record<string, readonly Scope[]>> = {
  own: ['calls:read'],
  more: ['calls:read', 'calls:control', 'calls:control:all', 'sessions:read'],
  none: ['sessions:read', 'calls:control:all'],
};

/** A token for each user with each grant, named `user/grant`. */
const principals: Record<string, Principal> = {};
const tokens: string[] = [];
for (const [index, user] of USERS.entries())
  for (const [grant, scopes] of Object.entries(grants)) {
    const token = `token-${index}-${grant}`;
    principals[token] = {user, scopes: new Set(scopes)};
    tokens.push(token);
  }

type Step =
  | {readonly kind: 'connect'; readonly from: number | undefined; readonly epoch: 'right' | 'wrong'}
  | {readonly kind: 'subscribe'; readonly calls: 'all' | readonly number[]}
  | {readonly kind: 'refresh'; readonly grant: string}
  | {readonly kind: 'steal'; readonly token: string}
  | {readonly kind: 'happen'; readonly call: number};

const call = fc.nat({max: CALLS - 1});
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('connect' as const),
    from: fc.option(fc.nat({max: 400}), {nil: undefined}),
    epoch: fc.constantFrom('right' as const, 'right' as const, 'right' as const, 'wrong' as const),
  }),
  fc.record({
    kind: fc.constant('subscribe' as const),
    calls: fc.oneof(fc.constant('all' as const), fc.array(call, {maxLength: 30})),
  }),
  fc.record({kind: fc.constant('refresh' as const), grant: fc.constantFrom(...Object.keys(grants))}),
  fc.record({kind: fc.constant('steal' as const), token: fc.constantFrom(...tokens)}),
  fc.record({kind: fc.constant('happen' as const), call}),
);

/** The actions of one user in consecutive sessions. */
class Client {
  readonly #host: SessionHost;
  readonly #index: number;
  #grant = 'own';
  #client: TestClient | undefined;
  #asked = 0;
  readonly seen: TestClient[] = [];

  constructor(host: SessionHost, index: number) {
    this.#host = host;
    this.#index = index;
  }

  get user(): string {
    return USERS[this.#index] ?? '';
  }

  async take(next: Step): Promise<void> {
    switch (next.kind) {
      case 'connect': {
        this.#client?.terminate();
        const epoch = next.epoch === 'right' ? this.#host.epoch : 'another';
        const resume = next.from === undefined ? undefined : {epoch, offset: next.from};
        this.#client = await this.#host.session({token: this.#token(), resume});
        this.seen.push(this.#client);
        break;
      }
      case 'subscribe': {
        const calls = next.calls === 'all' ? 'all' : next.calls.map(callSid);
        this.#client?.send({type: 'call.subscribe', calls});
        break;
      }
      case 'refresh':
        this.#grant = next.grant;
        this.#client?.send({type: 'session.refresh', token: this.#token()});
        break;
      case 'steal':
        // Another user's token ends the session, and a token of the same user changes its visibility.
        this.#client?.send({type: 'session.refresh', token: next.token});
        if (principals[next.token]?.user === this.user) this.#grant = next.token.split('-')[2] ?? '';
        else {
          assert.equal((await this.#client?.closed()) ?? 4403, 4403);
          this.#client = undefined;
        }
        break;
      case 'happen':
        await appendNewCall(this.#host, next.call);
        break;
    }
    await this.#settled();
    this.check();
  }

  /** Resolves when all earlier requests have been answered. */
  async #settled(): Promise<void> {
    const client = this.#client;
    if (client === undefined) return;
    await this.#host.caughtUp();
    this.#asked += 1;
    const requestId = `settled-${this.#asked}`;
    client.send({type: 'call.action', action: 'disconnect', callSid: 'nothing', requestId});
    await client.receive('error', (error) => error.requestId === requestId);
  }

  check(): void {
    for (const {messages} of this.seen)
      for (const message of messages) {
        const shown =
          message.type === 'call.snapshot' ? message.calls : message.type === 'call.status' ? [message] : [];
        for (const each of shown)
          assert.equal(owners.get(each.callSid), this.user, `${this.user} was shown ${each.callSid}`);
      }
  }

  #token(): string {
    return `token-${this.#index}-${this.#grant}`;
  }
}

let newest = CALLS;

/** A new call with the owner of `like`. */
async function appendNewCall(host: SessionHost, like: number): Promise<void> {
  const each = newest + like;
  newest += CALLS;
  await open(host, each);
  await host.append(each, 'queued', {reference: referenceOf(each)});
  await host.append(each, 'completed', {reference: referenceOf(each)});
}

function referenceOf(each: number): string | undefined {
  return ownerOf(each) === undefined ? undefined : `reference-${each}`;
}

/** Appends an intent, so that the call has an owner. */
async function open(host: SessionHost, each: number): Promise<void> {
  const user = ownerOf(each);
  const reference = referenceOf(each);
  if (user === undefined || reference === undefined) return;
  await host.journal.openIntent({reference, user, requestHash: '', from: '', to: '', createdAt: 0}, 0);
}

async function fill(host: SessionHost): Promise<void> {
  for (let each = 0; each < CALLS; each += 1) await open(host, each);
  for (const status of ['queued', 'initiated', 'ringing', 'in-progress'] as const)
    for (let each = 0; each < CALLS; each += 1) {
      await host.append(each, status, {
        reference: referenceOf(each),
        to: `+1555010${String(each).padStart(4, '0')}`.padEnd(200, 'x'),
      });
    }
  await host.caughtUp();
}

test('[A2] no cursor, subscription, refresh or resume shows another user’s entry', async () => {
  await using host = await startSessionHost({feedBytes: 12_000, principals});
  await fill(host);
  await fc.assert(
    fc.asyncProperty(
      fc.nat({max: USERS.length - 1}),
      fc.array(step, {minLength: 1, maxLength: 12}),
      async (index, steps) => {
        const visitor = new Client(host, index);
        await visitor.take({kind: 'connect', from: 0, epoch: 'right'});
        for (const next of steps) await visitor.take(next);
        for (const client of visitor.seen) client.terminate();
      },
    ),
    {seed: 20_261_122, numRuns: 60},
  );
});

test('[A2] [W11] each user receives all of their own entries', async () => {
  await using host = await startSessionHost({feedBytes: 12_000, principals});
  await fill(host);
  for (const [index, user] of USERS.entries()) {
    const client = await host.session({token: `token-${index}-own`, resume: {epoch: host.epoch, offset: 0}});
    client.send({type: 'call.subscribe', calls: 'all', requestId: 'after'});
    const {calls} = await client.receive('call.snapshot', ({requestId}) => requestId === 'after');
    const own = Array.from({length: CALLS}, (_, each) => each).filter((each) => ownerOf(each) === user);
    assert.ok(own.length > 0);
    assert.deepEqual(new Set(calls.map((each) => each.callSid)), new Set(own.map(callSid)));
    assert.equal(client.of('call.status').length, own.length * 4);
    const blind = await host.session({token: `token-${index}-none`, resume: {epoch: host.epoch, offset: 0}});
    blind.send({type: 'call.subscribe', calls: 'all', requestId: 'after'});
    assert.deepEqual((await blind.receive('call.snapshot')).calls, []);
    assert.deepEqual(blind.of('call.status'), []);
  }
});
