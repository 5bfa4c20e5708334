/**
 * Seeded runs of the client against the real gateway: continuing calls, lost and stalled connections, gateway
 * restarts, replaced journals, late and duplicate callbacks, page reloads.
 *
 * `FC_SEED=n npm test -- packages/client/test/model.test.ts` repeats a run.
 */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {Call, CallStatusMessage} from '@hookswitch/protocol';
import fc from 'fast-check';
import {ACCESS_KEY, startGateway, type TestGateway} from '../../../test/support/gateway/gateway.ts';
import {postWebhook, someCallSid, statusFields} from '../../../test/support/twilio/signed-webhook.ts';
import {until} from '../../../test/support/until.ts';
import {createClient, type HookswitchClient, HookswitchError} from '../src/index.ts';
import {restartOnNewJournal} from './support/new-journal.ts';
import {TcpProxy} from './support/tcp-proxy.ts';
import {phase} from './support/watch.ts';

const SEED = Number(process.env['FC_SEED'] ?? 20_260_101);
const RUNS = 8;

const lives = [
  ['initiated', 'ringing', 'in-progress', 'completed'],
  ['initiated', 'ringing', 'busy'],
  ['ringing', 'no-answer'],
] as const;

type Action =
  /** Sends the next callback of a call. `late` sends the following one first, and `twice` sends it again. */
  | {readonly do: 'callback'; readonly call: number; readonly how: 'once' | 'twice' | 'late'}
  | {
      readonly do:
        | 'cut'
        | 'refuse'
        | 'allow'
        | 'stall'
        | 'restart'
        | 'new-journal'
        | 'reload'
        | 'place'
        | 'disconnect';
    };

const rare = ['restart', 'new-journal', 'reload'] as const;
const usual = ['cut', 'refuse', 'allow', 'stall', 'place', 'disconnect'] as const;

const actions = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant('callback' as const),
        call: fc.nat(5),
        how: fc.constantFrom('once' as const, 'once' as const, 'twice' as const, 'late' as const),
      }),
    },
    {weight: 4, arbitrary: fc.constantFrom(...usual).map((what): Action => ({do: what}))},
    {weight: 1, arbitrary: fc.constantFrom(...rare).map((what): Action => ({do: what}))},
  ),
  {minLength: 15, maxLength: 30},
);

/** A reader of `events()` and the messages it received. */
class Reader {
  readonly seen: CallStatusMessage[] = [];
  /** The number of messages received before each error about lost messages. */
  readonly resets: number[] = [];
  readonly done: Promise<void>;

  constructor(client: HookswitchClient) {
    this.done = this.#read(client);
  }

  async #read(client: HookswitchClient): Promise<void> {
    for (;;) {
      try {
        for await (const message of client.events()) this.seen.push(message);
        return;
      } catch (error) {
        assert.ok(error instanceof HookswitchError && error.code === 'events_reset', String(error));
        this.resets.push(this.seen.length);
      }
    }
  }
}

class World implements AsyncDisposable {
  readonly #gateway: TestGateway;
  readonly #proxy: TcpProxy;
  readonly #random: () => number;
  readonly #stored = new Map<string, string>();
  /** The progress of each call. */
  readonly #progress = new Map<number, number>();
  readonly #disconnects: Promise<unknown>[] = [];
  /** A separate call for each check, so that its start adds one entry. */
  #marks = 0;
  client: HookswitchClient;
  reader: Reader;

  constructor(gateway: TestGateway, proxy: TcpProxy, random: () => number) {
    this.#gateway = gateway;
    this.#proxy = proxy;
    this.#random = random;
    this.client = this.#open();
    this.reader = new Reader(this.client);
  }

