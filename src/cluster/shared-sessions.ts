/** The sessions of all nodes, as the nodes publish them. The data is at most about 2 s old. */
import type {SessionInfo} from '@hookswitch/protocol';
import type {Offset} from '../journal/call-event.ts';

/** A published session. Times are milliseconds since 1970, by the clock of the session's node. */
export interface PublishedSession
  extends Omit<SessionInfo, 'offset' | 'lag' | 'connectedAt' | 'lastActivityAt' | 'nodeId'> {
  /**
   * The session's offset. Absent if it is at the head of its node, so that a new entry changes no session's
   * row.
   */
  readonly cursor?: Offset;
  readonly connectedAt: number;
  readonly lastActivityAt: number;
  /** User, address and origin in lower case. */
  readonly searchText: string;
  /** The visibility history: the offset at which each filter begins, and the filter's key. */
  readonly spans: readonly (readonly [after: Offset, visibilityKey: string])[];
}

export interface FoundSession extends PublishedSession {
  readonly nodeId: string;
  /** The node's head at its last heartbeat. */
  readonly nodeHead: Offset;
}

export type SharedSessionSort = 'connected' | 'activity' | 'lag' | 'unsent';

export interface SharedSessionQuery {
  /** In lower case. */
  readonly needle?: string;
  readonly phase?: string;
  readonly sort: SharedSessionSort;
  readonly limit: number;
  readonly after?: {readonly rank: number; readonly sessionId: string};
}

export interface SharedSessionPage {
  /** At most `limit` sessions, each with its sort value. */
  readonly sessions: readonly {readonly rank: number; readonly session: FoundSession}[];
  /** Number of sessions that match the query. */
  readonly total: number;
  /** Number of open sessions, by phase. */
  readonly byPhase: Readonly<Record<string, number>>;
  readonly lagging: number;
}

export interface SharedSessions {
  /** Publishes new and changed sessions, and removes those in `gone`. @throws JournalUnavailableError */
  publish(changed: readonly PublishedSession[], gone: readonly string[]): Promise<void>;
  /** Calls `listener` when this node's rows are gone, so that everything must be published again. */
  onDeleted(listener: () => void): () => void;
  /** Returns one page of open sessions and the counts, in one query. @throws JournalUnavailableError */
  page(query: SharedSessionQuery): Promise<SharedSessionPage>;
  /** Finds one session, open or recently closed. @throws JournalUnavailableError */
  find(sessionId: string): Promise<FoundSession | undefined>;
  /** Counts a user's open sessions at other nodes. @throws JournalUnavailableError */
  countElsewhere(user: string): Promise<number>;
  /**
   * Returns this node's sessions that exceed `limit` sessions per user across all nodes, for the given users.
   * The oldest sessions stay, by the clocks of their nodes. Nodes that ask at the same moment agree on the
   * result.
   * @throws JournalUnavailableError
   */
  overQuota(users: readonly string[], limit: number): Promise<readonly string[]>;
}
