/**
 * Finds out about calls that have gone silent (J6): a call that has said nothing for longer than its state allows is
 * looked up at Twilio, and the journal is corrected. It reads; it never dials and never hangs up.
 *
 * It is also how an inbound call gets its `in-progress`: Twilio reports only the end of those.
 *
 * This file decides which calls are looked up, and how. Beside it: `call-watches.ts` (which calls are due),
 * `lookup-pace.ts` (how often Twilio is asked), `call-lists.ts` (many calls at once), `call-corrections.ts` (what is
 * written).
 */
import {statusRank} from '@hookswitch/protocol';
import type {Logger} from 'pino';
import type {CancelTimer, Clock} from '../../clock.ts';
import type {Lease} from '../../cluster/cluster.ts';
import type {Confirmation, Confirmations} from '../../cluster/confirmations.ts';
import type {AppendableJournal} from '../../journal/appendable-journal.ts';
import type {Unsubscribe} from '../../journal/followable-journal.ts';
import type {Metrics} from '../../observability/metrics.ts';
import type {TwilioCall, TwilioClient} from '../../twilio/twilio-client.ts';
import type {LiveFeed} from '../feed/live-feed.ts';
import {CallCorrections, type Correction} from './call-corrections.ts';
import {CallLists} from './call-lists.ts';
import {CallWatches, INBOUND_RINGING_MS, type UnconfirmedCall, type WatchedCall} from './call-watches.ts';
import {LookupPace} from './lookup-pace.ts';

export interface ReconcilerOptions {
  readonly twilio: TwilioClient;
  readonly journal: AppendableJournal;
  readonly feed: LiveFeed;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Of several nodes only the holder looks calls up. A node that takes it over starts from the beginning. */
  readonly lease: Lease;
  /** What the holder found, for the other nodes to show. */
  readonly confirmations?: Confirmations;
  /** Calls that are looked up by themselves. @default 60 */
  readonly maxLookupsPerMinute?: number;
  /** From 0 to 1, for jitter. @default Math.random */
  readonly random?: () => number;
}

const TICK_MS = 500;
/** So many calls are looked up one by one. For more, the lists cost fewer requests: two while calls ring. */
const FEW_CALLS = 2;
/** Calls that are looked up by themselves at the same time. */
const MAX_CONCURRENT = 4;
/** How often a node that looks nothing up asks what the holder has found, while calls are due. */
const LEARN_EVERY_MS = 2000;
/** Look-ups that find nothing, spread by the back-off, before a call counts as over. */
const MISSES_UNTIL_GONE = 3;

export class Reconciler {
  readonly #twilio: TwilioClient;
  readonly #feed: LiveFeed;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #metrics: Metrics;
  readonly #lease: Lease;
  readonly #confirmations: Confirmations | undefined;
  readonly #watches: CallWatches;
  readonly #pace: LookupPace;
  readonly #lists: CallLists;
  readonly #corrections: CallCorrections;
  /** Calls that are being looked up by themselves. */
  readonly #running = new Set<string>();
  #listing = false;
  #stopped = false;
  /** Monotonic ms from which on the holder's findings may be asked for again. */
  #learnAt = 0;
  #stopTicking: CancelTimer | undefined;
  #unsubscribe: Unsubscribe | undefined;

  constructor({random = Math.random, maxLookupsPerMinute, journal, ...options}: ReconcilerOptions) {
    const {twilio, feed, clock, logger, metrics, lease} = options;
    this.#twilio = twilio;
    this.#feed = feed;
    this.#clock = clock;
    this.#logger = logger;
    this.#metrics = metrics;
    this.#lease = lease;
    this.#confirmations = options.confirmations;
    this.#watches = new CallWatches({feed, clock, random});
    this.#pace = new LookupPace({clock, random, maxLookupsPerMinute});
    this.#lists = new CallLists({twilio, clock, metrics, pace: this.#pace});
    this.#corrections = new CallCorrections({journal, lease, clock, logger});
  }

