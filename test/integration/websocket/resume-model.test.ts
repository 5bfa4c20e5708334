/**
 * [W11] [W12] [W13] Any sequence of callbacks, drops, resumes, subscriptions and stalled readers.
 *
 * A failing run prints its seed and path. `SEED=… npm test -- <this file>` repeats it.
 */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {type ProviderStatus, providerStatuses, type ServerMessage} from '@hookswitch/protocol';
import fc from 'fast-check';
import type {Subscription} from '../../../src/services/feed/visibility.ts';
import type {Session, SessionSocket} from '../../../src/services/sessions/session.ts';
import {until} from '../../support/until.ts';
import {decodeFrame, opcodes, RawWebSocket} from '../../support/websocket/raw-websocket.ts';
import {type Link, ModelClient, type Position} from './resume-model.ts';
import {callSid, everyone, type SessionHost, startSessionHost} from './session-host.ts';

const CLIENTS = 3;
const CALLS = 12;

/**
 * A reader on the socket port: it reads a frame per turn, or none while stalled, and then reports the drain.
 */
class SimulatedLink implements Link, SessionSocket {
  readonly messages: ServerMessage[] = [];
  readonly #host: SessionHost;
  readonly #queue: Buffer[] = [];
  #session: Session | undefined;
  #stalled = false;
  #taking = false;
  #gone = false;
  #wasFull = false;
  unsentBytes = 0;
  drainMark = 0;

  constructor(host: SessionHost, resume: Position | undefined) {
    this.#host = host;
    const peer = {address: '127.0.0.1', protocol: ''};
    this.#session = host.sessions.open({socket: this, principal: everyone, peer, resume});
  }

