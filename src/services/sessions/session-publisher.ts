/**
 * Tells the other nodes of this node's sessions: once a second what has changed, and soon who came and went, since a limit
 * may depend on it. What is told is bounded; a database that is away is told later.
 */
import type {Logger} from 'pino';
import type {CancelTimer, Clock} from '../../clock.ts';
import type {PublishedSession, SharedSessions} from '../../cluster/shared-sessions.ts';
import type {Unsubscribe} from '../../journal/followable-journal.ts';
import type {LiveFeed} from '../feed/live-feed.ts';
import type {Described, NodeSessionList} from './node-session-list.ts';
import type {Session} from './session.ts';
import type {SessionQuota} from './session-quota.ts';

export interface SessionPublisherOptions {
  readonly shared: SharedSessions;
  readonly sessionList: NodeSessionList;
  readonly feed: LiveFeed;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Where the sessions of a user are limited. */
  readonly quota?: SessionQuota;
}

/** What of a session can change, as it was published. Compared one by one: ten thousand are looked at each second. */
interface Known {
  readonly phase: string;
  readonly cursor: number | undefined;
  readonly unsentBytes: number;
  readonly lastActivityAt: number;
  readonly principal: unknown;
  readonly subscription: unknown;
}

const EVERY_MS = 1000;
/** Who came or went is told after this long, with all that came and went meanwhile. */
const SOON_MS = 100;
/** Sessions told of in one statement, and in one round: what is left waits for the next. */
const BATCH = 500;
const MAX_PER_ROUND = 4000;

export class SessionPublisher {
  readonly #shared: SharedSessions;
  readonly #sessionList: NodeSessionList;
  readonly #feed: LiveFeed;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #quota: SessionQuota | undefined;
  readonly #known = new Map<string, Known>();
  #publishing = false;
  #again = false;
  #failed = false;
  #cancelSoon: CancelTimer | undefined;
  #ends: readonly Unsubscribe[] = [];

  constructor({shared, sessionList, feed, clock, logger, quota}: SessionPublisherOptions) {
    this.#shared = shared;
    this.#quota = quota;
    this.#sessionList = sessionList;
    this.#feed = feed;
    this.#clock = clock;
    this.#logger = logger;
  }

  start(): void {
    this.#ends = [
      this.#clock.every(EVERY_MS, () => this.#publish()),
      this.#sessionList.onChange(() => {
        this.#cancelSoon ??= this.#clock.after(SOON_MS, () => this.#publish());
      }),
      this.#shared.onDeleted(() => {
        this.#known.clear();
        this.#publish();
      }),
    ];
  }

  stop(): void {
    for (const end of this.#ends) end();
    this.#ends = [];
    this.#cancelSoon?.();
  }

  /** One round at a time; what happens meanwhile leads to another. */
  #publish(): void {
    this.#cancelSoon?.();
    this.#cancelSoon = undefined;
    this.#again = this.#publishing;
    if (this.#publishing || this.#ends.length === 0) return;
    this.#publishing = true;
    this.#round()
      .then(
        () => {
          this.#failed = false;
        },
        (error: unknown) => this.#tellOfFailure(error),
      )
      .finally(() => {
        this.#publishing = false;
        if (this.#again) this.#publish();
      });
  }

  async #round(): Promise<void> {
    const there = new Set<string>();
    const changed: {readonly session: PublishedSession; readonly known: Known}[] = [];
    const {head} = this.#feed;
    for (const session of this.#sessionList.open()) {
      there.add(session.id);
      const known = knownOf(session, head);
      if (changed.length < MAX_PER_ROUND && !isSame(this.#known.get(session.id), known)) {
        changed.push({session: ofOpen(session, known), known});
      }
    }
    for (const described of this.#sessionList.closed()) {
      const {sessionId} = described.session;
      there.add(sessionId);
      if (this.#known.get(sessionId) !== CLOSED) changed.push({session: ofClosed(described), known: CLOSED});
    }
    const gone = [...this.#known.keys()].filter((sessionId) => !there.has(sessionId));
    if (gone.length > 0) await this.#shared.publish([], gone);
    for (const sessionId of gone) this.#known.delete(sessionId);
    for (let start = 0; start < changed.length; start += BATCH) {
      const batch = changed.slice(start, start + BATCH);
      await this.#shared.publish(
        batch.map(({session}) => session),
        [],
      );
      for (const {session, known} of batch) {
        if (!this.#known.has(session.sessionId)) this.#quota?.published(session.user);
        this.#known.set(session.sessionId, known);
      }
    }
    await this.#quota?.look();
  }

  #tellOfFailure(error: unknown): void {
    if (!this.#failed)
      this.#logger.warn({err: error}, 'other nodes could not be told of sessions; trying again');
    this.#failed = true;
  }
}

/** What has closed changes no more. */
const CLOSED: Known = {
  phase: 'closed',
  cursor: undefined,
  unsentBytes: 0,
  lastActivityAt: 0,
  principal: undefined,
  subscription: undefined,
};

function knownOf(session: Session, head: number): Known {
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

function isSame(one: Known | undefined, other: Known): boolean {
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

function ofOpen(session: Session, {phase, cursor}: Known): PublishedSession {
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

/** Of a closed session only what it was sent is asked for: nobody looks for it in a list. */
function ofClosed({session, record}: Described): PublishedSession {
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

function spansOf(spans: Described['record']['spans']): PublishedSession['spans'] {
  return spans.map(({after, visibility}) => [after, visibility.key] as const);
}
