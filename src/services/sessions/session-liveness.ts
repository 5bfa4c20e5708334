/** Heartbeats, silence, stalled readers and expiring tokens: one timer for all sessions, and none without any. */
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

/** Each session is looked at so often at least. */
const SWEEP_MS = 1000;

/**
 * A sweep is divided into turns so far apart, if it takes longer than that. Of ten thousand sessions four hundred are due in a
 * second; each is a ping and a heartbeat, and in one turn they would hold everything else up for as long as thousands of
 * frames do.
 */
const TURN_MS = 100;

/** How long before the end of a token its session is told (A4). */
const EXPIRY_NOTICE_MS = 60_000;

export class SessionLiveness {
  readonly #clock: Clock;
  readonly #heartbeatMs: number;
  readonly #sessionTimeoutMs: number;
  readonly #sessions: ReadonlyMap<string, Session>;
  readonly #close: (session: Session, reason: CloseReason) => void;
  readonly #send: (session: Session, message: ServerMessage) => void;
  /** Those of a sweep that have not had their turn. */
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

  /** Plans the first heartbeat, anywhere in the second half of a period: sessions that came together beat apart. */
  begin(session: Session): void {
    session.nextHeartbeatAt = this.#heartbeatAfter(session.heardAt, 0.5);
    this.tokenCame(session);
    if (this.#isStarted) this.#startSweeping();
  }

  /** Counts from now how long the session's token lasts. */
  tokenCame(session: Session): void {
    const {expiresAt = Number.POSITIVE_INFINITY} = session.principal;
    session.tokenEndsAt = this.#clock.monotonic() + expiresAt - this.#clock.now();
  }

  /** Looks at the next part of the sessions; those who come meanwhile are at the end. */
  #sweep(): void {
    if (this.#sessions.size === 0) {
      // An iterator holds all that was in the map when it was last asked; with nobody left it would be asked no more.
      this.#rest = this.#sessions.values();
      this.#endSweeping();
      return;
    }
    const monotonic = this.#clock.monotonic();
    const now = this.#clock.now();
    for (let left = Math.ceil(this.#sessions.size / this.#parts); left > 0; left -= 1) {
      const session = this.#next();
      if (session !== undefined) this.#look(session, now, monotonic);
    }
  }

  #next(): Session | undefined {
    const next = this.#rest.next();
    if (next.done !== true) return next.value;
    this.#rest = this.#sessions.values();
    return this.#rest.next().value;
  }

  #look(session: Session, now: number, monotonic: number): void {
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

  /** Somewhere in the last part of the period, so that sessions which came together do not beat together. */
  #heartbeatAfter(monotonic: number, atLeast: number): number {
    return monotonic + this.#heartbeatMs * (atLeast + (0.96 - atLeast) * Math.random());
  }

  /**
   * A token ends when the wall clock says so or when the time has passed that it had left when it came, whichever is
   * first: a wall clock that is put back gives no token more time, and neither does a machine that slept, with which the
   * monotonic clock stops.
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

/** By the wall clock as it goes now; the token's own word unless the clock was put back, since the two clocks drift a little. */
function expectedEnd(expiresAt: number, counted: number): number {
  return expiresAt - counted < 1000 ? expiresAt : Math.floor(counted);
}

/** Looks whether the peer has taken any of what is unsent. */
function noteProgress(session: Session, monotonic: number): void {
  if (session.socket.unsentBytes === 0) return;
  const {drainMark} = session.socket;
  if (drainMark === session.drainMark) return;
  session.drainMark = drainMark;
  session.drainedAt = monotonic;
}

/**
 * When the session was last known to live. A ping waits behind whatever is unsent, so on a slow link the pong is late
 * although the peer is reading all the time; its reading counts too. A session that sends heartbeats needs no pong.
 */
function lastLife({heardAt, drainedAt, sendsHeartbeats}: Session): number {
  return sendsHeartbeats ? heardAt : Math.max(heardAt, drainedAt);
}
