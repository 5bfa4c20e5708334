/** The sessions of all nodes, as the nodes publish them: what is shown of any of them is at most about 2 s old. */
import type {SessionInfo} from '@hookswitch/protocol';
import type {Offset} from '../journal/call-event.ts';

/** A session as its node publishes it. Times are milliseconds since 1970, by the clock of its node. */
export interface PublishedSession
  extends Omit<SessionInfo, 'offset' | 'lag' | 'connectedAt' | 'lastActivityAt' | 'nodeId'> {
  /** Where it stands; absent while it is where its node's feed is, so that an entry that all are sent is no change to any. */
  readonly cursor?: Offset;
  readonly connectedAt: number;
  readonly lastActivityAt: number;
  /** User, address and origin in lower case. */
  readonly searchText: string;
  /** Through which audiences it was sent the journal: where each begins, and its key. */
  readonly spans: readonly (readonly [after: Offset, visibilityKey: string])[];
}

export interface FoundSession extends PublishedSession {
  readonly nodeId: string;
  /** Where its node's feed was at the last heartbeat. */
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
  /** At most `limit`, each with its place in the order. */
  readonly sessions: readonly {readonly rank: number; readonly session: FoundSession}[];
  /** Of those that the query asks for. */
  readonly total: number;
  /** Of all that are open. */
  readonly byPhase: Readonly<Record<string, number>>;
  readonly lagging: number;
}

export interface SharedSessions {
  /** Tells the others: these are new or have changed, and those are not to be shown any more. @throws JournalUnavailableError */
  publish(changed: readonly PublishedSession[], gone: readonly string[]): Promise<void>;
  /** Calls `listener` when everything has to be published anew: nothing of this node is known any more. */
  onForgotten(listener: () => void): () => void;
  /** One page of all open sessions, in one look. @throws JournalUnavailableError */
  page(query: SharedSessionQuery): Promise<SharedSessionPage>;
  /** One session, open or among the last that closed. @throws JournalUnavailableError */
  find(sessionId: string): Promise<FoundSession | undefined>;
  /** Open sessions of a user at the other nodes. @throws JournalUnavailableError */
  countElsewhere(user: string): Promise<number>;
  /**
   * Of the sessions of these users at this node, those that are too many where each may have `limit` at all nodes together: whoever came
   * first stays, by the clocks of their nodes. Asked at the same moment, all nodes agree on who that is. @throws JournalUnavailableError
   */
  overQuota(users: readonly string[], limit: number): Promise<readonly string[]>;
}
