/**
 * Heartbeats, silent clients, stalled readers and expiring tokens, with one timer for all sessions and none without
 * sessions.
 */
import {type CloseReason, type ServerMessage, STALLED_AFTER_MS} from '@hookswitch/protocol';
import type {CancelTimer, Clock} from '../../clock.ts';
import {toIso} from '../feed/call-messages.ts';
import type {Session} from './session.ts';

export interface SessionLivenessOptions {
  readonly clock: Clock;
  readonly heartbeatMs: number;
  /** Milliseconds of silence after which a session is closed. */
  readonly sessionTimeoutMs: number;
  readonly sessions: ReadonlyMap<string, Session>;
  readonly close: (session: Session, reason: CloseReason) => void;
  readonly send: (session: Session, message: ServerMessage) => void;
}

/** The longest interval between two checks of a session. */
const SWEEP_MS = 1000;

/**
 * A long sweep is divided into turns of this length. Of ten thousand sessions, four hundred are due in a
 * second, and each gets a ping and a heartbeat. In a single turn they would block the event loop for as long
 * as thousands of frames.
 */
const TURN_MS = 100;

/** Time between the expiry notice and the end of a token (A4). */
const EXPIRY_NOTICE_MS = 60_000;

export class SessionLiveness {
  readonly #clock: Clock;
  readonly #heartbeatMs: number;
  readonly #sessionTimeoutMs: number;
  readonly #sessions: ReadonlyMap<string, Session>;
  readonly #close: (session: Session, reason: CloseReason) => void;
  readonly #send: (session: Session, message: ServerMessage) => void;
  /** The sessions of the current sweep that have not been checked. */
  #rest: MapIterator<Session>;
  readonly #parts: number;
  readonly #sweepMs: number;
  #isStarted = false;
  #stopSweeping: CancelTimer | undefined;

  constructor(options: SessionLivenessOptions) {
    this.#clock = options.clock;
    this.#heartbeatMs = options.heartbeatMs;
    this.#sessionTimeoutMs = options.sessionTimeoutMs;
    this.#sessions = options.sessions;
    this.#rest = options.sessions.values();
    this.#sweepMs = Math.min(SWEEP_MS, Math.max(10, Math.round(this.#heartbeatMs / 25)));
    this.#parts = Math.ceil(this.#sweepMs / TURN_MS);
    this.#close = options.close;
    this.#send = options.send;
  }

  start(): void {
    this.#isStarted = true;
    if (this.#sessions.size > 0) this.#startSweeping();
  }

  stop(): void {
    this.#isStarted = false;
    this.#endSweeping();
  }

  #startSweeping(): void {
    this.#stopSweeping ??= this.#clock.every(this.#sweepMs / this.#parts, () => this.#sweep());
  }

  #endSweeping(): void {
    this.#stopSweeping?.();
    this.#stopSweeping = undefined;
  }

  /**
   * Schedules the first heartbeat at a random time in the second half of a period, to spread simultaneous
   * sessions.
   */
  begin(session: Session): void {
    session.nextHeartbeatAt = this.#heartbeatAfter(session.lastSeenAt, 0.5);
    this.handleToken(session);
    if (this.#isStarted) this.#startSweeping();
  }

  /** Computes the end of the session's token on the monotonic clock. */
  handleToken(session: Session): void {
    const {expiresAt = Number.POSITIVE_INFINITY} = session.principal;
    session.tokenEndsAt = this.#clock.monotonic() + expiresAt - this.#clock.now();
  }

  /** Checks the next part of the sessions. New sessions come last. */
  #sweep(): void {
    if (this.#sessions.size === 0) {
      // An iterator keeps the map entries of its last call alive, and without sessions nobody would call it again.
      this.#rest = this.#sessions.values();
      this.#endSweeping();
      return;
    }
    const monotonic = this.#clock.monotonic();
    const now = this.#clock.now();
    for (let left = Math.ceil(this.#sessions.size / this.#parts); left > 0; left -= 1) {
      const session = this.#next();
      if (session !== undefined) this.#check(session, now, monotonic);
    }
  }

  #next(): Session | undefined {
    const next = this.#rest.next();
    if (next.done !== true) return next.value;
    this.#rest = this.#sessions.values();
    return this.#rest.next().value;
  }

  #check(session: Session, now: number, monotonic: number): void {
    if (session.state.phase === 'closing') return;
    noteProgress(session, monotonic);
    if (session.state.phase === 'blocked') {
      const since = Math.max(session.state.since, session.drainedAt);
      if (monotonic - since >= STALLED_AFTER_MS) this.#close(session, 'too-slow');
    } else if (monotonic - lastLife(session) >= this.#sessionTimeoutMs) this.#close(session, 'silent');
    else if (monotonic >= session.nextHeartbeatAt) this.#heartbeat(session, monotonic);
    this.#checkExpiry(session, now, monotonic);
  }

  #heartbeat(session: Session, monotonic: number): void {
    session.nextHeartbeatAt = this.#heartbeatAfter(monotonic, 0.9);
    session.socket.ping();
    if (session.state.phase === 'opening') return;
    this.#send(session, {
      type: 'session.heartbeat',
      offset: session.cursor,
      timestamp: toIso(this.#clock.now()),
    });
  }

  /** A random time in the last part of the period, to spread sessions that opened at the same time. */
  #heartbeatAfter(monotonic: number, atLeast: number): number {
    return monotonic + this.#heartbeatMs * (atLeast + (0.96 - atLeast) * Math.random());
  }

  /**
   * A token ends when the wall clock passes its end, or when its remaining time has passed on the monotonic
   * clock, whichever comes first. So a wall clock that is set back gives no token more time. Neither does a
   * machine that slept, although its monotonic clock stood still.
   */
  #checkExpiry(session: Session, now: number, monotonic: number): void {
    const {expiresAt} = session.principal;
    if (expiresAt === undefined) return;
    const leftMs = Math.min(expiresAt - now, session.tokenEndsAt - monotonic);
    if (leftMs <= 0) {
      this.#close(session, 'unauthorized');
    } else if (!session.expiryAnnounced && leftMs <= EXPIRY_NOTICE_MS) {
      session.expiryAnnounced = true;
      this.#send(session, {
        type: 'session.expiring',
        expiresAt: toIso(expectedEnd(expiresAt, now + leftMs)),
        timestamp: toIso(now),
      });
    }
  }
}

/**
 * The end of the token by the current wall clock. Small drift between the clocks is ignored in favor of the
 * token.
 */
function expectedEnd(expiresAt: number, counted: number): number {
  return expiresAt - counted < 1000 ? expiresAt : Math.floor(counted);
}

/** Records whether the peer has read any unsent data. */
function noteProgress(session: Session, monotonic: number): void {
  if (session.socket.unsentBytes === 0) return;
  const {drainMark} = session.socket;
  if (drainMark === session.drainMark) return;
  session.drainMark = drainMark;
  session.drainedAt = monotonic;
}

/**
 * The last sign of life. A ping waits behind unsent data, so on a slow link the pong is late although the
 * peer reads all the time. Reading therefore counts as well. A session that sends heartbeats needs no pong.
 */
function lastLife({lastSeenAt, drainedAt, sendsHeartbeats}: Session): number {
  return sendsHeartbeats ? lastSeenAt : Math.max(lastSeenAt, drainedAt);
}
