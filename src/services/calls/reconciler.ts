/**
 * Finds out about calls that have gone silent (J6): one that has said nothing for longer than its state allows is
 * looked up at Twilio, and the journal is corrected. It reads; it never dials and never hangs up.
 *
 * It is also how an inbound call gets its `in-progress`: Twilio reports only the end of those.
 */
import {hasEnded, statusRank} from '@hookswitch/protocol';
import type {Logger} from 'pino';
import type {CancelTimer, Clock} from '../../clock.ts';
import type {Lease} from '../../cluster/cluster.ts';
import type {Confirmation, Confirmations} from '../../cluster/confirmations.ts';
import type {CallRecord, Offset, StatusEvent} from '../../journal/call-event.ts';
import type {Journal, Unsubscribe} from '../../journal/journal.ts';
import type {Metrics} from '../../observability/metrics.ts';
import {RateLimit} from '../../rate-limit/rate-limit.ts';
import type {TwilioCall, TwilioClient} from '../../twilio/twilio-client.ts';
import type {LiveFeed} from '../feed/live-feed.ts';
import {goneEventFrom, lacksDuration, MAX_POSTPONEMENTS, statusEventFrom} from './twilio-status-event.ts';

export interface ReconcilerOptions {
  readonly twilio: TwilioClient;
  readonly journal: Journal;
  readonly feed: LiveFeed;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Of several nodes the one that holds it does this; whoever takes it over begins anew. */
  readonly lease: Lease;
  /** What the holder found, for the other nodes to show. */
  readonly confirmations?: Confirmations;
  /** @default 60 */
  readonly maxLookupsPerMinute?: number;
}

interface Watch {
  /** Offset of the entry that was last when the watch began: a newer one starts it over. */
  offset: Offset;
  attempts: number;
  misses: number;
  /** An end without a duration, which the next look-up may know. Nothing it says can be worse. */
  ended?: TwilioCall;
  postponements: number;
  /** Monotonic ms. */
  dueAt: number;
  /** Monotonic ms from which on its state is not confirmed, unless a look-up does so: often still to come. */
  confirmedUntil: number;
}

/** A call in progress of which nothing was heard for longer than its state allows. */
export interface UnconfirmedCall {
  readonly call: CallRecord;
  /** Milliseconds since 1970. */
  readonly since: number;
}

const TICK_MS = 500;
const DEFAULT_MAX_LOOKUPS_PER_MINUTE = 60;
const MAX_CONCURRENT = 4;
/** How often a node that looks nothing up asks what was found, while there is something to ask of. */
const LEARN_EVERY_MS = 2000;
const MAX_BACKOFF_MS = 600_000;

/** Look-ups that find nothing, spread by the back-off, before a call counts as over. */
const MISSES_UNTIL_GONE = 3;

/** When an end without a duration is looked up again. */
const POSTPONED_MS = 3000;

/** How long a call may say nothing in its state, in milliseconds. Ringing: Twilio's default of 60 s and some. */
export function allowedSilenceMs({providerStatus, direction}: CallRecord): number {
  if (providerStatus === 'queued' || providerStatus === 'initiated') return 30_000;
  if (providerStatus === 'ringing') return direction === 'inbound' ? 2000 : 75_000;
  // Of an inbound call nobody may tell us the end either: its number's StatusCallback can point elsewhere.
  return direction === 'inbound' ? 60_000 : 120_000;
}

export class Reconciler {
  readonly #twilio: TwilioClient;
  readonly #journal: Journal;
  readonly #feed: LiveFeed;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #metrics: Metrics;
  readonly #lease: Lease;
  readonly #confirmations: Confirmations | undefined;
  readonly #limit: RateLimit;
  readonly #watches = new Map<string, Watch>();
  readonly #running = new Set<string>();
  /** Monotonic ms of the last tick, and the feed's head then: what came since has not been silent for longer. */
  #ticked = {at: 0, head: Number.POSITIVE_INFINITY};
  /** Monotonic ms from which on it may be asked again what the holder of the lease has found. */
  #learnAt = 0;
  #stopTicking: CancelTimer | undefined;
  #unsubscribe: Unsubscribe | undefined;

