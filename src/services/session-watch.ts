/** Heartbeats, silence, stalled readers and expiring tokens: one timer for all sessions. */
import {type CloseReason, type ServerMessage, STALLED_AFTER_MS} from '@hookswitch/protocol';
import type {CancelTimer, Clock} from '../clock.ts';
import {toIso} from './call-view.ts';
import type {Session} from './session.ts';

export interface SessionWatchOptions {
  readonly clock: Clock;
  readonly heartbeatMs: number;
  /** Milliseconds of silence after which a session is closed. */
  readonly sessionTimeoutMs: number;
  readonly sessions: () => MapIterator<Session>;
  readonly close: (session: Session, reason: CloseReason) => void;
  readonly send: (session: Session, message: ServerMessage) => void;
}

/** How long before the end of a token its session is told (A4). */
const EXPIRY_NOTICE_MS = 60_000;

export class SessionWatch {
  readonly #clock: Clock;
  readonly #heartbeatMs: number;
  readonly #sessionTimeoutMs: number;
  readonly #sessions: () => MapIterator<Session>;
  readonly #close: (session: Session, reason: CloseReason) => void;
  readonly #send: (session: Session, message: ServerMessage) => void;
  #stopSweeping: CancelTimer | undefined;

  constructor(options: SessionWatchOptions) {
    this.#clock = options.clock;
    this.#heartbeatMs = options.heartbeatMs;
    this.#sessionTimeoutMs = options.sessionTimeoutMs;
    this.#sessions = options.sessions;
    this.#close = options.close;
    this.#send = options.send;
  }

  start(): void {
    const sweepMs = Math.min(1000, Math.max(10, Math.round(this.#heartbeatMs / 25)));
    this.#stopSweeping = this.#clock.every(sweepMs, () => this.#sweep());
  }

  stop(): void {
    this.#stopSweeping?.();
  }

  /** Plans the first heartbeat, anywhere in the second half of a period: sessions that came together beat apart. */
  begin(session: Session): void {
    session.nextHeartbeatAt = this.#heartbeatAfter(session.heardAt, 0.5);
  }

  #sweep(): void {
    const monotonic = this.#clock.monotonic();
    const now = this.#clock.now();
    for (const session of this.#sessions()) {
      if (session.state.phase === 'closing') continue;
      if (session.state.phase === 'blocked') this.#checkProgress(session, monotonic);
      else if (monotonic - session.heardAt >= this.#sessionTimeoutMs) this.#close(session, 'silent');
      else if (monotonic >= session.nextHeartbeatAt) this.#heartbeat(session, monotonic);
      this.#checkExpiry(session, now);
    }
  }

  #checkProgress(session: Session, monotonic: number): void {
    if (session.state.phase !== 'blocked') return;
    const {unsentBytes} = session.socket;
    if (unsentBytes < session.state.unsentBytes) {
      session.state = {phase: 'blocked', unsentBytes, since: monotonic};
    } else if (monotonic - session.state.since >= STALLED_AFTER_MS) {
      this.#close(session, 'too-slow');
    }
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

  #checkExpiry(session: Session, now: number): void {
    const {expiresAt} = session.principal;
    if (expiresAt === undefined) return;
    if (now >= expiresAt) {
      this.#close(session, 'unauthorized');
    } else if (!session.expiryAnnounced && now >= expiresAt - EXPIRY_NOTICE_MS) {
      session.expiryAnnounced = true;
      this.#send(session, {type: 'session.expiring', expiresAt: toIso(expiresAt), timestamp: toIso(now)});
    }
  }
}
