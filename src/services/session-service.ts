/**
 * The open sessions: admission, subscriptions, and the removal of everything that belongs to a closed socket.
 * A session is a cursor over the journal. `session-delivery.ts` moves the cursor, `session-liveness.ts`
 * detects silent clients, and `node-session-list.ts` lists the sessions for people.
 *
 * Depends on the journal, the feed and a socket port; never on `ws`, SQL or Express.
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
  /** The current epoch of the journal. A cursor of another epoch has no meaning. */
  readonly epoch: () => string;
  /** Milliseconds of silence after which a session is closed. */
  readonly sessionTimeoutMs: number;
  readonly maxSessions: number;
  readonly maxSessionsPerUser?: number;
  /** The sessions of the other nodes, if there are other nodes. */
  readonly shared?: SharedSessions;
}

export interface OpenSession {
  readonly socket: SessionSocket;
  readonly principal: Principal;
  readonly peer: SessionPeer;
  readonly resume?: ResumePoint;
}

export type AdmissionVerdict =
  | {readonly kind: 'admitted'; readonly principal: Principal}
  /** Sent as a close code after the upgrade, so that a browser can read it. */
  | {readonly kind: 'refused'; readonly reason: 'unauthorized' | 'too-many'};

export interface Admission {
  /**
   * The verdict. Checks the limits again, because other sessions may have opened, or a drain may have begun, during the
   * authentication. @throws AppError `no_room`
   */
  confirm(): AdmissionVerdict;
}

/** 25 s for the default timeout of 35 s. */
const HEARTBEAT_SHARE = 5 / 7;
const MAX_HEARTBEAT_MS = 25_000;

/** Maximum time that counting the sessions of other nodes may add to an upgrade. */
const COUNT_TIMEOUT_MS = 1000;

