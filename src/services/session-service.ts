/**
 * The sessions: who is connected, what each has asked for, and that nothing is kept of a socket that is gone. A session
 * is a cursor over the journal; how it is moved is in `session-delivery.ts`, who has gone silent in `session-watch.ts`,
 * how they look to people in `session-directory.ts`.
 *
 * Knows the journal, the feed and a socket port; never `ws`, SQL or Express.
 */
import {randomUUID} from 'node:crypto';
import {type CloseReason, closeReasons, MESSAGE_BURST, type ServerMessage} from '@hookswitch/protocol';
import type {Logger} from 'pino';
import type {Principal} from '../auth/authenticator.ts';
import type {Clock} from '../clock.ts';
import type {SharedSessions} from '../cluster/shared-sessions.ts';
import {AppError} from '../errors/app-error.ts';
import type {FollowableJournal, Unsubscribe} from '../journal/followable-journal.ts';
import type {Metrics} from '../observability/metrics.ts';
import type {LiveFeed} from './feed/live-feed.ts';
import {NodeSessionList} from './sessions/node-session-list.ts';
import {Session, type SessionPeer, type SessionSocket, STREAMING} from './sessions/session.ts';
import {type ResumePoint, SessionDelivery} from './sessions/session-delivery.ts';
import {SessionDrain, type SessionDrainPlan} from './sessions/session-drain.ts';
import {SessionLiveness} from './sessions/session-liveness.ts';

export interface SessionServiceOptions {
  readonly journal: FollowableJournal;
  readonly feed: LiveFeed;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Names the journal's history; a cursor of another epoch says nothing. */
  readonly epoch: () => string;
  /** Milliseconds of silence after which a session is closed. */
  readonly sessionTimeoutMs: number;
  readonly maxSessions: number;
  readonly maxSessionsPerUser?: number;
  /** The sessions of the other nodes, where there are any. */
  readonly shared?: SharedSessions;
}

export interface OpenSession {
  readonly socket: SessionSocket;
  readonly principal: Principal;
  readonly peer: SessionPeer;
  readonly resume?: ResumePoint;
}

/** 25 s of the default timeout of 35 s. */
const HEARTBEAT_SHARE = 5 / 7;
const MAX_HEARTBEAT_MS = 25_000;

/** What counting the sessions of other nodes may add to an upgrade. */
const COUNT_TIMEOUT_MS = 1000;

export class SessionService {
  /** The sessions as people look at them. */
  readonly sessionList: NodeSessionList;
  readonly #feed: LiveFeed;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #metrics: Metrics;
  readonly #maxSessions: number;
  readonly #maxSessionsPerUser: number;
  readonly #shared: SharedSessions | undefined;
  readonly #delivery: SessionDelivery;
  readonly #watch: SessionLiveness;
  readonly #drain: SessionDrain;
  readonly #sessions = new Map<string, Session>();
  readonly #perUser = new Map<string, number>();
  readonly #onEmpty = new Set<() => void>();
  #unsubscribe: Unsubscribe | undefined;