  /** Begins, as soon as the lease is held. */
  start(): void {
    this.#unsubscribe = this.#lease.onAcquired(() => this.#begin());
    if (this.#lease.held) this.#begin();
    this.#stopTicking = this.#clock.every(TICK_MS, () => this.#tick());
    this.#tick();
  }

  stop(): void {
    this.#stopped = true;
    this.#unsubscribe?.();
    this.#stopTicking?.();
  }

  /** See {@link CallWatches.unconfirmed}. */
  unconfirmed(): readonly UnconfirmedCall[] {
    return this.#watches.unconfirmed();
  }

  /** See {@link CallWatches.unconfirmedSince}. */
  unconfirmedSince(callSid: string): number | undefined {
    return this.#watches.unconfirmedSince(callSid);
  }

  /** Calls that were left open, by an earlier run or by the node that held the lease before, are looked up first. */
  #begin(): void {
    const calls = this.#watches.begin();
    if (calls > 0) this.#logger.info({calls}, 'looking up calls left open');
  }

  #tick(): void {
    const now = this.#clock.monotonic();
    const watched = this.#watches.survey().filter(({call}) => !this.#running.has(call.callSid));
    const due = watched.filter(({watch}) => watch.dueAt <= now);
    if (due.length === 0) return;
    if (!this.#lease.held) {
      this.#learn(now);
      return;
    }
    // Calls that are due in a moment are looked up with the ones that are due: lists cost the same for all of them.
    const soon = watched.filter(({watch}) => !watch.unlisted && watch.dueAt <= now + INBOUND_RINGING_MS);
    const unlisted = due.filter(({watch}) => watch.unlisted);
    if (!this.#listing && !this.#isListsTurn(soon, unlisted)) {
      this.#lookUpEach(due);
      return;
    }
    if (!this.#listing && this.#pace.mayList && due.length > unlisted.length) void this.#readLists(soon);
    this.#lookUpEach(unlisted);
  }

  /**
   * A few calls cost fewer requests one by one. Calls that are on no list may use up the allowance of single look-ups:
   * all others then go by list, so that they do not starve.
   */
  #isListsTurn(soon: readonly WatchedCall[], unlisted: readonly WatchedCall[]): boolean {
    if (this.#pace.listsFail && !this.#pace.mayList) return false;
    return unlisted.length > MAX_CONCURRENT || soon.length > FEW_CALLS;
  }

  #lookUpEach(due: readonly WatchedCall[]): void {
    // The longest overdue first, so that under the limit nobody is starved.
    for (const watched of due.toSorted((a, b) => a.watch.dueAt - b.watch.dueAt)) {
      if (!this.#pace.mayAsk || this.#running.size >= MAX_CONCURRENT || !this.#pace.takeLookup()) return;
      void this.#lookUp(watched);
    }
  }

