/** A test environment for the reconciler: a manual clock, a journal on disk, and a Twilio with lookups only. */
import {mkdtemp, rm} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {pino} from 'pino';
import {LocalCluster} from '../../src/cluster/local-cluster.ts';
import type {CallRecord} from '../../src/journal/call-event.ts';
import {SqliteJournal} from '../../src/journal/sqlite/sqlite-journal.ts';
import {createMetrics} from '../../src/observability/metrics.ts';
import {Reconciler} from '../../src/services/calls/reconciler.ts';
import {LiveFeed} from '../../src/services/feed/live-feed.ts';
import type {CallFilter, FetchOutcome, ListOutcome, TwilioClient} from '../../src/twilio/twilio-client.ts';
import {ManualClock} from './manual-clock.ts';
import {someCallSid} from './twilio/signed-webhook.ts';

const logger = pino({level: 'silent'});
export type Status = CallRecord['providerStatus'];

/** A Twilio that answers lookups as configured. Other requests throw, because the reconciler only reads. */
export class LookupOnly implements TwilioClient {
  /** Calls that were looked up individually. */
  readonly asked: string[] = [];
  /** Pages that were requested. */
  readonly listed: (CallFilter & {readonly next?: string | undefined})[] = [];
  answerList: (filter: CallFilter, next?: string) => ListOutcome | Promise<ListOutcome> = () => ({
    kind: 'failed',
    fault: {message: 'This Twilio has no lists.', status: 403},
  });
  answer: (callSid: string) => FetchOutcome | Promise<FetchOutcome> = (callSid) => ({
    kind: 'found',
    call: {callSid, providerStatus: 'in-progress'},
  });

  async dial(): Promise<never> {
    throw new Error('the reconciler must not dial');
  }

  async end(): Promise<never> {
    throw new Error('the reconciler must not hang up');
  }

  async fetch(callSid: string): Promise<FetchOutcome> {
    this.asked.push(callSid);
    return this.answer(callSid);
  }

  async list(filter: CallFilter, next?: string): Promise<ListOutcome> {
    this.listed.push({...filter, next});
    return this.answerList(filter, next);
  }
}

export class ReconcilerBench implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly twilio = new LookupOnly();
  readonly folder: string;
  readonly journal: SqliteJournal;
  readonly feed: LiveFeed;
  readonly reconciler: Reconciler;

  constructor(folder: string, maxLookupsPerMinute?: number) {
    this.folder = folder;
    this.journal = new SqliteJournal({file: path.join(folder, 'j.db')});
    const common = {journal: this.journal, clock: this.clock, logger};
    this.feed = new LiveFeed(common);
    const {twilio, feed} = this;
    this.reconciler = new Reconciler({
      ...common,
      twilio,
      feed,
      metrics: createMetrics(),
      lease: new LocalCluster({nodeId: 'one', clock: this.clock}).lease('reconciler'),
      maxLookupsPerMinute,
      random: () => 0.5,
    });
  }

  static async open(maxLookupsPerMinute?: number): Promise<ReconcilerBench> {
    const bench = new ReconcilerBench(
      await mkdtemp(path.join(os.tmpdir(), 'hookswitch-test-')),
      maxLookupsPerMinute,
    );
    await bench.journal.open();
    return bench;
  }

  /** Appends a status of a call, as a callback would. */
  async add(
    number: number,
    providerStatus: Status,
    direction: CallRecord['direction'] = 'outbound-api',
  ): Promise<string> {
    const callSid = someCallSid(0x1000 + number);
    const now = this.clock.now();
    await this.journal.append({
      kind: 'status',
      source: 'callback',
      callSid,
      providerStatus,
      dedupeKey: `${callSid}:${providerStatus}`,
      happenedAt: now,
      receivedAt: now,
      direction,
    });
    return callSid;
  }

  /** Advances the clock in steps, and lets lookups finish between them. */
  async pass(ms: number, stepMs = 500): Promise<void> {
    for (let passed = 0; passed < ms; passed += stepMs) {
      this.clock.advance(stepMs);
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (ms === 0) await new Promise((resolve) => setImmediate(resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.reconciler.stop();
    this.feed.stop();
    await this.journal.close();
    await rm(this.folder, {recursive: true, force: true});
  }
}
