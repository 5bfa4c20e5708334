/**
 * The sessions as people look at them (H4): listed page by page, counted, and what each was sent. Reads what the
 * sessions are; of those that have closed it keeps how they ended, and the last few as they were.
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
  /** Part of a user, an address or an origin, or the beginning of a session's id, in any case. */
  readonly q?: string;
  readonly phase?: SessionPhase;
  readonly sort: SessionSort;
  readonly limit: number;
  /** Only sessions that come after this place in the order. */
  readonly after?: Position;
}

/** A page of sessions, and where the next one begins. */
export interface SessionListing extends Omit<SessionPage, 'nextCursor'> {
  readonly next?: Position;
}

/** What is told of one session: as it is, or as it was when it closed. */
export interface Described {
  readonly session: SessionInfo;
  readonly record: SentRecord;
}

/** How many sessions are in each phase, where there are none. */
export const NO_PHASES: Readonly<Record<SessionPhase, number>> = {
  opening: 0,
  streaming: 0,
  reading: 0,
  blocked: 0,
  closing: 0,
};

/** So many closed sessions can still be asked what they were sent. */
export const MAX_CLOSED_SESSIONS = 200;

const MAX_LISTED_CODES = 50;

export class NodeSessionList {
  readonly #journal: FollowableJournal;
  readonly #feed: LiveFeed;
  readonly #sessions: ReadonlyMap<string, Session>;
  /** By id, the first to go first. Holds nothing of a socket. */
  readonly #closed = new Map<string, Described>();
  /** How many closed with each code. */
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
    const {session: info, record} = this.#look(session);
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

  /** Sessions since the process started. */
  get openedCount(): number {
    return this.#opened;
  }

  /** How many closed with each code. */
  closes(): readonly {readonly code: number; readonly count: number}[] {
    return mostFrequent([...this.#closes].map(([code, count]) => ({code, count})));
  }

  /** The last that closed, the first to go first. */
  closed(): MapIterator<Described> {
    return this.#closed.values();
  }

  #announce(): void {
    for (const listener of this.#listeners) listener();
  }

  /** The open sessions themselves. */
  open(): MapIterator<Session> {
    return this.#sessions.values();
  }

  /** Every open session, the first to come first. */
  *list(): Generator<SessionInfo> {
    for (const session of this.#sessions.values()) yield this.#describe(session);
  }

  /**
   * One look at all sessions, in one turn. Between two pages sessions come, go and move: each that keeps its place in
   * the order is on exactly one of them.
   */
  page({q, phase, sort, limit, after}: SessionQuery): SessionListing {
    const needle = q?.toLowerCase();
    // One more than asked for tells whether there is a next page.
    const sessionOrder = new SessionOrder(limit + 1, after);
    const byPhase: Record<SessionPhase, number> = {...NO_PHASES};
    const rank = rankOf[sort];
    let lagging = 0;
    let total = 0;
    // The last to come first: in the usual order the page is full at once, and all others are passed over.
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
   * What a session was sent; `undefined` of one that is not open, and not among the last that closed.
   * @throws JournalUnavailableError
   */
  async sent(
    sessionId: string,
    query: SentQuery,
  ): Promise<(DeliveredMessages & {session: SessionInfo}) | undefined> {
    const open = this.#sessions.get(sessionId);
    const described = open === undefined ? this.#closed.get(sessionId) : this.#look(open);
    if (described === undefined) return undefined;
    const {session, record} = described;
    return {session, ...(await readDeliveredMessages(this.#journal, record, query))};
  }

  #look(session: Session): Described {
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

/** The most frequent first; a peer may close with any of 2000 codes of its own. */
export function mostFrequent<Close extends {readonly count: number}>(
  closes: readonly Close[],
): readonly Close[] {
  return closes.toSorted((a, b) => b.count - a.count).slice(0, MAX_LISTED_CODES);
}

/** With the words of its code. */
export function toCloseCount({code, count}: {readonly code: number; readonly count: number}) {
  return {code, text: closeText(code), count};
}

function matches({id, searchText}: Session, needle: string): boolean {
  return searchText.includes(needle) || id.startsWith(needle);
}