  async #lookUp({call, watch}: WatchedCall): Promise<void> {
    const {callSid} = call;
    this.#running.add(callSid);
    this.#watches.tried({call, watch});
    try {
      const outcome = await this.#twilio.fetch(callSid);
      this.#metrics.lookups.inc({outcome: outcome.kind});
      this.#metrics.lookupRequests.inc({
        kind: 'call',
        outcome: outcome.kind === 'failed' ? 'failed' : 'answered',
      });
      if (outcome.kind === 'failed') this.#pace.refused(outcome.fault);
      else this.#pace.answered();
      if (outcome.kind === 'found') {
        watch.misses = 0;
        watch.unlisted = false;
        await this.#apply([{call, watch, found: outcome.call}]);
      } else if (watch.ended !== undefined) {
        await this.#corrections.write([{known: call, found: watch.ended}]);
      } else if (outcome.kind === 'missing') {
        watch.misses += 1;
        if (watch.misses >= MISSES_UNTIL_GONE) await this.#corrections.close(call);
      } else {
        this.#logger.warn({callSid, fault: outcome.fault}, 'a call could not be looked up');
      }
    } catch (error) {
      this.#logger.warn({err: error, callSid}, 'a call could not be reconciled');
    } finally {
      this.#running.delete(callSid);
    }
  }

  async #readLists(sought: readonly WatchedCall[]): Promise<void> {
    this.#listing = true;
    const watches = new Map(sought.map(({call, watch}) => [call.callSid, watch]));
    try {
      const result = await this.#lists.read(
        sought.map(({call}) => call),
        {
          onPage: (calls) => this.#applyPage(calls, watches),
          goesOn: () => !this.#stopped && this.#lease.held && this.#pace.mayAsk,
        },
      );
      if (result.kind === 'failed') {
        this.#metrics.lookups.inc({outcome: 'failed'}, sought.length);
        this.#logger.warn(
          {calls: sought.length, fault: result.fault},
          'calls could not be looked up by list',
        );
      } else if (result.kind === 'read') {
        for (const callSid of result.missing) {
          const watch = watches.get(callSid);
          if (watch !== undefined) watch.unlisted = true;
        }
      }
    } catch (error) {
      this.#logger.warn({err: error, calls: sought.length}, 'calls could not be reconciled');
    } finally {
      this.#listing = false;
    }
  }

  /** Calls of other applications of the account are on the list, too: a call that we do not have is not created. */
  async #applyPage(
    calls: readonly TwilioCall[],
    sought: ReadonlyMap<string, WatchedCall['watch']>,
  ): Promise<void> {
    const ours: FoundCall[] = [];
    for (const found of calls) {
      // As it is by now: callbacks may have come since the list was asked for.
      const call = this.#feed.activeCall(found.callSid);
      if (call === undefined || this.#running.has(found.callSid)) continue;
      const watch = this.#watches.of(call);
      watch.misses = 0;
      watch.unlisted = false;
      const isSought = sought.get(found.callSid) === watch;
      if (isSought) {
        this.#metrics.lookups.inc({outcome: 'found'});
        this.#watches.tried({call, watch});
      }
      if (isSought || isAhead({call, found})) ours.push({call, watch, found});
    }
    await this.#apply(ours);
  }

  /** REST is eventually consistent and may be behind the callbacks: only what is ahead of us is written. */
  async #apply(all: readonly FoundCall[]): Promise<void> {
    const settled = all.filter(({watch, found}) => !this.#watches.postpone(watch, found));
    const corrections: Correction[] = settled
      .filter((each) => isAhead(each) && each.watch.written !== each.found.providerStatus)
      .map(({call, found}) => ({known: call, found}));
    const written = await this.#corrections.write(corrections);
    const failed = new Set(corrections.map(({known}) => known.callSid).filter((sid) => !written.has(sid)));
    const confirmed = settled.filter(({call}) => !failed.has(call.callSid));
    for (const {call, watch, found} of confirmed) {
      if (written.has(call.callSid)) watch.written = found.providerStatus;
    }
    const confirmations = confirmed.map((each) => this.#watches.confirm(each));
    this.#confirmations?.publish(confirmations);
  }

  /** What the node that holds the lease has found: `unconfirmed` has to be the same at all nodes. */
  #learn(now: number): void {
    if (this.#confirmations === undefined || now < this.#learnAt) return;
    this.#learnAt = now + LEARN_EVERY_MS;
    this.#confirmations.list().then(
      (found: readonly Confirmation[]) => {
        for (const each of found) this.#watches.confirmedElsewhere(each);
      },
      (error: unknown) => this.#logger.debug({err: error}, "could not read other nodes' look-ups"),
    );
  }
}

interface FoundCall extends WatchedCall {
  readonly found: TwilioCall;
}

function isAhead({call, found}: Pick<FoundCall, 'call' | 'found'>): boolean {
  return statusRank(found.providerStatus) > statusRank(call.providerStatus);
}