  constructor({maxLookupsPerMinute = DEFAULT_MAX_LOOKUPS_PER_MINUTE, ...options}: ReconcilerOptions) {
    this.#twilio = options.twilio;
    this.#journal = options.journal;
    this.#feed = options.feed;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#metrics = options.metrics;
    this.#lease = options.lease;
    this.#confirmations = options.confirmations;
    this.#limit = new RateLimit({perMinute: maxLookupsPerMinute, clock: options.clock});
  }

  /** Begins, as soon as the lease is held. */
  start(): void {
    this.#unsubscribe = this.#lease.onTaken(() => this.#begin());
    if (this.#lease.held) this.#begin();
    this.#stopTicking = this.#clock.every(TICK_MS, () => this.#tick());
    this.#tick();
  }

  stop(): void {
    this.#unsubscribe?.();
    this.#stopTicking?.();
  }

  /** Calls that were left open, by an earlier run or by the node that held the lease before, are looked up first. */
  #begin(): void {
    const now = this.#clock.monotonic();
    this.#watches.clear();
    for (const call of this.#feed.activeCalls()) {
      const watch = newWatch(call.offset, this.#silenceEnds(call, now));
      this.#watches.set(call.callSid, {...watch, dueAt: now});
    }
    if (this.#watches.size > 0) this.#logger.info({calls: this.#watches.size}, 'looking up calls left open');
  }

  /**
   * Calls in progress that were silent for longer than their state allows, since then, and that no look-up has
   * confirmed. One that was confirmed is so until its next look-up, which comes ever later, is due.
   */
  unconfirmed(): readonly UnconfirmedCall[] {
    const now = this.#clock.monotonic();
    return [...this.#feed.activeCalls()].flatMap((call) => {
      const since = this.#unconfirmedSince(call, now);
      return since === undefined ? [] : [{call, since}];
    });
  }

  /** Of one call; `undefined` for one that is confirmed, has ended or is not known. */
  unconfirmedSince(callSid: string): number | undefined {
    const call = this.#feed.activeCall(callSid);
    return call === undefined ? undefined : this.#unconfirmedSince(call, this.#clock.monotonic());
  }

  #unconfirmedSince(call: CallRecord, now: number): number | undefined {
    const silentMs = now - this.#watch(call, now).confirmedUntil;
    return silentMs > 0 ? this.#clock.now() - silentMs : undefined;
  }