  #open(): HookswitchClient {
    return createClient({
      url: this.#proxy.url,
      token: ACCESS_KEY,
      connect: 'now',
      storage: 'session',
      // Delays are a tenth of the real ones, because the test is about the order of events.
      random: () => this.#random() / 10,
      sessionStorage: {
        getItem: (key) => this.#stored.get(key) ?? null,
        setItem: (key, value) => void this.#stored.set(key, value),
        removeItem: (key) => void this.#stored.delete(key),
      },
    });
  }

  async perform(action: Action): Promise<void> {
    switch (action.do) {
      case 'callback':
        return this.#callback(action.call, action.how);
      case 'cut':
        return this.#proxy.cut();
      case 'refuse':
        this.#proxy.refusing = true;
        return this.#proxy.cut();
      case 'allow':
        this.#proxy.refusing = false;
        return;
      case 'stall':
        // Dropped bytes are lost, so the only useful next step is to close the connection.
        this.#proxy.stall(true);
        await new Promise((resolve) => setImmediate(resolve));
        this.#proxy.cut();
        return this.#proxy.stall(false);
      case 'restart':
        return this.#gateway.restart();
      case 'new-journal':
        this.#progress.clear();
        return restartOnNewJournal(this.#gateway);
      case 'reload':
        return this.#reload();
      case 'place':
        await this.#gateway.place({to: '+15550100001', twiml: '<Response><Pause length="600"/></Response>'});
        return;
      case 'disconnect': {
        const [call] = this.client.calls.getSnapshot();
        // Not awaited, because the connection or the gateway may end before the client sees the result.
        if (call !== undefined)
          this.#disconnects.push(this.#disconnect(call.callSid).catch((error: unknown) => error));
      }
    }
  }

  /** The simulator does not know a call that a webhook invented. Its error is also a valid response. */
  async #disconnect(callSid: string): Promise<void> {
    try {
      const ended = await this.client.disconnect(callSid, {timeoutMs: 20_000});
      assert.equal(ended.ended, true);
    } catch (error) {
      assert.ok(error instanceof HookswitchError, String(error));
      assert.ok(
        ['provider_error', 'call_not_found', 'disposed', 'call_ended'].includes(error.code),
        error.code,
      );
    }
  }

  async #reload(): Promise<void> {
    await this.client.dispose();
    await this.reader.done;
    this.client = this.#open();
    this.reader = new Reader(this.client);
  }

  async #callback(call: number, how: 'once' | 'twice' | 'late'): Promise<void> {
    const life = lives[call % lives.length] ?? lives[0];
    const at = this.#progress.get(call) ?? 0;
    if (at >= life.length) return;
    const send = async (index: number) => {
      const CallStatus = life[index];
      if (CallStatus === undefined) return;
      const fields = {CallSid: someCallSid(call), CallStatus, SequenceNumber: String(index)};
      const {status} = await postWebhook(this.#gateway, statusFields(this.#gateway, fields));
      assert.equal(status, 204);
    };
    if (how === 'late') await send(at + 1);
    await send(at);
    if (how === 'twice') await send(at);
    this.#progress.set(call, at + (how === 'late' ? 2 : 1));
  }

  /** Waits until everything has settled, and compares. */
  async settle(): Promise<void> {
    const {client} = this;
    this.#proxy.refusing = false;
    client.connect();
    for (const fault of await Promise.all(this.#disconnects.splice(0))) assert.equal(fault, undefined);
    this.#marks += 1;
    const mark = someCallSid(1000 + this.#marks);
    const fields = {CallSid: mark, CallStatus: 'ringing', SequenceNumber: '1'};
    await postWebhook(this.#gateway, statusFields(this.#gateway, fields));
    await phase(client, 'live');
    const offsetOf = ({offset}: Call) => offset;
    const shown = await until(async () => {
      const {body} = await this.#gateway.api('/api/calls?status=active&limit=200');
      const calls: Call[] = body.calls;
      const held = client.calls.getSnapshot();
      const same =
        held.length === calls.length &&
        Math.max(...held.map(offsetOf)) === Math.max(...calls.map(offsetOf)) &&
        held.some(({callSid}) => callSid === mark);
      return same && {held, calls};
    });
    const essence = (call: Call) => {
      const {callSid, status, providerStatus, reason, direction, from, to, offset} = call;
      return {callSid, status, providerStatus, reason, direction, from, to, offset};
    };
    const bySid = (a: Call, b: Call) => (a.callSid < b.callSid ? -1 : 1);
    assert.deepEqual(shown.held.toSorted(bySid).map(essence), shown.calls.toSorted(bySid).map(essence));
    await this.#compareEvents();
  }

  /** Since the last reset the reader has received the journal's messages once and in order. */
  async #compareEvents(): Promise<void> {
    const {seen, resets} = this.reader;
    const first = seen[resets.at(-1) ?? 0];
    if (first === undefined) return;
    const {head, pushed} = await this.#pushedFrom(first.offset);
    await until(() => (seen.at(-1)?.offset ?? 0) >= (pushed.at(-1) ?? 0));
    const told = seen.slice(resets.at(-1) ?? 0).map(({offset}) => offset);
    assert.deepEqual(
      told.filter((offset) => offset <= head),
      pushed,
    );
  }

  /** The journal's pushed messages from an offset on, read by a raw session that resumes just before it. */
  async #pushedFrom(offset: number): Promise<{readonly head: number; readonly pushed: readonly number[]}> {
    const fresh = await this.#gateway.session();
    const {epoch, offset: head} = await fresh.ready();
    const raw = await this.#gateway.session({resume: {epoch, offset: offset - 1}});
    // The heartbeat ends the replay. Calls continue in the meantime, but the list is complete up to the head.
    await raw.receive('session.heartbeat');
    fresh.terminate();
    raw.terminate();
    const pushed = raw.of('call.status').map((message) => message.offset);
    return {head, pushed: pushed.filter((at) => at <= head)};
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.dispose();
    await this.reader.done;
  }
}

test(`[W11] [W12] through all events, the client shows the true state (seed ${SEED})`, async () => {
  await fc.assert(
    fc.asyncProperty(actions, fc.integer(), async (run, jitter) => {
      await using gateway = await startGateway();
      await using proxy = await TcpProxy.to(() => gateway.environment.port);
      let seed = jitter >>> 0;
      const random = () => {
        seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
        return seed / 2 ** 32;
      };
      await using world = new World(gateway, proxy, random);
      for (const [at, action] of run.entries()) {
        await world.perform(action);
        if (at % 10 === 9) await world.settle();
      }
      await world.settle();
    }),
    {seed: SEED, numRuns: RUNS, endOnFailure: true},
  );
});
