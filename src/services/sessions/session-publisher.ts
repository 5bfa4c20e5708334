/**
 * Publishes this node's sessions to the other nodes: changes once a second, and opened or closed sessions
 * sooner, because a limit may depend on them. Each round is bounded. If the database is away, the next round
 * publishes the changes.
 */
import type {Logger} from 'pino';
import type {CancelTimer, Clock} from '../../clock.ts';
import type {PublishedSession, SharedSessions} from '../../cluster/shared-sessions.ts';
import type {Unsubscribe} from '../../journal/followable-journal.ts';
import type {LiveFeed} from '../feed/live-feed.ts';
import type {NodeSessionList, SessionDetails} from './node-session-list.ts';
import type {Session} from './session.ts';
import type {SessionQuota} from './session-quota.ts';

export interface SessionPublisherOptions {
  readonly shared: SharedSessions;
  readonly sessionList: NodeSessionList;
  readonly feed: LiveFeed;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Only with a limit of sessions per user. */
  readonly quota?: SessionQuota;
}

/**
 * The mutable fields of a session, as published. Compared field by field: ten thousand sessions are checked a
 * second.
 */
interface PublishedState {
  readonly phase: string;
  readonly cursor: number | undefined;
  readonly unsentBytes: number;
  readonly lastActivityAt: number;
  readonly principal: unknown;
  readonly subscription: unknown;
}

const INTERVAL_MS = 1000;
/** Opened and closed sessions are published after this time, together with all others of that time. */
const DEBOUNCE_MS = 100;
/** Sessions in one statement, and in one round. The rest waits for the next round. */
const BATCH = 500;
const MAX_PER_ROUND = 4000;

export class SessionPublisher {
  readonly #shared: SharedSessions;
  readonly #sessionList: NodeSessionList;
  readonly #feed: LiveFeed;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #quota: SessionQuota | undefined;
  readonly #known = new Map<string, PublishedState>();
  #publishing = false;
  #again = false;
  #failed = false;
  #cancelDebounce: CancelTimer | undefined;
  #unsubscribers: readonly Unsubscribe[] = [];

  constructor({shared, sessionList, feed, clock, logger, quota}: SessionPublisherOptions) {
    this.#shared = shared;
    this.#quota = quota;
    this.#sessionList = sessionList;
    this.#feed = feed;
    this.#clock = clock;
    this.#logger = logger;
  }

  start(): void {
    this.#unsubscribers = [
      this.#clock.every(INTERVAL_MS, () => this.#publish()),
      this.#sessionList.onChange(() => {
        this.#cancelDebounce ??= this.#clock.after(DEBOUNCE_MS, () => this.#publish());
      }),
      this.#shared.onDeleted(() => {
        this.#known.clear();
        this.#publish();
      }),
    ];
  }

  stop(): void {
    for (const unsubscribe of this.#unsubscribers) unsubscribe();
    this.#unsubscribers = [];
    this.#cancelDebounce?.();
  }

  /** Runs one round at a time. A change during a round starts another one. */
  #publish(): void {
    this.#cancelDebounce?.();
    this.#cancelDebounce = undefined;
    this.#again = this.#publishing;
    if (this.#publishing || this.#unsubscribers.length === 0) return;
    this.#publishing = true;
    this.#round()
      .then(
        () => {
          this.#failed = false;
        },
        (error: unknown) => this.#reportFailure(error),
      )
      .finally(() => {
        this.#publishing = false;
        if (this.#again) this.#publish();
      });
  }

  async #round(): Promise<void> {
    const present = new Set<string>();
    const changed: {readonly session: PublishedSession; readonly known: PublishedState}[] = [];
    const {head} = this.#feed;
    for (const session of this.#sessionList.open()) {
      present.add(session.id);
      const known = knownOf(session, head);
      if (changed.length < MAX_PER_ROUND && !isSame(this.#known.get(session.id), known)) {
        changed.push({session: fromOpen(session, known), known});
      }
    }
    for (const described of this.#sessionList.closed()) {
      const {sessionId} = described.session;
      present.add(sessionId);
      if (this.#known.get(sessionId) !== CLOSED)
        changed.push({session: fromClosed(described), known: CLOSED});
    }
    const gone = [...this.#known.keys()].filter((sessionId) => !present.has(sessionId));
    if (gone.length > 0) await this.#shared.publish([], gone);
    for (const sessionId of gone) this.#known.delete(sessionId);
    for (let start = 0; start < changed.length; start += BATCH) {
      const batch = changed.slice(start, start + BATCH);
      await this.#shared.publish(
        batch.map(({session}) => session),
        [],
      );
      for (const {session, known} of batch) {
        if (!this.#known.has(session.sessionId)) this.#quota?.handlePublished(session.user);
        this.#known.set(session.sessionId, known);
      }
    }
    await this.#quota?.enforce();
  }

  #reportFailure(error: unknown): void {
    if (!this.#failed)
      this.#logger.warn({err: error}, 'could not publish the sessions to other nodes, retrying');
    this.#failed = true;
  }
}

/** A closed session does not change. */
const CLOSED: PublishedState = {
  phase: 'closed',
  cursor: undefined,
  unsentBytes: 0,
  lastActivityAt: 0,
  principal: undefined,
  subscription: undefined,
};

function knownOf(session: Session, head: number): PublishedState {
  const {state, cursor, socket, lastActivityAt, principal, subscription} = session;
  return {
    phase: state.phase,
    cursor: cursor < head ? cursor : undefined,
    unsentBytes: socket.unsentBytes,
    lastActivityAt,
    principal,
    subscription,
  };
}

function isSame(one: PublishedState | undefined, other: PublishedState): boolean {
  return (
    one !== undefined &&
    one.phase === other.phase &&
    one.cursor === other.cursor &&
    one.unsentBytes === other.unsentBytes &&
    one.lastActivityAt === other.lastActivityAt &&
    one.principal === other.principal &&
    one.subscription === other.subscription
  );
}

function fromOpen(session: Session, {phase, cursor}: PublishedState): PublishedSession {
  const {
    id,
    principal,
    subscription,
    peer,
    socket,
    connectedAt,
    lastActivityAt,
    searchText,
    visibilityHistory,
  } = session;
  return {
    ...peer,
    sessionId: id,
    user: principal.user,
    scopes: [...principal.scopes],
    phase,
    subscription,
    ...(cursor !== undefined && {cursor}),
    unsentBytes: socket.unsentBytes,
    connectedAt,
    lastActivityAt,
    searchText,
    spans: spansOf(visibilityHistory),
  };
}

/** A closed session is only used for its delivered messages, and no search finds it. */
function fromClosed({session, record}: SessionDetails): PublishedSession {
  const {offset: _offset, lag: _lag, ...info} = session;
  return {
    ...info,
    cursor: record.cursor,
    connectedAt: Date.parse(session.connectedAt),
    lastActivityAt: Date.parse(session.lastActivityAt),
    searchText: '',
    spans: spansOf(record.spans),
  };
}

function spansOf(spans: SessionDetails['record']['spans']): PublishedSession['spans'] {
  return spans.map(({after, visibility}) => [after, visibility.key] as const);
}
