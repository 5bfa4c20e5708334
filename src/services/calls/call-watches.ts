/** How long each call in progress has been silent: when it is due to be looked up, and whether its state is confirmed (J6). */
import type {Clock} from '../../clock.ts';
import type {Confirmation} from '../../cluster/confirmations.ts';
import type {CallRecord, Offset, StatusEvent} from '../../journal/call-event.ts';
import type {TwilioCall} from '../../twilio/twilio-client.ts';
import type {LiveFeed} from '../feed/live-feed.ts';
import {lacksDuration, MAX_POSTPONEMENTS} from './twilio-status-event.ts';

export interface CallWatchesOptions {
  readonly feed: LiveFeed;
  readonly clock: Clock;
  /** From 0 to 1, for jitter. */
  readonly random: () => number;
}

export interface Watch {
  /** Offset of the call's last entry when the watch began. A newer entry begins a new watch. */
  readonly offset: Offset;
  /** Look-ups that changed nothing. */
  attempts: number;
  /** Look-ups in a row that did not find the call. */
  misses: number;
  /** No list shows the call, so that it has to be looked up by itself. */
  unlisted: boolean;
  /** The status that was written to the journal. The feed may not have read it yet. */
  written?: StatusEvent['providerStatus'];
  /** An end without a duration. The next look-up may know the duration, and can say nothing worse. */
  ended?: TwilioCall;
  postponements: number;
  /** Monotonic ms. */
  dueAt: number;
  /** Monotonic ms from which on the state is not confirmed, unless a look-up confirms it. Often in the future. */
  confirmedUntil: number;
}

export interface WatchedCall {
  readonly call: CallRecord;
  readonly watch: Watch;
}

/** A call in progress of which nothing was heard for longer than its state allows. */
export interface UnconfirmedCall {
  readonly call: CallRecord;
  /** Milliseconds since 1970. */
  readonly since: number;
}

/** How long an inbound call may ring before it is looked up, and how long until the next look-up. */
export const INBOUND_RINGING_MS = 2000;
/** A look-up takes a moment: an inbound call that rings stays confirmed until the next one has its answer. */
const INBOUND_RINGING_GRACE_MS = 3000;

const MAX_BACKOFF_MS = 600_000;
/** An operator waits for these: they are tried again soon, also while Twilio does not answer. */
const MAX_INBOUND_RINGING_BACKOFF_MS = 30_000;

/** When an end without a duration is looked up again. */
const POSTPONED_MS = 3000;

/** How long a call may say nothing in its state, in milliseconds. Ringing: Twilio's default of 60 s and some. */
export function allowedSilenceMs({providerStatus, direction}: CallRecord): number {
  if (providerStatus === 'queued' || providerStatus === 'initiated') return 30_000;
  if (providerStatus === 'ringing') return direction === 'inbound' ? INBOUND_RINGING_MS : 75_000;
  // Twilio may not report the end of an inbound call either: its number's StatusCallback can point elsewhere.
  return direction === 'inbound' ? 60_000 : 120_000;
}

/** Twilio never reports the answer of an inbound call, so that a look-up is the only way to learn of it. */
function isInboundRinging({providerStatus, direction}: CallRecord): boolean {
  return direction === 'inbound' && providerStatus === 'ringing';
}

export class CallWatches {
  readonly #feed: LiveFeed;
  readonly #clock: Clock;
  readonly #random: () => number;
  /** By call; as many as there are calls in progress. */
  readonly #watches = new Map<string, Watch>();
  /** Monotonic ms of the last survey, and the feed's head then: later entries have not been silent for longer. */
  #surveyed = {at: 0, head: Number.POSITIVE_INFINITY};

  constructor({feed, clock, random}: CallWatchesOptions) {
    this.#feed = feed;
    this.#clock = clock;
    this.#random = random;
  }