  write(...frames: readonly Buffer[]): void {
    if (this.#gone) return;
    for (const frame of frames) {
      this.#queue.push(frame);
      this.unsentBytes += frame.length;
    }
    // Like a stream: the end of the queue is reported only if it had grown beyond the high-water mark.
    this.#wasFull ||= this.unsentBytes > 65_536;
    this.#takeLater();
  }

  ping(): void {}

  close(code: number): void {
    throw new Error(`closed with ${code}`);
  }

  terminate(): void {
    void this.drop();
  }

  subscribe(calls: Subscription, requestId: string): void {
    if (this.#session !== undefined) this.#host.sessions.subscribe(this.#session, calls, requestId);
  }

  async drop(): Promise<void> {
    this.#gone = true;
    if (this.#session !== undefined) this.#host.sessions.handleClose(this.#session, 1006);
  }

  stall(): void {
    this.#stalled = true;
  }

  flow(): void {
    this.#stalled = false;
    this.#takeLater();
  }

  #takeLater(): void {
    if (this.#taking) return;
    this.#taking = true;
    setImmediate(() => {
      this.#taking = false;
      if (!this.#stalled && !this.#gone) this.#take();
    });
  }

  #take(): void {
    const next = this.#queue.shift();
    if (next === undefined) return;
    for (let rest = next, frame = decodeFrame(rest); frame !== undefined; frame = decodeFrame(rest)) {
      this.messages.push(JSON.parse(frame.frame.payload.toString()) as ServerMessage);
      rest = rest.subarray(frame.size);
    }
    this.unsentBytes -= next.length;
    if (this.#queue.length > 0) this.#takeLater();
    else if (this.#wasFull && this.#session !== undefined) {
      this.#wasFull = false;
      this.#host.sessions.handleDrain(this.#session);
    }
  }
}

/** The same over TCP, with a raw WebSocket. */
class RawLink implements Link {
  readonly #client: RawWebSocket;
  #parsed: ServerMessage[] = [];
  #frames = 0;

  constructor(client: RawWebSocket) {
    this.#client = client;
  }

  get messages(): readonly ServerMessage[] {
    const fresh = this.#client.frames.slice(this.#frames).filter(({opcode}) => opcode === opcodes.text);
    this.#frames = this.#client.frames.length;
    this.#parsed = [
      ...this.#parsed,
      ...fresh.map(({payload}) => JSON.parse(payload.toString()) as ServerMessage),
    ];
    return this.#parsed;
  }

  subscribe(calls: Subscription, requestId: string): void {
    this.#client.sendJson({type: 'call.subscribe', calls, requestId});
  }

  async drop(): Promise<void> {
    this.#client.vanish();
    await this.#client.closed();
  }

  stall(): void {
    this.#client.stopReading();
  }

  flow(): void {
    this.#client.readOn();
  }
}

type Action =
  | {readonly do: 'append'; readonly call: number; readonly status: ProviderStatus}
  | {readonly do: 'burst'; readonly count: number}
  | {readonly do: 'connect' | 'drop' | 'stall' | 'flow'; readonly client: number}
  | {readonly do: 'subscribe'; readonly client: number; readonly calls: Subscription}
  | {readonly do: 'turns'; readonly count: number}
  | {readonly do: 'settle'};

const client = fc.nat({max: CLIENTS - 1});
const call = fc.nat({max: CALLS - 1});
const some = fc.uniqueArray(call, {maxLength: 6}).map((calls) => calls.map(callSid));
const subscription = fc.oneof(fc.constant('all' as const), some);

const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('append' as const),
      call,
      status: fc.constantFrom(...providerStatuses),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({do: fc.constant('burst' as const), count: fc.integer({min: 1, max: 40})}),
  },
  {weight: 4, arbitrary: fc.record({do: fc.constant('connect' as const), client})},
  {weight: 2, arbitrary: fc.record({do: fc.constantFrom('drop', 'stall', 'flow'), client})},
  {weight: 2, arbitrary: fc.record({do: fc.constant('subscribe' as const), client, calls: subscription})},
  {weight: 4, arbitrary: fc.record({do: fc.constant('turns' as const), count: fc.nat({max: 12})})},
  {weight: 1, arbitrary: fc.record({do: fc.constant('settle' as const)})},
);

/** Each entry has some 12 KB, so that two dozen of them exceed both the socket's limit and the feed. */
const TO = `sip:${'x'.repeat(12_000)}@example.com`;
const FEED_BYTES = 150_000;

async function run(
  actions: readonly Action[],
  connect: (host: SessionHost, resume: Position | undefined) => Promise<Link>,
): Promise<void> {
  await using host = await startSessionHost({feedBytes: FEED_BYTES});
  const clients = Array.from({length: CLIENTS}, () => new ModelClient((resume) => connect(host, resume)));
  const appends: Promise<unknown>[] = [];
  let fresh = 1000;
  for (const step of actions) {
    switch (step.do) {
      case 'append':
        appends.push(host.append(step.call, step.status, {to: TO}));
        break;
      case 'burst':
        for (let left = step.count; left > 0; left -= 1)
          appends.push(host.append(fresh++, 'queued', {to: TO}));
        break;
      case 'connect':
        await clients[step.client]?.connect();
        break;
      case 'drop':
        await clients[step.client]?.drop(host.journal);
        break;
      case 'stall':
      case 'flow':
        clients[step.client]?.link?.[step.do]();
        break;
      case 'subscribe':
        clients[step.client]?.subscribe(step.calls);
        break;
      case 'turns':
        for (let left = step.count; left > 0; left -= 1)
          await new Promise((resolve) => setImmediate(resolve));
        break;
      case 'settle':
        await Promise.all(appends);
        await host.caughtUp();
        break;
    }
  }
  await Promise.all(appends);
  const {entry} = await host.append(999_999, 'ringing');
  for (const each of clients) {
    // A client that reads again reaches the head on its connection, and so does a new connection.
    await reachHead(each, entry.offset);
    await each.drop(host.journal);
    await each.connect();
    await reachHead(each, entry.offset);
    await each.drop(host.journal);
  }
  await until(() => host.sessions.openCount === 0);
  assert.doesNotMatch(host.logs.join(''), /"level":"error"/);
}

async function reachHead(client: ModelClient, head: number): Promise<void> {
  const {link} = client;
  if (link === undefined) return;
  link.flow();
  client.subscribe('all');
  const reached = () => link.messages.some((message) => 'offset' in message && message.offset >= head);
  await until(reached, {what: 'a client to reach the head', timeoutMs: 20_000});
}

const {SEED} = process.env;
const seed = SEED === undefined ? undefined : Number(SEED);
const actions = fc.array(action, {minLength: 5, maxLength: 60, size: 'max'});

test('[W11] [W12] [W13] over the socket port, every client receives the visible journal once and in order', async () => {
  const property = fc.asyncProperty(actions, (list) =>
    run(list, async (host, resume) => new SimulatedLink(host, resume)),
  );
  await fc.assert(property, {numRuns: 60, seed, interruptAfterTimeLimit: 12_000, endOnFailure: true});
});

test('[W11] [W12] [W13] over TCP, every client receives the visible journal once and in order', async () => {
  const property = fc.asyncProperty(actions, (list) =>
    run(list, async (host, resume) => {
      const query = resume === undefined ? '' : `?epoch=${resume.epoch}&offset=${resume.offset}`;
      return new RawLink(await RawWebSocket.open(host.url, 'all', {path: `/ws${query}`}));
    }),
  );
  await fc.assert(property, {numRuns: 25, seed, interruptAfterTimeLimit: 10_000, endOnFailure: true});
});
