/** One client: a principal, a socket, and a cursor over the journal. */
import {MESSAGE_BURST, MESSAGES_PER_MINUTE} from '@hookswitch/protocol';
import type {Principal} from '../../auth/authenticator.ts';
import type {Offset} from '../../journal/call-event.ts';
import {TokenBucket} from '../../rate-limit/token-bucket.ts';
import {type Subscription, type VisibilityFilter, visibilityOf} from '../feed/visibility.ts';
import {type VisibilitySpan, withVisibility} from './visibility-history.ts';

/** The socket as a session needs it. The adapter over `ws` is in `src/transport/ws-socket.ts`. */
export interface SessionSocket {
  /** Bytes written that the kernel has not accepted yet, counted by whole writes. */
  readonly unsentBytes: number;
  /** Changes with every byte that the kernel accepts, because a slow link may need minutes for one write. */
  readonly drainMark: number;
  /** Writes complete WebSocket frames in one go, without copying them. */
  write(first: Buffer, ...more: readonly Buffer[]): void;
  ping(): void;
  /** Starts the closing handshake. Destroys the connection if the peer does not answer it. */
  close(code: number, reason: string): void;
  /** Destroys the connection. */
  terminate(): void;
}

/** Where a session connects from, for the session list. */
export interface SessionPeer {
  readonly address: string;
  readonly origin?: string;
  readonly protocol: string;
}

/**
 * `opening`: nothing has been sent. `streaming`: gets entries as the head moves. `reading`: lags behind the
 * feed's memory while a page is being read. `blocked`: the socket holds all it may since that monotonic ms,
 * and waits to drain. `closing`: the closing handshake has started.
 */
export type SessionState =
  | {readonly phase: 'opening'}
  | {readonly phase: 'streaming'}
  | {readonly phase: 'reading'}
  | {readonly phase: 'blocked'; readonly since: number}
  | {readonly phase: 'closing'; readonly code: number};

/**
 * States without data are shared objects, because ten thousand sessions are in one of them and checked for
 * each event.
 */
export const OPENING: SessionState = {phase: 'opening'};
export const STREAMING: SessionState = {phase: 'streaming'};
export const READING: SessionState = {phase: 'reading'};

/** The shared empty list of most sessions. */
const NONE: readonly never[] = [];

export const sessionPhases = ['opening', 'streaming', 'reading', 'blocked', 'closing'] as const;
export type SessionPhase = SessionState['phase'];

/** Consecutive messages over the rate limit after which a session is closed. */
export const MAX_REFUSED_MESSAGES = 20;

/**
 * Limit of a client's pings and pongs. Browsers only answer our pings. A library that detects dead peers
 * sends a ping every few seconds. Each one costs parser time and an answer, and retains the buffer it was
 * read from.
 */
export const CONTROL_FRAME_BURST = 100;
export const CONTROL_FRAMES_PER_MINUTE = 600;

export interface SessionOptions {
  readonly id: string;
  readonly principal: Principal;
  readonly socket: SessionSocket;
  readonly peer: SessionPeer;
  readonly now: number;
  readonly monotonic: number;
}