export class SessionService {
  /** The sessions as the API lists them. */
  readonly sessionList: NodeSessionList;
  readonly #feed: LiveFeed;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #metrics: Metrics;
  readonly #maxSessions: number;
  readonly #maxSessionsPerUser: number;
  readonly #shared: SharedSessions | undefined;
  readonly #delivery: SessionDelivery;
  readonly #liveness: SessionLiveness;
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
    this.#liveness = new SessionLiveness({...watched, close, send});
    this.#drain = new SessionDrain({clock, sessions: this.#sessions, close, send});
  }

  start(): void {
    this.#delivery.start();
    this.#unsubscribe = this.#feed.onAdvance(() => this.broadcast());
    this.#liveness.start();
  }

  stop(): void {
    this.#drain.stop();
    this.#liveness.stop();
    this.#unsubscribe?.();
  }

  /**
   * The admission policy. First checks the capacity, then runs `authenticate` and counts the user's sessions at other nodes.
   * The result has to be confirmed in the turn in which the session opens.
   * @throws AppError `no_room`, and the errors of `authenticate`
   */
  async admit(authenticate: () => Promise<Principal | undefined>): Promise<Admission> {
    this.#requireRoom();
    const principal = await authenticate();
    const elsewhere = principal === undefined ? 0 : await this.#countElsewhere(principal);
    return {
      confirm: () => {
        this.#requireRoom();
        if (principal === undefined) return {kind: 'refused', reason: 'unauthorized'};
        const count = (this.#perUser.get(principal.user) ?? 0) + elsewhere;
        if (count >= this.#maxSessionsPerUser) return {kind: 'refused', reason: 'too-many'};
        return {kind: 'admitted', principal};
      },
    };
  }

  #requireRoom(): void {
    if (this.#drain.admits && this.#sessions.size < this.#maxSessions) return;
    throw new AppError(
      'no_room',
      'No more sessions are accepted here (MAX_SESSIONS, or it is shutting down).',
      {
        retryAfterS: 5,
      },
    );
  }

  /**
   * Counts this user's sessions at other nodes, as last published, if there is a limit. If the count does not arrive in
   * time, only the sessions of this node count, because an unavailable database must not lock users out.
   */
  async #countElsewhere({user}: Principal): Promise<number> {
    if (this.#shared === undefined || this.#maxSessionsPerUser === Number.POSITIVE_INFINITY) return 0;
    const {promise: late, resolve} = Promise.withResolvers<number>();
    const cancel = this.#clock.after(COUNT_TIMEOUT_MS, () => resolve(0));
    try {
      return await Promise.race([this.#shared.countElsewhere(user), late]);
    } catch (error) {
      this.#logger.debug({err: error, user}, 'could not count the sessions at other nodes');
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
   * Opens a session on a connected socket. The first message is `session.ready`. Then come the missed entries
   * or a snapshot. The caller reports socket events: {@link handleActivity}, {@link handleDrain}, {@link handleClose}.
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
    this.#liveness.begin(session);
    this.#delivery.begin(session, resume);
    this.#drain.handleOpen(session);
    return session;
  }

  /** Whether a received ping or pong may be handled. A flood of them closes the session (W14). */
  admitControlFrame(session: Session): boolean {
    if (session.state.phase === 'closing') return false;
    if (session.admitControlFrame(this.#clock.monotonic())) return true;
    this.close(session, 'too-many');
    return false;
  }

  /**
   * A sign of life: any message, or a pong from a session that has never sent a heartbeat of its own (W9).
   */
  handleActivity(session: Session, sign: 'message' | 'heartbeat' | 'pong'): void {
    if (sign === 'heartbeat') session.sendsHeartbeats = true;
    session.lastActivityAt = this.#clock.now();
    if (sign === 'pong' && session.sendsHeartbeats) return;
    session.lastSeenAt = this.#clock.monotonic();
  }

  /** The socket has no unsent data left. */
  handleDrain(session: Session): void {
    if (session.state.phase !== 'blocked') return;
    session.state = STREAMING;
    session.drainedAt = this.#clock.monotonic();
    this.#delivery.deliver(session);
  }

  /** Removes the session. The session list keeps a record of the latest closed sessions. */
  handleClose(session: Session, socketCode: number): void {
    if (!this.#sessions.delete(session.id)) return;
    // A peer that does not answer our close frame is terminated with 1006, which would hide the real reason.
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

  /** Starts the closing handshake. */
  close(session: Session, reason: CloseReason): void {
    if (session.state.phase === 'closing') return;
    const {code, text} = closeReasons[reason];
    session.state = {phase: 'closing', code};
    session.socket.close(code, text);
  }

  /**
   * Closes a session over its user's limit, which became visible once the other nodes had published theirs.
   */
  closeOverQuota(sessionId: string): void {
    const session = this.#sessions.get(sessionId);
    if (session !== undefined) this.close(session, 'too-many');
  }

  /** Sends a message to one session, outside the order of the journal. */
  send(session: Session, message: ServerMessage): void {
    this.#delivery.send(session, message);
  }

  /** Brings every session to the head of the journal. */
  broadcast(): void {
    this.#delivery.broadcast();
  }

  /**
   * Replaces the session's subscription (W8) and sends it a snapshot.
   * @throws AppError `rate_limited` if the session reads its answers too slowly
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
   * Continues the session with a new token of the same user (W10). If the token changes which calls the
   * session may see, a snapshot follows and replaces the client's state, because entries that were skipped
   * are not sent later.
   */
  refresh(session: Session, principal: Principal): void {
    if (session.state.phase === 'closing') return;
    const {key} = session.visibility;
    session.principal = principal;
    this.#liveness.handleToken(session);
    if (session.visibility.key === key) return;
    if (session.snapshotsDue.length === 0) session.snapshotsDue = [undefined];
    this.#delivery.deliver(session);
  }

  /**
   * Asks all clients to reconnect (W15) and admits no more sessions. Resolves once all sessions have closed.
   */
  async drain(plan?: SessionDrainPlan): Promise<void> {
    await this.#drain.begin(plan);
    if (this.#sessions.size === 0) return;
    const {promise, resolve} = Promise.withResolvers<void>();
    this.#onEmpty.add(resolve);
    await promise;
  }

  /**
   * Closes all sessions because a new epoch of the journal has begun. Clients reconnect and get a snapshot.
   */
  closeAll(): void {
    for (const session of this.#sessions.values()) this.close(session, 'going-away');
  }

  /** Destroys the sockets of all open sessions. */
  terminateAll(): void {
    for (const session of this.#sessions.values()) session.socket.terminate();
  }
}