  /** Begins with calls that were left open: all of them are due now. Returns how many there are. */
  begin(): number {
    const now = this.#clock.monotonic();
    this.#watches.clear();
    for (const call of this.#feed.activeCalls()) this.of(call).dueAt = now;
    return this.#watches.size;
  }

  /** Every call in progress. Forgets the calls that have ended. */
  survey(): readonly WatchedCall[] {
    for (const callSid of this.#watches.keys()) {
      if (this.#feed.activeCall(callSid) === undefined) this.#watches.delete(callSid);
    }
    const watched = [...this.#feed.activeCalls()].map((call) => ({call, watch: this.of(call)}));
    this.#surveyed = {at: this.#clock.monotonic(), head: this.#feed.head};
    return watched;
  }

  /** The watch of a call in progress; a new one when the call has a newer entry. */
  of(call: CallRecord): Watch {
    const known = this.#watches.get(call.callSid);
    if (known?.offset === call.offset) return known;
    const silenceEnds = this.#silenceEnds(call);
    const watch = {
      offset: call.offset,
      attempts: 0,
      misses: 0,
      unlisted: false,
      postponements: 0,
      dueAt: silenceEnds,
      confirmedUntil: silenceEnds,
    };
    this.#watches.set(call.callSid, watch);
    return watch;
  }

  /** A look-up begins, or a list has shown the call: the next look-up is due later than the last one was. */
  tried({call, watch}: WatchedCall): void {
    watch.attempts += 1;
    const maxMs = isInboundRinging(call) ? MAX_INBOUND_RINGING_BACKOFF_MS : MAX_BACKOFF_MS;
    const backoffMs = Math.min(maxMs, allowedSilenceMs(call) * 2 ** Math.min(watch.attempts, 10));
    watch.dueAt = this.#clock.monotonic() + backoffMs;
  }

  /** Twilio has confirmed the state until the next look-up is due. */
  confirm({call, watch}: WatchedCall): Confirmation {
    const now = this.#clock.monotonic();
    let graceMs = 0;
    if (isInboundRinging(call)) {
      // No back-off: a late answer has to show as soon as an early one.
      watch.attempts = 0;
      watch.dueAt = now + INBOUND_RINGING_MS + this.#random() * 500;
      graceMs = INBOUND_RINGING_GRACE_MS;
    }
    watch.confirmedUntil = watch.dueAt + graceMs;
    const {callSid, offset} = call;
    return {callSid, offset, forMs: Math.max(0, watch.confirmedUntil - now)};
  }

  /**
   * The duration belongs on the last status (W1), and the callback that has it may come meanwhile. Returns whether to
   * wait for one more look-up.
   */
  postpone(watch: Watch, found: TwilioCall): boolean {
    if (!lacksDuration(found) || watch.postponements >= MAX_POSTPONEMENTS) return false;
    watch.ended = found;
    watch.postponements += 1;
    watch.dueAt = this.#clock.monotonic() + POSTPONED_MS;
    return true;
  }

  /** Another node has looked the call up. */
  confirmedElsewhere({callSid, offset, forMs}: Confirmation): void {
    const watch = this.#watches.get(callSid);
    if (watch?.offset !== offset) return;
    watch.confirmedUntil = this.#clock.monotonic() + forMs;
    watch.dueAt = watch.confirmedUntil;
  }

  /**
   * Calls in progress that were silent for longer than their state allows, since then, and that no look-up has
   * confirmed. A look-up confirms a call until the next one is due, which comes ever later.
   */
  unconfirmed(): readonly UnconfirmedCall[] {
    return [...this.#feed.activeCalls()].flatMap((call) => {
      const since = this.#unconfirmedSince(call);
      return since === undefined ? [] : [{call, since}];
    });
  }

  /** Of one call; `undefined` for a call that is confirmed, has ended or is not known. */
  unconfirmedSince(callSid: string): number | undefined {
    const call = this.#feed.activeCall(callSid);
    return call === undefined ? undefined : this.#unconfirmedSince(call);
  }

  #unconfirmedSince(call: CallRecord): number | undefined {
    const silentMs = this.#clock.monotonic() - this.of(call).confirmedUntil;
    return silentMs > 0 ? this.#clock.now() - silentMs : undefined;
  }

  /**
   * Monotonic ms at which the call's silence is longer than its state allows; may have been long ago. The node that
   * wrote the entry may have another wall clock: an entry that came just now is not old, whatever it says.
   */
  #silenceEnds(call: CallRecord): number {
    const now = this.#clock.monotonic();
    const {at, head} = this.#surveyed;
    const atMost = call.offset > head ? now - at : Number.POSITIVE_INFINITY;
    const silentFor = Math.min(atMost, Math.max(0, this.#clock.now() - call.updatedAt));
    return now + allowedSilenceMs(call) - silentFor;
  }
}