export class Session {
  // The fields that are read for each entry of each session come first and so share a cache line. In a
  // fan-out to ten thousand sessions none of them is in the processor's caches.
  state: SessionState = OPENING;
  /** Every visible entry up to here has been written to the socket. */
  cursor: Offset = 0;
  readonly socket: SessionSocket;
  #visibility: VisibilityFilter;
  /**
   * Resumed and not yet at the head. A heartbeat marks the head, so that a client can tell missed entries
   * from new ones.
   */
  replaying = false;
  /** Request ids of snapshots to send once the cursor is at the head. */
  snapshotsDue: readonly (string | undefined)[] = NONE;
  readonly id: string;
  readonly peer: SessionPeer;
  /** User, address and origin in lower case, joined once because a search reads ten thousand of them. */
  readonly searchText: string;
  /** Milliseconds since 1970. */
  readonly connectedAt: number;
  /** Milliseconds since 1970 of the last message or pong. */
  lastActivityAt: number;
  /** Monotonic ms of the last sign of life. */
  lastSeenAt: number;
  /** A session that has sent a heartbeat must keep sending messages. For others, pongs count as well (W9). */
  sendsHeartbeats = false;
  /** Monotonic ms. */
  nextHeartbeatAt = 0;
  /** The socket's `drainMark` at the last check, and the monotonic ms of its last change. */
  drainMark = 0;
  drainedAt = 0;
  /**
   * Answers that were ready before `session.ready`, which always comes first (W2). Bounded by the message
   * limit.
   */
  earlyFrames: readonly Buffer[] = NONE;
  /** Monotonic ms at which the current token ends, by the time that has passed since it arrived. */
  tokenEndsAt = Number.POSITIVE_INFINITY;
  /** Number of refresh requests so far. */
  refreshes = 0;
  /** `session.expiring` was sent for the current token. */
  expiryAnnounced = false;
  #principal: Principal;
  #subscription: Subscription = 'all';
  /** Visibility filters before the current one, which applies after entry `#visibilitySince`. */
  #earlierSpans: readonly VisibilitySpan[] = NONE;
  #visibilitySince: Offset = 0;
  /** Created on first use. An absent bucket is a full one. */
  #messages: TokenBucket | undefined;
  #controlFrames: TokenBucket | undefined;
  #refused = 0;

  constructor({id, principal, socket, peer, now, monotonic}: SessionOptions) {
    this.id = id;
    this.socket = socket;
    this.peer = peer;
    this.searchText = [principal.user, peer.address, peer.origin ?? ''].join('\n').toLowerCase();
    this.connectedAt = this.lastActivityAt = now;
    this.lastSeenAt = monotonic;
    this.#principal = principal;
    this.#visibility = visibilityOf(principal, this.#subscription);
  }

  get principal(): Principal {
    return this.#principal;
  }

  set principal(principal: Principal) {
    this.#principal = principal;
    this.expiryAnnounced = false;
    this.#changeVisibility();
  }

  get subscription(): Subscription {
    return this.#subscription;
  }

  set subscription(subscription: Subscription) {
    this.#subscription = subscription;
    this.#changeVisibility();
  }

  get visibility(): VisibilityFilter {
    return this.#visibility;
  }

  /** The visibility filters of the entries up to the cursor, as far back as they are remembered. */
  get visibilityHistory(): readonly VisibilitySpan[] {
    return [...this.#earlierSpans, {after: this.#visibilitySince, visibility: this.#visibility}];
  }

  /** Sets the cursor at which the session starts. Entries up to here are not sent. */
  beginAt(offset: Offset): void {
    this.cursor = offset;
    this.#earlierSpans = NONE;
    this.#visibilitySince = offset;
  }

  /** Returns the frames that waited for `session.ready`. */
  takeEarlyFrames(): readonly Buffer[] {
    const {earlyFrames} = this;
    this.earlyFrames = NONE;
    return earlyFrames;
  }

  /** Counts one message against the limit (W14). Returns `closed` once too many were refused in a row. */
  admitMessage(monotonic: number): 'admitted' | 'refused' | 'closed' {
    this.#messages ??= new TokenBucket({
      burst: MESSAGE_BURST,
      perMinute: MESSAGES_PER_MINUTE,
      at: monotonic,
    });
    if (this.#messages.take(monotonic)) {
      this.#refused = 0;
      return 'admitted';
    }
    this.#refused += 1;
    return this.#refused > MAX_REFUSED_MESSAGES ? 'closed' : 'refused';
  }

  /** Counts one ping or pong against its limit. */
  admitControlFrame(monotonic: number): boolean {
    this.#controlFrames ??= new TokenBucket({
      burst: CONTROL_FRAME_BURST,
      perMinute: CONTROL_FRAMES_PER_MINUTE,
      at: monotonic,
    });
    return this.#controlFrames.take(monotonic);
  }

  /**
   * The cursor only moves in the turn in which entries are written with the filter, so the boundary is exact.
   */
  #changeVisibility(): void {
    const visibility = visibilityOf(this.#principal, this.#subscription);
    const spans = withVisibility(this.visibilityHistory, this.cursor, visibility);
    this.#earlierSpans = spans.slice(0, -1);
    this.#visibilitySince = spans.at(-1)?.after ?? this.cursor;
    this.#visibility = visibility;
  }
}
