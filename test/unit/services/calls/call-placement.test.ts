/**
 * Idempotency keys belong to a user, and placing needs its scope (H1, A2). Uses a real journal and a Twilio
 * that counts.
 */
import assert from 'node:assert/strict';
import {mkdtemp, rm} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {test} from 'node:test';
import type {Scope} from '@hookswitch/protocol';
import {pino} from 'pino';
import type {Principal} from '../../../../src/auth/authenticator.ts';
import {LocalPlacementLedger} from '../../../../src/cluster/local-placement-ledger.ts';
import {SqliteJournal} from '../../../../src/journal/sqlite/sqlite-journal.ts';
import {createMetrics} from '../../../../src/observability/metrics.ts';
import {CallService} from '../../../../src/services/calls/call-service.ts';
import {HangUp} from '../../../../src/services/calls/hang-up.ts';
import {PlacementLimits} from '../../../../src/services/calls/placement-limits.ts';
import {LiveFeed} from '../../../../src/services/feed/live-feed.ts';
import type {DialRequest, TwilioClient} from '../../../../src/twilio/twilio-client.ts';
import {ManualClock} from '../../../support/manual-clock.ts';
import {someCallSid} from '../../../support/twilio/signed-webhook.ts';

const REQUEST = {to: '+15550100001'};

function user(name: string, ...granted: Scope[]): Principal {
  const all: Scope[] = ['calls:read', 'calls:control'];
  return {user: name, scopes: new Set(granted.length > 0 ? granted : all)};
}

class Bench implements AsyncDisposable {
  readonly dialed: DialRequest[] = [];
  readonly journal: SqliteJournal;
  readonly feed: LiveFeed;
  readonly calls: CallService;
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    const clock = new ManualClock();
    const logger = pino({level: 'silent'});
    this.journal = new SqliteJournal({file: path.join(folder, 'j.db')});
    const common = {journal: this.journal, clock, logger};
    this.feed = new LiveFeed(common);
    const twilio: TwilioClient = {
      dial: async (request) => {
        this.dialed.push(request);
        const callSid = someCallSid(0x1000 + this.dialed.length);
        return {kind: 'placed', call: {callSid, providerStatus: 'queued'}};
      },
      end: async (callSid) => ({kind: 'accepted', call: {callSid, providerStatus: 'canceled'}}),
      fetch: async () => ({kind: 'missing'}),
      list: async () => ({kind: 'page', calls: []}),
    };
    const withFeed = {...common, feed: this.feed, twilio};
    const maximum = {maxCallsPerMinute: 100, maxActiveCalls: 100};
    this.calls = new CallService({
      ...withFeed,
      hangUp: new HangUp(withFeed),
      limits: new PlacementLimits({
        ...withFeed,
        ...maximum,
        ledger: new LocalPlacementLedger({clock}),
        allowedDestinations: 'any',
      }),
      metrics: createMetrics(),
      publicUrl: 'https://gateway.example.com',
      phoneNumber: '+15005550006',
      callTimeLimitS: 60,
    });
  }

  static async open(): Promise<Bench> {
    const bench = new Bench(await mkdtemp(path.join(os.tmpdir(), 'hookswitch-test-')));
    await bench.journal.open();
    await bench.feed.start();
    return bench;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.calls.stop();
    this.feed.stop();
    await this.journal.close();
    await rm(this.#folder, {recursive: true, force: true});
  }
}

test('[H1] two users with the same key get two calls of their own, even at the same time', async () => {
  await using bench = await Bench.open();
  const [ann, bob] = await Promise.all([
    bench.calls.place(user('ann'), REQUEST, 'key'),
    bench.calls.place(user('bob'), {to: '+15550100002'}, 'key'),
  ]);
  assert.notEqual(ann.call.callSid, bob.call.callSid);
  assert.deepEqual([ann.call.owner, bob.call.owner], ['ann', 'bob']);
  const again = await bench.calls.place(user('bob'), {to: '+15550100002'}, 'key');
  assert.ok(again.replayed);
  assert.equal(again.call.callSid, bob.call.callSid);
  assert.equal(bench.dialed.length, 2);
});

test('[A2] placing needs calls:control, and calls:read does not grant it', async () => {
  await using bench = await Bench.open();
  for (const scope of ['calls:read', 'calls:read:all', 'sessions:read'] as const) {
    await assert.rejects(bench.calls.place(user('eve', scope), REQUEST, 'key'), {
      code: 'forbidden',
      status: 403,
    });
  }
  assert.equal(bench.dialed.length, 0);
  await bench.calls.place(user('ann', 'calls:control:all'), REQUEST);
});

test('[A2] [H3] a user can end their own calls, an operator all calls, and foreign calls are unknown', async () => {
  await using bench = await Bench.open();
  const {call} = await bench.calls.place(user('ann'), REQUEST);
  await assert.rejects(bench.calls.disconnect(user('bob'), call.callSid), {code: 'call_not_found'});
  await assert.rejects(bench.calls.disconnect(user('eve', 'calls:read:all'), call.callSid), {
    code: 'forbidden',
  });
  await assert.rejects(bench.calls.disconnect(user('ann', 'calls:read'), call.callSid), {code: 'forbidden'});
  await bench.calls.disconnect(user('ann'), call.callSid);
});
