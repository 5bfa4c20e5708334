/**
 * Tracks how long each active call has been silent: when it is due for a look-up, and whether it is confirmed
 * (J6).
 */
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
  /** Offset of the call's last entry when the watch began. A newer entry starts a new watch. */
  readonly offset: Offset;
  /** Look-ups without a change. */
  attempts: number;
  /** Consecutive look-ups that did not find the call. */
  misses: number;
  /** The call is on no list, so it has to be looked up individually. */
  unlisted: boolean;
  /** The status that was written to the journal. The feed may not have read it yet. */
  written?: StatusEvent['providerStatus'];
  /** An end without a duration. The next look-up may have the duration and cannot have less. */
  ended?: TwilioCall;
  postponements: number;
  /** Monotonic ms. */
  dueAt: number;
  /**
   * Monotonic ms at which the state stops being confirmed, unless a look-up confirms it. Often in the future.
   */
  confirmedUntil: number;
}

export interface WatchedCall {
  readonly call: CallRecord;
  readonly watch: Watch;
}

/** An active call that has been silent for longer than its state allows. */
export interface UnconfirmedCall {
  readonly call: CallRecord;
  /** Milliseconds since 1970. */
  readonly since: number;
}

/** How long an inbound call may ring before its first look-up, and the interval of further look-ups. */
export const INBOUND_RINGING_MS = 2000;
/** A look-up takes time, so a ringing inbound call stays confirmed until the next result. */
const INBOUND_RINGING_GRACE_MS = 3000;

const MAX_BACKOFF_MS = 600_000;
/** An operator waits for these calls, so they are retried soon even while Twilio does not answer. */
const MAX_INBOUND_RINGING_BACKOFF_MS = 30_000;

/** Delay before an end without a duration is looked up again. */
const POSTPONED_MS = 3000;

/**
 * How long a call may be silent in its state, in milliseconds. For ringing, a bit more than Twilio's default
 * of 60 s.
 */
export function allowedSilenceMs({providerStatus, direction}: CallRecord): number {
  if (providerStatus === 'queued' || providerStatus === 'initiated') return 30_000;
  if (providerStatus === 'ringing') return direction === 'inbound' ? INBOUND_RINGING_MS : 75_000;
  // Twilio may not report the end of an inbound call, because the number's StatusCallback can point
  // elsewhere.
  return direction === 'inbound' ? 60_000 : 120_000;
}

/** Twilio never reports the answer of an inbound call, so only a look-up can find it. */
function isInboundRinging({providerStatus, direction}: CallRecord): boolean {
  return direction === 'inbound' && providerStatus === 'ringing';
}

export class CallWatches {
  readonly #feed: LiveFeed;
  readonly #clock: Clock;
  readonly #random: () => number;
  /** By call SID, for active calls only. */
  readonly #watches = new Map<string, Watch>();
  /**
   * Monotonic ms of the last survey, and the feed's head at that time. Later entries are more recent than
   * that.
   */
  #surveyed = {at: 0, head: Number.POSITIVE_INFINITY};

  constructor({feed, clock, random}: CallWatchesOptions) {
    this.#feed = feed;
    this.#clock = clock;
    this.#random = random;
  }

  /** Starts with the calls that were left open. All of them are due now. Returns their number. */
  begin(): number {
    const now = this.#clock.monotonic();
    this.#watches.clear();
    for (const call of this.#feed.activeCalls()) this.of(call).dueAt = now;
    return this.#watches.size;
  }

  /** All active calls. Removes the watches of calls that have ended. */
  survey(): readonly WatchedCall[] {
    for (const callSid of this.#watches.keys()) {
      if (this.#feed.activeCall(callSid) === undefined) this.#watches.delete(callSid);
    }
    const watched = [...this.#feed.activeCalls()].map((call) => ({call, watch: this.of(call)}));
    this.#surveyed = {at: this.#clock.monotonic(), head: this.#feed.head};
    return watched;
  }

  /** The watch of an active call. Starts a new one if the call has a newer entry. */
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

  /**
   * Schedules the next look-up, later each time. Called when a look-up starts, or a list contained the call.
   */
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
      // No backoff: a late answer must show as soon as an early one.
      watch.attempts = 0;
      watch.dueAt = now + INBOUND_RINGING_MS + this.#random() * 500;
      graceMs = INBOUND_RINGING_GRACE_MS;
    }
    watch.confirmedUntil = watch.dueAt + graceMs;
    const {callSid, offset} = call;
    return {callSid, offset, forMs: Math.max(0, watch.confirmedUntil - now)};
  }

  /**
   * Postpones an end without a duration, because the duration belongs on the last status (W1) and its
   * callback may still come. Returns whether to wait for one more look-up.
   */
  postpone(watch: Watch, found: TwilioCall): boolean {
    if (!lacksDuration(found) || watch.postponements >= MAX_POSTPONEMENTS) return false;
    watch.ended = found;
    watch.postponements += 1;
    watch.dueAt = this.#clock.monotonic() + POSTPONED_MS;
    return true;
  }

  /** Applies a confirmation from another node. */
  confirmedElsewhere({callSid, offset, forMs}: Confirmation): void {
    const watch = this.#watches.get(callSid);
    if (watch?.offset !== offset) return;
    watch.confirmedUntil = this.#clock.monotonic() + forMs;
    watch.dueAt = watch.confirmedUntil;
  }

  /**
   * Active calls that have been silent for longer than their state allows and that no look-up has confirmed,
   * with the time since then. A look-up confirms a call until the next one is due. The interval grows.
   */
  unconfirmed(): readonly UnconfirmedCall[] {
    return [...this.#feed.activeCalls()].flatMap((call) => {
      const since = this.#unconfirmedSince(call);
      return since === undefined ? [] : [{call, since}];
    });
  }

  /** For one call; `undefined` if it is confirmed, has ended or is unknown. */
  unconfirmedSince(callSid: string): number | undefined {
    const call = this.#feed.activeCall(callSid);
    return call === undefined ? undefined : this.#unconfirmedSince(call);
  }

  #unconfirmedSince(call: CallRecord): number | undefined {
    const silentMs = this.#clock.monotonic() - this.of(call).confirmedUntil;
    return silentMs > 0 ? this.#clock.now() - silentMs : undefined;
  }

  /**
   * Monotonic ms at which the call has been silent for longer than its state allows; may be in the past. The
   * entry may come from a node with a different wall clock, so an entry that has just arrived never counts as
   * old.
   */
  #silenceEnds(call: CallRecord): number {
    const now = this.#clock.monotonic();
    const {at, head} = this.#surveyed;
    const atMost = call.offset > head ? now - at : Number.POSITIVE_INFINITY;
    const silentFor = Math.min(atMost, Math.max(0, this.#clock.now() - call.updatedAt));
    return now + allowedSilenceMs(call) - silentFor;
  }
}