  #tick(): void {
    const now = this.#clock.monotonic();
    for (const callSid of this.#watches.keys()) {
      if (this.#feed.activeCall(callSid) === undefined) this.#watches.delete(callSid);
    }
    const due: {call: CallRecord; watch: Watch}[] = [];
    for (const call of this.#feed.activeCalls()) {
      const watch = this.#watch(call, now);
      if (watch.dueAt <= now && !this.#running.has(call.callSid)) due.push({call, watch});
    }
    this.#ticked = {at: now, head: this.#feed.head};
    if (!this.#lease.held) {
      if (due.length > 0) this.#learn(now);
      return;
    }
    // The longest overdue first, so that under the limit nobody is starved.
    due.sort((a, b) => a.watch.dueAt - b.watch.dueAt);
    for (const {call, watch} of due) {
      if (this.#running.size >= MAX_CONCURRENT || this.#limit.take('lookups') !== undefined) return;
      void this.#lookUp(call, watch);
    }
  }

  #watch(call: CallRecord, now: number): Watch {
    const known = this.#watches.get(call.callSid);
    if (known?.offset === call.offset) return known;
    const watch = newWatch(call.offset, this.#silenceEnds(call, now));
    this.#watches.set(call.callSid, watch);
    return watch;
  }

  /**
   * Monotonic ms at which the call's silence is longer than its state allows; may have been long ago. Who wrote the entry
   * may have another wall clock than this node: one that came just now is not old, whatever it says.
   */
  #silenceEnds(call: CallRecord, now: number): number {
    const {at, head} = this.#ticked;
    const atMost = call.offset > head ? now - at : Number.POSITIVE_INFINITY;
    const silentFor = Math.min(atMost, Math.max(0, this.#clock.now() - call.updatedAt));
    return now + allowedSilenceMs(call) - silentFor;
  }

  async #lookUp(call: CallRecord, watch: Watch): Promise<void> {
    this.#running.add(call.callSid);
    watch.attempts += 1;
    const backoffMs = Math.min(MAX_BACKOFF_MS, allowedSilenceMs(call) * 2 ** Math.min(watch.attempts, 10));
    watch.dueAt = this.#clock.monotonic() + backoffMs;
    try {
      const outcome = await this.#twilio.fetch(call.callSid);
      this.#metrics.lookups.inc({outcome: outcome.kind});
      if (outcome.kind === 'found') {
        watch.misses = 0;
        if (!this.#postpone(watch, outcome.call)) {
          await this.#correct(call, outcome.call);
          this.#confirm(call, watch);
        }
      } else if (watch.ended !== undefined) {
        await this.#correct(call, watch.ended);
      } else if (outcome.kind === 'missing') {
        watch.misses += 1;
        if (watch.misses >= MISSES_UNTIL_GONE) await this.#close(call);
      } else {
        this.#logger.warn({callSid: call.callSid, fault: outcome.fault}, 'a call could not be looked up');
      }
    } catch (error) {
      this.#logger.warn({err: error, callSid: call.callSid}, 'a call could not be reconciled');
    } finally {
      this.#running.delete(call.callSid);
    }
  }

  #confirm({callSid, offset}: CallRecord, watch: Watch): void {
    watch.confirmedUntil = watch.dueAt;
    const forMs = Math.max(0, watch.dueAt - this.#clock.monotonic());
    this.#confirmations?.note({callSid, offset, forMs});
  }

  /** What the node that holds the lease has found: `unconfirmed` has to be the same at all nodes. */
  #learn(now: number): void {
    if (this.#confirmations === undefined || now < this.#learnAt) return;
    this.#learnAt = now + LEARN_EVERY_MS;
    this.#confirmations.list().then(
      (found) => {
        for (const each of found) this.#take(each);
      },
      (error: unknown) => this.#logger.debug({err: error}, 'what was looked up elsewhere is not known'),
    );
  }

  #take({callSid, offset, forMs}: Confirmation): void {
    const watch = this.#watches.get(callSid);
    if (watch?.offset !== offset) return;
    watch.confirmedUntil = this.#clock.monotonic() + forMs;
    watch.dueAt = watch.confirmedUntil;
  }

  /**
   * The duration belongs on the last status (W1), and the callback that has it may come meanwhile. Returns whether to
   * wait for one more look-up.
   */
  #postpone(watch: Watch, found: TwilioCall): boolean {
    if (!lacksDuration(found) || watch.postponements >= MAX_POSTPONEMENTS) return false;
    watch.ended = found;
    watch.postponements += 1;
    watch.dueAt = this.#clock.monotonic() + POSTPONED_MS;
    return true;
  }

  /** REST is eventually consistent and may be behind the callbacks: only what is ahead of us is news. */
  async #correct(known: CallRecord, found: TwilioCall): Promise<void> {
    if (statusRank(found.providerStatus) <= statusRank(known.providerStatus)) return;
    const event = statusEventFrom(found, {source: 'reconcile', now: this.#clock.now()});
    if (!(await this.#write(event))) return;
    this.#logger.info(
      {callSid: known.callSid, was: known.providerStatus, is: found.providerStatus},
      hasEnded(found.providerStatus) ? 'a call had ended unnoticed' : 'a call had moved on unnoticed',
    );
  }

  async #close(call: CallRecord): Promise<void> {
    this.#logger.error({callSid: call.callSid}, 'Twilio does not know this call; it counts as over');
    await this.#write(goneEventFrom(call, this.#clock.now()));
  }

  /** A node that was paused since it looked a call up may not be the one to say so any more: another has taken over. */
  async #write(event: StatusEvent): Promise<boolean> {
    const fence = await this.#lease.confirm();
    const written =
      fence !== undefined && (await this.#journal.appendFenced(event, fence)).kind === 'appended';
    if (!written) {
      this.#logger.warn({callSid: event.callSid}, 'a look-up came to nothing: another node has taken over');
    }
    return written;
  }
}

function newWatch(offset: Offset, silenceEnds: number): Watch {
  return {
    offset,
    attempts: 0,
    misses: 0,
    postponements: 0,
    dueAt: silenceEnds,
    confirmedUntil: silenceEnds,
  };
}
