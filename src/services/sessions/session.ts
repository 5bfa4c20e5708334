/** One client: a principal, a socket, and a cursor over the journal. */
import {MESSAGE_BURST, MESSAGES_PER_MINUTE} from '@hookswitch/protocol';
import type {Principal} from '../../auth/authenticator.ts';
import type {Offset} from '../../journal/call-event.ts';
import {TokenBucket} from '../../rate-limit/token-bucket.ts';
import {type Subscription, type VisibilityFilter, visibilityOf} from '../feed/visibility.ts';
import {type VisibilitySpan, withVisibility} from './visibility-history.ts';

/** What a session needs of a socket. The adapter over `ws` is in `src/transport/ws-socket.ts`. */
export interface SessionSocket {
  /** Bytes that were written and that the kernel has not taken yet, counted by whole writes. */
  readonly unsentBytes: number;
  /** Changes with every byte of them that the kernel takes: a slow link may need minutes for one write. */
  readonly drainMark: number;
  /** Writes complete WebSocket frames, several of them in one go, without copying. */
  write(first: Buffer, ...more: readonly Buffer[]): void;
  ping(): void;
  /** Starts the closing handshake, and ends the connection if the peer does not answer it. */
  close(code: number, reason: string): void;
  /** Ends the connection without a word. */
  terminate(): void;
}

/** Where a session connects from: for people who look at the list of sessions. */
export interface SessionPeer {
  readonly address: string;
  readonly origin?: string;
  readonly protocol: string;
}

/**
 * `opening`: nothing was sent yet. `streaming`: pushed to as the head moves. `reading`: behind what the feed holds, a
 * page is being read for it. `blocked` since that monotonic ms: the socket holds all it may, waiting for it to drain.
 * `closing`: told to go.
 */
export type SessionState =
  | {readonly phase: 'opening'}
  | {readonly phase: 'streaming'}
  | {readonly phase: 'reading'}
  | {readonly phase: 'blocked'; readonly since: number}
  | {readonly phase: 'closing'; readonly code: number};

/** The states that carry nothing are one object each: ten thousand sessions are in one of them, and are looked at for each event. */
export const OPENING: SessionState = {phase: 'opening'};
export const STREAMING: SessionState = {phase: 'streaming'};
export const READING: SessionState = {phase: 'reading'};

/** What most sessions hold of most things. */
const NONE: readonly never[] = [];

export const sessionPhases = ['opening', 'streaming', 'reading', 'blocked', 'closing'] as const;
export type SessionPhase = SessionState['phase'];

/** After so many messages beyond the limit in a row a session is closed: it is not listening. */
export const MAX_REFUSED_MESSAGES = 20;

/**
 * Pings and pongs of a client. Browsers send none but the answer to ours; a library that looks for a dead peer sends one
 * every few seconds. Each costs a turn of the parser and an answer, and a fragment between them holds what it was read in.
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
  // What is looked at for each entry of each session comes first, and so lies together: a fan-out to ten thousand finds none of it
  // in the processor's caches.
  state: SessionState = OPENING;
  /** Every entry up to here that it may see was written to the socket. */
  cursor: Offset = 0;
  readonly socket: SessionSocket;
  #visibility: VisibilityFilter;
  /** Resumed, and not at the head yet: a heartbeat says when it is, so that a client can tell what was missed from what is new. */
  replaying = false;
  /** Snapshots owed once the cursor is at the head: the ids of the requests that asked for them. */
  snapshotsDue: readonly (string | undefined)[] = NONE;
  readonly id: string;
  readonly peer: SessionPeer;
  /** User, address and origin in lower case. One text, made once: a search looks at ten thousand of them. */
  readonly searchText: string;
  /** Milliseconds since 1970. */
  readonly connectedAt: number;
  /** Milliseconds since 1970 of the last message or pong. */
  lastActivityAt: number;
  /** The same on the monotonic clock, of what counts as life. */
  heardAt: number;
  /** A session that has sent a heartbeat is judged by its messages, another by its pongs too (W9). */
  sendsHeartbeats = false;
  /** Monotonic ms. */
  nextHeartbeatAt = 0;
  /** The socket's `drainMark` when it was last looked at, and the monotonic ms at which it was seen to change. */
  drainMark = 0;
  drainedAt = 0;
  /** Answers to messages that overtook `session.ready`, which is always first (W2). Bounded as those messages are. */
  early: readonly Buffer[] = NONE;
  /** Monotonic ms at which the current token runs out by the time that has passed since it came. */
  tokenEndsAt = Number.POSITIVE_INFINITY;
  /** How many refreshes it has asked for. */
  refreshes = 0;
  /** `session.expiring` was sent for the current token. */
  expiryAnnounced = false;
  #principal: Principal;
  #subscription: Subscription = 'all';
  /** What was sent through other audiences than the current one, which began after entry `#visibilitySince`. */
  #earlierSpans: readonly VisibilitySpan[] = NONE;
  #visibilitySince: Offset = 0;
  /** Full as long as nothing was taken, and not there. */
  #messages: TokenBucket | undefined;
  #controlFrames: TokenBucket | undefined;
  #refused = 0;

  constructor({id, principal, socket, peer, now, monotonic}: SessionOptions) {
    this.id = id;
    this.socket = socket;
    this.peer = peer;
    this.searchText = [principal.user, peer.address, peer.origin ?? ''].join('\n').toLowerCase();
    this.connectedAt = this.lastActivityAt = now;
    this.heardAt = monotonic;
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

  /** Through which audiences it was sent the entries up to the cursor, as far back as that is remembered. */
  get visibilityHistory(): readonly VisibilitySpan[] {
    return [...this.#earlierSpans, {after: this.#visibilitySince, visibility: this.#visibility}];
  }

  /** Puts the cursor where the session begins: of entries up to here it is sent none. */
  beginAt(offset: Offset): void {
    this.cursor = offset;
    this.#earlierSpans = NONE;
    this.#visibilitySince = offset;
  }

  /** Returns the answers that waited for `session.ready`. */
  takeEarly(): readonly Buffer[] {
    const {early} = this;
    this.early = NONE;
    return early;
  }

  /** Takes one message from the allowance (W14): `closed` once a client goes on sending although it was refused. */
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

  /** Takes one ping or pong from its allowance. */
  admitControlFrame(monotonic: number): boolean {
    this.#controlFrames ??= new TokenBucket({
      burst: CONTROL_FRAME_BURST,
      perMinute: CONTROL_FRAMES_PER_MINUTE,
      at: monotonic,
    });
    return this.#controlFrames.take(monotonic);
  }

  /** The cursor only moves in the turn in which it is written through the audience: a change is exact. */
  #changeVisibility(): void {
    const visibility = visibilityOf(this.#principal, this.#subscription);
    const spans = withVisibility(this.visibilityHistory, this.cursor, visibility);
    this.#earlierSpans = spans.slice(0, -1);
    this.#visibilitySince = spans.at(-1)?.after ?? this.cursor;
    this.#visibility = visibility;
  }
}
