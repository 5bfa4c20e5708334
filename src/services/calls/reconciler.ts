/**
 * Reconciles calls that have gone silent (J6): looks up a call that has been silent for longer than its state
 * allows, and corrects the journal. It only reads from Twilio. It never dials and never hangs up.
 *
 * Inbound calls become `in-progress` only this way, because Twilio reports only their end.
 *
 * This file decides which calls are looked up, and how. `call-watches.ts` tracks when calls are due,
 * `lookup-pace.ts` limits the requests, `call-lists.ts` reads many calls at once, and `call-corrections.ts`
 * writes the results.
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
  /** Only the holder of the lease looks calls up. A node that takes it over starts from the beginning. */
  readonly lease: Lease;
  /** Shares the holder's results with the other nodes. */
  readonly confirmations?: Confirmations;
  /** Limit of individual look-ups. @default 60 */
  readonly maxLookupsPerMinute?: number;
  /** From 0 to 1, for jitter. @default Math.random */
  readonly random?: () => number;
}

const TICK_MS = 500;
/**
 * Up to this many calls are looked up individually. For more, lists need fewer requests: two while calls
 * ring.
 */
const FEW_CALLS = 2;
/** Individual look-ups at the same time. */
const MAX_CONCURRENT = 4;
/** How often a node without the lease reads the holder's results while calls are due. */
const LEARN_EVERY_MS = 2000;
/** Look-ups without a result, spread by the backoff, before a call counts as ended. */
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
  /** Calls with an individual look-up in progress. */
  readonly #running = new Set<string>();
  #listing = false;
  #stopped = false;
  /** Monotonic ms from which the holder's results may be read again. */
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

  /** Starts reconciling as soon as this node holds the lease. */
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

  /** Calls left open by an earlier process, or by the previous holder of the lease, are looked up first. */
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
    // Includes calls that will be due soon, because a list costs the same for all of them.
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
   * A few calls cost fewer requests individually. Calls on no list may use up the limit of individual
   * look-ups. Then the lists serve all others, so that they do not starve.
   */
  #isListsTurn(soon: readonly WatchedCall[], unlisted: readonly WatchedCall[]): boolean {
    if (this.#pace.listsFail && !this.#pace.mayList) return false;
    return unlisted.length > MAX_CONCURRENT || soon.length > FEW_CALLS;
  }

  #lookUpEach(due: readonly WatchedCall[]): void {
    // The most overdue calls come first, so that the limit starves none.
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
      if (outcome.kind === 'failed') this.#pace.handleFailure(outcome.fault);
      else this.#pace.handleAnswer();
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
        this.#logger.warn({callSid, fault: outcome.fault}, 'could not look up a call');
      }
    } catch (error) {
      this.#logger.warn({err: error, callSid}, 'could not reconcile a call');
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
        this.#logger.warn({calls: sought.length, fault: result.fault}, 'could not look up calls by list');
      } else if (result.kind === 'read') {
        for (const callSid of result.missing) {
          const watch = watches.get(callSid);
          if (watch !== undefined) watch.unlisted = true;
        }
      }
    } catch (error) {
      this.#logger.warn({err: error, calls: sought.length}, 'could not reconcile calls');
    } finally {
      this.#listing = false;
    }
  }

  /**
   * The list includes calls of other applications of the account, so calls that are not in the journal are
   * ignored.
   */
  async #applyPage(
    calls: readonly TwilioCall[],
    sought: ReadonlyMap<string, WatchedCall['watch']>,
  ): Promise<void> {
    const ours: FoundCall[] = [];
    for (const found of calls) {
      // The current record, because callbacks may have arrived since the request for the list.
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

  /**
   * The REST API is eventually consistent and may lag behind the callbacks, so only newer states are written.
   */
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

  /** Reads the results of the node that holds the lease, so that `unconfirmed` is the same at all nodes. */
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
