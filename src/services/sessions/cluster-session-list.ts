/**
 * The sessions of all nodes for the API (H4). A single node lists its own sessions. In a cluster, the list is
 * one query over the sessions that all nodes, including this one, have published. While the database is away,
 * it falls back to the node's own sessions.
 */
import type {NodeInfo, SessionInfo} from '@hookswitch/protocol';
import type {Logger} from 'pino';
import type {Cluster, NodeStatus} from '../../cluster/cluster.ts';
import type {FoundSession, SharedSessions} from '../../cluster/shared-sessions.ts';
import type {FollowableJournal} from '../../journal/followable-journal.ts';
import {toIso} from '../feed/call-messages.ts';
import {visibilityOfKey} from '../feed/visibility.ts';
import {
  type DeliveredMessages,
  readDeliveredMessages,
  type SentQuery,
  type SentRecord,
} from './delivered-messages.ts';
import {
  mostFrequent,
  NO_PHASES,
  type NodeSessionList,
  type SessionListing,
  type SessionQuery,
  toCloseCount,
} from './node-session-list.ts';

export interface ClusterSessionListOptions {
  readonly sessionList: NodeSessionList;
  readonly cluster: Cluster;
  readonly journal: FollowableJournal;
  readonly logger: Logger;
}

export class ClusterSessionList {
  readonly #sessionList: NodeSessionList;
  readonly #cluster: Cluster;
  readonly #journal: FollowableJournal;
  readonly #logger: Logger;

  constructor({sessionList, cluster, journal, logger}: ClusterSessionListOptions) {
    this.#sessionList = sessionList;
    this.#cluster = cluster;
    this.#journal = journal;
    this.#logger = logger;
  }

  /** One page of the sessions of all nodes. */
  async page(query: SessionQuery): Promise<SessionListing> {
    const {sessions: shared} = this.#cluster;
    if (shared === undefined) return this.#sessionList.page(query);
    try {
      if (this.#cluster.connected) return await this.#sharedPage(shared, query);
    } catch (error) {
      this.#logger.warn({err: error}, 'could not list the sessions of other nodes');
    }
    return {...this.#sessionList.page(query), onlyThisNode: true};
  }

  /**
   * The messages that a session was sent, at any node; `undefined` if the session is not open and not
   * recently closed.
   * @throws JournalUnavailableError
   */
  async sent(
    sessionId: string,
    query: SentQuery,
  ): Promise<(DeliveredMessages & {session: SessionInfo}) | undefined> {
    const own = await this.#sessionList.sent(sessionId, query);
    const {sessions: shared, nodeId} = this.#cluster;
    if (shared === undefined) return own;
    if (own !== undefined) return {...own, session: {...own.session, nodeId}};
    const found = await shared.find(sessionId);
    if (found === undefined) return undefined;
    const sent = await readDeliveredMessages(this.#journal, toRecord(found), query);
    return {session: toInfo(found), ...sent};
  }

  async #sharedPage(shared: SharedSessions, query: SessionQuery): Promise<SessionListing> {
    const {q, phase, sort, limit, after} = query;
    // One more than requested, to detect whether there is a next page.
    const found = await shared.page({
      ...(q !== undefined && {needle: q.toLowerCase()}),
      ...(phase !== undefined && {phase}),
      ...(after !== undefined && {after}),
      sort,
      limit: limit + 1,
    });
    const shown = found.sessions.slice(0, limit);
    const last = shown.at(-1);
    const next =
      found.sessions.length > limit && last !== undefined
        ? {rank: last.rank, sessionId: last.session.sessionId}
        : undefined;
    const nodes = this.#cluster.nodes();
    const open = Object.values(found.byPhase).reduce((sum, count) => sum + count, 0);
    return {
      sessions: shown.map(({session}) => toInfo(session)),
      next,
      total: found.total,
      counts: {
        open,
        lagging: found.lagging,
        byPhase: {...NO_PHASES, ...found.byPhase},
        ...countsOf(nodes, open),
      },
      nodes: nodes.map(toNodeInfo),
    };
  }
}

/**
 * Counts since the nodes that are alive started. Nodes publish these counts before their latest sessions, so
 * the number of opened sessions must be at least the open and closed ones together.
 */
function countsOf(nodes: readonly NodeStatus[], open: number) {
  const closes = new Map<number, number>();
  let opened = 0;
  for (const node of nodes) {
    opened += node.openedSessions;
    for (const {code, count} of node.closes) closes.set(code, (closes.get(code) ?? 0) + count);
  }
  const counted = [...closes].map(([code, count]) => ({code, count}));
  const closed = counted.reduce((sum, {count}) => sum + count, 0);
  return {opened: Math.max(opened, open + closed), closes: mostFrequent(counted).map(toCloseCount)};
}

function toInfo(found: FoundSession): SessionInfo {
  const {cursor, nodeHead, searchText: _searchText, spans: _spans, ...info} = found;
  return {
    ...info,
    offset: cursor ?? nodeHead,
    lag: cursor === undefined ? 0 : Math.max(0, nodeHead - cursor),
    connectedAt: toIso(found.connectedAt),
    lastActivityAt: toIso(found.lastActivityAt),
  };
}

function toRecord({cursor, nodeHead, spans}: FoundSession): SentRecord {
  return {
    cursor: cursor ?? nodeHead,
    spans: spans.flatMap(([after, key]) => {
      const visibility = visibilityOfKey(key);
      return visibility === undefined ? [] : [{after, visibility}];
    }),
  };
}

function toNodeInfo(node: NodeStatus): NodeInfo {
  return {
    nodeId: node.nodeId,
    isSelf: node.isSelf,
    version: node.version,
    startedAt: toIso(node.startedAt),
    heartbeatAt: toIso(node.heartbeatAt),
    heartbeatAgeMs: node.heartbeatAgeMs,
    offset: node.head,
    lag: node.lag,
    sessions: node.openSessions,
    clockAheadMs: node.clockAheadMs,
  };
}