  constructor(options: SessionServiceOptions) {
    const {feed, clock, logger, metrics, sessionTimeoutMs} = options;
    this.#feed = feed;
    this.#clock = clock;
    this.#logger = logger;
    this.#metrics = metrics;
    this.#maxSessions = options.maxSessions;
    this.#maxSessionsPerUser = options.maxSessionsPerUser ?? Number.POSITIVE_INFINITY;
    this.#shared = options.shared;
    const heartbeatMs = Math.min(MAX_HEARTBEAT_MS, Math.round(sessionTimeoutMs * HEARTBEAT_SHARE));
    const sessions = () => this.#sessions.values();
    const close = (session: Session, reason: CloseReason) => this.close(session, reason);
    const send = (session: Session, message: ServerMessage) => this.send(session, message);
    this.sessionList = new NodeSessionList({journal: options.journal, feed, sessions: this.#sessions});
    this.#delivery = new SessionDelivery({...options, heartbeatMs, sessions, close});
    const watched = {clock, heartbeatMs, sessionTimeoutMs, sessions: this.#sessions};
    this.#watch = new SessionLiveness({...watched, close, send});
    this.#drain = new SessionDrain({clock, sessions: this.#sessions, close, send});
  }

  start(): void {
    this.#delivery.start();
    this.#unsubscribe = this.#feed.onAdvance(() => this.broadcast());
    this.#watch.start();
  }

  stop(): void {
    this.#drain.stop();
    this.#watch.stop();
    this.#unsubscribe?.();
  }

  /** Whether another session may be opened at all; asked before the upgrade. */
  get hasRoom(): boolean {
    return this.#drain.admits && this.#sessions.size < this.#maxSessions;
  }

  /**
   * Whether this user may open another session; asked after the upgrade, so that a browser can tell why not.
   * @param elsewhere what {@link countElsewhere} said
   */
  hasRoomFor({user}: Principal, elsewhere = 0): boolean {
    return (this.#perUser.get(user) ?? 0) + elsewhere < this.#maxSessionsPerUser;
  }

  /**
   * Sessions of this user at other nodes, as those told a moment ago. Asked only where they are limited; where it cannot
   * be told in time, those of this node alone count: nobody is kept out because a database is away.
   */
  async countElsewhere({user}: Principal): Promise<number> {
    if (this.#shared === undefined || this.#maxSessionsPerUser === Number.POSITIVE_INFINITY) return 0;
    const {promise: late, resolve} = Promise.withResolvers<number>();
    const cancel = this.#clock.after(COUNT_TIMEOUT_MS, () => resolve(0));
    try {
      return await Promise.race([this.#shared.countElsewhere(user), late]);
    } catch (error) {
      this.#logger.debug({err: error, user}, 'sessions at other nodes could not be counted');
      return 0;
    } finally {
      cancel();
    }
  }

  get openCount(): number {
    return this.#sessions.size;
  }

  /** Sessions behind the head of the journal. */
  get laggingCount(): number {
    let lagging = 0;
    for (const session of this.#sessions.values()) if (session.cursor < this.#feed.head) lagging += 1;
    return lagging;
  }

  /**
   * Takes a connected socket in. The first message is `session.ready`; then what was missed, or a snapshot. The
   * caller reports what happens to the socket: {@link heard}, {@link drained}, {@link closed}.
   */
  open({socket, principal, peer, resume}: OpenSession): Session {
    const now = this.#clock.now();
    const monotonic = this.#clock.monotonic();
    const session = new Session({id: randomUUID(), principal, socket, peer, now, monotonic});
    const {user} = principal;
    this.#perUser.set(user, (this.#perUser.get(user) ?? 0) + 1);
    this.#sessions.set(session.id, session);
    this.#metrics.sessionsOpened.inc();
    this.sessionList.noteOpened();
    this.#logger.info({sessionId: session.id, user, address: peer.address}, 'session opened');
    this.#watch.begin(session);
    this.#delivery.begin(session, resume);
    this.#drain.opened(session);
    return session;
  }

  /** A ping or a pong came: whether it is to be looked at. A flood of them ends the session (W14). */
  admitControlFrame(session: Session): boolean {
    if (session.state.phase === 'closing') return false;
    if (session.admitControlFrame(this.#clock.monotonic())) return true;
    this.close(session, 'too-many');
    return false;
  }

  /** A sign of life: any message, or a pong from a session that has never sent a heartbeat of its own (W9). */
  heard(session: Session, sign: 'message' | 'heartbeat' | 'pong'): void {
    if (sign === 'heartbeat') session.sendsHeartbeats = true;
    session.lastActivityAt = this.#clock.now();
    if (sign === 'pong' && session.sendsHeartbeats) return;
    session.heardAt = this.#clock.monotonic();
  }

  /** The socket has nothing unsent any more. */
  drained(session: Session): void {
    if (session.state.phase !== 'blocked') return;
    session.state = STREAMING;
    session.drainedAt = this.#clock.monotonic();
    this.#delivery.deliver(session);
  }

  /** Forgets the session, but for what the sessionList keeps of the last few. */
  closed(session: Session, socketCode: number): void {
    if (!this.#sessions.delete(session.id)) return;
    // A peer that is cut off because it does not answer our close ends with 1006, which hides why it was closed.
    const code = session.state.phase === 'closing' ? session.state.code : socketCode;
    session.state = {phase: 'closing', code};
    const {user} = session.principal;
    const left = (this.#perUser.get(user) ?? 1) - 1;
    if (left > 0) this.#perUser.set(user, left);
    else this.#perUser.delete(user);
    this.#metrics.sessionsClosed.inc({code: String(code)});
    this.sessionList.noteClosed(session, code);
    this.#logger.info({sessionId: session.id, user, code}, 'session closed');
    if (this.#sessions.size === 0) for (const resolve of this.#onEmpty) resolve();
  }

  /** Tells the client to go. */
  close(session: Session, reason: CloseReason): void {
    if (session.state.phase === 'closing') return;
    const {code, text} = closeReasons[reason];
    session.state = {phase: 'closing', code};
    session.socket.close(code, text);
  }

  /** One of its user's sessions too many, as it turned out when other nodes had told of theirs. */
  closeOverQuota(sessionId: string): void {
    const session = this.#sessions.get(sessionId);
    if (session !== undefined) this.close(session, 'too-many');
  }

  /** Sends a message to one session, outside the journal's order. */
  send(session: Session, message: ServerMessage): void {
    this.#delivery.send(session, message);
  }

  /** Brings every session to the head of the journal. */
  broadcast(): void {
    this.#delivery.broadcast();
  }

  /**
   * Replaces what the session is told about (W8), and shows it how things stand.
   * @throws AppError `rate_limited` when the session reads too slowly to be answered
   */
  subscribe(session: Session, calls: 'all' | readonly string[], requestId?: string): void {
    if (session.snapshotsDue.length >= MESSAGE_BURST) {
      throw new AppError('rate_limited', 'Earlier subscriptions are still waiting to be answered.');
    }
    session.subscription = calls;
    session.snapshotsDue = [...session.snapshotsDue, requestId];
    this.#delivery.deliver(session);
  }

  /**
   * Goes on with a fresh token of the same user (W10). One that shows more or less than the one before is followed by a
   * snapshot, which replaces what the client holds: entries that were passed over are not brought after.
   */
  refresh(session: Session, principal: Principal): void {
    if (session.state.phase === 'closing') return;
    const {key} = session.visibility;
    session.principal = principal;
    this.#watch.tokenCame(session);
    if (session.visibility.key === key) return;
    if (session.snapshotsDue.length === 0) session.snapshotsDue = [undefined];
    this.#delivery.deliver(session);
  }

  /** Asks everybody to reconnect, elsewhere or later (W15), and lets nobody in any more; resolves when all are gone. */
  async drain(plan?: SessionDrainPlan): Promise<void> {
    await this.#drain.begin(plan);
    if (this.#sessions.size === 0) return;
    const {promise, resolve} = Promise.withResolvers<void>();
    this.#onEmpty.add(resolve);
    await promise;
  }

  /** Another history of the journal has begun: everybody is asked to come back, and gets a snapshot then. */
  closeAll(): void {
    for (const session of this.#sessions.values()) this.close(session, 'going-away');
  }

  /** Cuts off whoever is still connected. */
  terminateAll(): void {
    for (const session of this.#sessions.values()) session.socket.terminate();
  }
}
