/**
 * The sessions of this node for the API (H4): pages, counts, and the messages that each was sent. It reads
 * the open sessions. It also counts how sessions closed and keeps the latest closed ones.
 */
import type {SessionCounts, SessionInfo, SessionPage} from '@hookswitch/protocol';
import type {FollowableJournal, Unsubscribe} from '../../journal/followable-journal.ts';
import {toIso} from '../feed/call-messages.ts';
import type {LiveFeed} from '../feed/live-feed.ts';
import {closeText} from './close-code-descriptions.ts';
import {
  type DeliveredMessages,
  readDeliveredMessages,
  type SentQuery,
  type SentRecord,
} from './delivered-messages.ts';
import type {Session, SessionPhase} from './session.ts';
import {type Position, positionOf, rankOf, SessionOrder, type SessionSort} from './session-sort.ts';

export interface NodeSessionListOptions {
  readonly journal: FollowableJournal;
  readonly feed: LiveFeed;
  /** The open sessions by id. */
  readonly sessions: ReadonlyMap<string, Session>;
}

export interface SessionQuery {
  /** Part of a user, an address or an origin, or the start of a session's id. Case-insensitive. */
  readonly q?: string;
  readonly phase?: SessionPhase;
  readonly sort: SessionSort;
  readonly limit: number;
  /** Only sessions after this position in the order. */
  readonly after?: Position;
}

/** A page of sessions, and the start of the next one. */
export interface SessionListing extends Omit<SessionPage, 'nextCursor'> {
  readonly next?: Position;
}

/** The public facts of a session, as it is now or as it was when it closed. */
export interface SessionDetails {
  readonly session: SessionInfo;
  readonly record: SentRecord;
}

/** Zero sessions in each phase. */
export const NO_PHASES: Readonly<Record<SessionPhase, number>> = {
  opening: 0,
  streaming: 0,
  reading: 0,
  blocked: 0,
  closing: 0,
};

/** Number of closed sessions whose delivered messages can still be read. */
export const MAX_CLOSED_SESSIONS = 200;

const MAX_LISTED_CODES = 50;

export class NodeSessionList {
  readonly #journal: FollowableJournal;
  readonly #feed: LiveFeed;
  readonly #sessions: ReadonlyMap<string, Session>;
  /** By id, oldest first. Holds no reference to a socket. */
  readonly #closed = new Map<string, SessionDetails>();
  /** Number of closed sessions for each code. */
  readonly #closes = new Map<number, number>();
  readonly #listeners = new Set<() => void>();
  #opened = 0;

  constructor({journal, feed, sessions}: NodeSessionListOptions) {
    this.#journal = journal;
    this.#feed = feed;
    this.#sessions = sessions;
  }

  noteOpened(): void {
    this.#opened += 1;
    this.#announce();
  }

  noteClosed(session: Session, code: number): void {
    this.#closes.set(code, (this.#closes.get(code) ?? 0) + 1);
    const {session: info, record} = this.#detailsOf(session);
    this.#closed.set(session.id, {session: {...info, phase: 'closed'}, record});
    const [oldest] = this.#closed.keys();
    if (this.#closed.size > MAX_CLOSED_SESSIONS && oldest !== undefined) this.#closed.delete(oldest);
    this.#announce();
  }

  /** Calls `listener` when a session has opened or closed. */
  onChange(listener: () => void): Unsubscribe {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Sessions opened since the process started. */
  get openedCount(): number {
    return this.#opened;
  }

  /** Number of closed sessions for each code. */
  closes(): readonly {readonly code: number; readonly count: number}[] {
    return mostFrequent([...this.#closes].map(([code, count]) => ({code, count})));
  }

  /** The latest closed sessions, oldest first. */
  closed(): MapIterator<SessionDetails> {
    return this.#closed.values();
  }

  #announce(): void {
    for (const listener of this.#listeners) listener();
  }

  /** The open sessions themselves. */
  open(): MapIterator<Session> {
    return this.#sessions.values();
  }

  /** All open sessions, oldest first. */
  *list(): Generator<SessionInfo> {
    for (const session of this.#sessions.values()) yield this.#describe(session);
  }

  /**
   * One page of the sessions, read in a single turn. Sessions open, close and move between two pages. A
   * session that keeps its position in the order is on exactly one of them.
   */
  page({q, phase, sort, limit, after}: SessionQuery): SessionListing {
    const needle = q?.toLowerCase();
    // One more than requested, to detect whether there is a next page.
    const sessionOrder = new SessionOrder(limit + 1, after);
    const byPhase: Record<SessionPhase, number> = {...NO_PHASES};
    const rank = rankOf[sort];
    let lagging = 0;
    let total = 0;
    // Newest first: in the default order the page is full at once, and all later sessions are skipped
    // quickly.
    for (const session of [...this.#sessions.values()].reverse()) {
      byPhase[session.state.phase] += 1;
      if (session.cursor < this.#feed.head) lagging += 1;
      if (phase !== undefined && session.state.phase !== phase) continue;
      if (needle !== undefined && !matches(session, needle)) continue;
      total += 1;
      sessionOrder.offer(rank(session), session);
    }
    const found = sessionOrder.best();
    const shown = found.slice(0, limit);
    const last = shown.at(-1);
    return {
      sessions: shown.map(({session}) => this.#describe(session)),
      next: found.length > limit && last !== undefined ? positionOf(last) : undefined,
      total,
      counts: {
        open: this.#sessions.size,
        lagging,
        byPhase,
        closes: this.#closeCounts(),
        opened: this.#opened,
      },
    };
  }

  /**
   * The messages that a session was sent; `undefined` if it is not open and not among the latest closed
   * sessions.
   * @throws JournalUnavailableError
   */
  async sent(
    sessionId: string,
    query: SentQuery,
  ): Promise<(DeliveredMessages & {session: SessionInfo}) | undefined> {
    const open = this.#sessions.get(sessionId);
    const described = open === undefined ? this.#closed.get(sessionId) : this.#detailsOf(open);
    if (described === undefined) return undefined;
    const {session, record} = described;
    return {session, ...(await readDeliveredMessages(this.#journal, record, query))};
  }

  #detailsOf(session: Session): SessionDetails {
    const {visibilityHistory: spans, cursor} = session;
    return {session: this.#describe(session), record: {spans, cursor}};
  }

  #describe(session: Session): SessionInfo {
    return {
      sessionId: session.id,
      user: session.principal.user,
      scopes: [...session.principal.scopes],
      phase: session.state.phase,
      subscription: session.subscription,
      offset: session.cursor,
      lag: Math.max(0, this.#feed.head - session.cursor),
      unsentBytes: session.socket.unsentBytes,
      connectedAt: toIso(session.connectedAt),
      lastActivityAt: toIso(session.lastActivityAt),
      ...session.peer,
    };
  }

  #closeCounts(): SessionCounts['closes'] {
    return this.closes().map(toCloseCount);
  }
}

/** The most frequent codes first. Limited, because a peer can close with any of 2000 codes of its own. */
export function mostFrequent<Close extends {readonly count: number}>(
  closes: readonly Close[],
): readonly Close[] {
  return closes.toSorted((a, b) => b.count - a.count).slice(0, MAX_LISTED_CODES);
}

/** Adds the description of the code. */
export function toCloseCount({code, count}: {readonly code: number; readonly count: number}) {
  return {code, text: closeText(code), count};
}

function matches({id, searchText}: Session, needle: string): boolean {
  return searchText.includes(needle) || id.startsWith(needle);
}
