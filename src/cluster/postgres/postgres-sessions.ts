/**
 * Stores the sessions of all nodes in a table. Each node publishes its own sessions and reads all of them.
 */
import type {Scope} from '@hookswitch/protocol';
import {JournalUnavailableError} from '../../errors/app-error.ts';
import type {Unsubscribe} from '../../journal/followable-journal.ts';
import type {PostgresDatabase} from '../../postgres/postgres-database.ts';
import {numberOf, optionalNumberOf, type Row, textOf} from '../../postgres/rows.ts';
import type {
  FoundSession,
  PublishedSession,
  SharedSessionPage,
  SharedSessionQuery,
  SharedSessionSort,
  SharedSessions,
} from '../shared-sessions.ts';
import {ALIVE_MS} from './cluster-times.ts';
import type {Heartbeat} from './heartbeat.ts';

export interface PostgresSessionsOptions {
  readonly database: PostgresDatabase;
  readonly instance: string;
  readonly heartbeat: Heartbeat;
}

/** The fields of a session that are shown but not searched. Stored as one JSON text. */
interface Details {
  readonly user: string;
  readonly scopes: readonly Scope[];
  readonly subscription: PublishedSession['subscription'];
  readonly address: string;
  readonly origin?: string;
  readonly protocol: string;
  readonly spans: PublishedSession['spans'];
}

export class PostgresSessions implements SharedSessions {
  readonly #database: PostgresDatabase;
  readonly #instance: string;
  readonly #heartbeat: Heartbeat;

  constructor({database, instance, heartbeat}: PostgresSessionsOptions) {
    this.#database = database;
    this.#instance = instance;
    this.#heartbeat = heartbeat;
  }

  async publish(changed: readonly PublishedSession[], gone: readonly string[]): Promise<void> {
    if (gone.length > 0) await this.#database.query(REMOVE, [this.#instance, gone]);
    if (changed.length === 0) return;
    await this.#database.query(PUBLISH, [
      this.#instance,
      changed.map(({sessionId}) => sessionId),
      changed.map(({user}) => storable(user)),
      changed.map(({phase}) => phase),
      changed.map(({cursor}) => cursor ?? null),
      changed.map(({unsentBytes}) => unsentBytes),
      changed.map(({connectedAt}) => connectedAt),
      changed.map(({lastActivityAt}) => lastActivityAt),
      changed.map(({searchText}) => storable(searchText)),
      changed.map((session) => JSON.stringify(toDetails(session))),
    ]);
  }

  onDeleted(listener: () => void): Unsubscribe {
    return this.#heartbeat.onDeleted(listener);
  }

  async page({needle, phase, sort, limit, after}: SharedSessionQuery): Promise<SharedSessionPage> {
    const [row] = await this.#database.query(pageSql(ranks[sort]), [
      ALIVE_MS / 1000,
      needle === undefined ? null : storable(needle),
      phase ?? null,
      after?.rank ?? null,
      after?.sessionId ?? null,
      limit,
    ]);
    if (row === undefined) throw new Error('the database returned no session counts');
    const found = row['page'] as readonly Row[];
    return {
      sessions: found.map((each) => ({rank: numberOf(each['rank']), session: toSession(each)})),
      total: numberOf(row['total']),
      byPhase: row['by_phase'] as Readonly<Record<string, number>>,
      lagging: numberOf(row['lagging']),
    };
  }

  async find(sessionId: string): Promise<FoundSession | undefined> {
    const [row] = await this.#database.query(FIND, [ALIVE_MS / 1000, sessionId]);
    return row === undefined ? undefined : toSession(row);
  }

  async countElsewhere(user: string): Promise<number> {
    // A connecting client must not wait for a database that does not answer.
    if (!this.#heartbeat.connected)
      throw new JournalUnavailableError('This node is disconnected from the other nodes.');
    const [row] = await this.#database.query(COUNT, [ALIVE_MS / 1000, storable(user), this.#instance]);
    return numberOf(row?.['count']);
  }

  async overQuota(users: readonly string[], limit: number): Promise<readonly string[]> {
    const rows = await this.#database.query(OVER_QUOTA, [
      ALIVE_MS / 1000,
      users.map(storable),
      limit,
      this.#instance,
    ]);
    return rows.map((row) => textOf(row['session_id']));
  }
}

/** Higher values come first, like in the session list of one node. */
const ranks: Readonly<Record<SharedSessionSort, string>> = {
  connected: 'connected_at',
  activity: 'last_activity_at',
  lag: '-coalesce("cursor", head)',
  unsent: 'unsent_bytes',
};

const REMOVE = 'DELETE FROM hookswitch.sessions WHERE instance = $1 AND session_id = ANY($2)';

const PUBLISH = `INSERT INTO hookswitch.sessions (instance, session_id, user_name, phase, "cursor", unsent_bytes,
  connected_at, last_activity_at, search_text, details)
SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[],
  $9::text[], $10::text[])
ON CONFLICT (session_id) DO UPDATE SET phase = excluded.phase, "cursor" = excluded."cursor",
  unsent_bytes = excluded.unsent_bytes, last_activity_at = excluded.last_activity_at, details = excluded.details`;

const FROM_LIVE = `FROM hookswitch.sessions s JOIN hookswitch.nodes n USING (instance)
WHERE n.heartbeat_at > clock_timestamp() - make_interval(secs => $1)`;

const SHOWN = `session_id, phase, "cursor", unsent_bytes, connected_at, last_activity_at, search_text, details, node_id, head`;

function pageSql(rank: string): string {
  return `WITH open AS (
    SELECT s.*, n.node_id, (n.facts->>'head')::bigint AS head ${FROM_LIVE} AND s.phase <> 'closed'),
  asked AS (
    SELECT *, ${rank} AS rank FROM open
    WHERE ($2::text IS NULL OR strpos(search_text, $2) > 0 OR starts_with(session_id, $2))
      AND ($3::text IS NULL OR phase = $3))
  SELECT (SELECT count(*) FROM asked) AS total,
    (SELECT count(*) FROM open WHERE "cursor" IS NOT NULL) AS lagging,
    (SELECT coalesce(jsonb_object_agg(phase, sessions), '{}') FROM
      (SELECT phase, count(*) AS sessions FROM open GROUP BY phase) AS phases) AS by_phase,
    (SELECT coalesce(jsonb_agg(to_jsonb(shown) ORDER BY rank DESC, session_id), '[]') FROM (
      SELECT rank, ${SHOWN} FROM asked
      WHERE $4::bigint IS NULL OR rank < $4 OR (rank = $4 AND session_id > $5::text COLLATE "C")
      ORDER BY rank DESC, session_id LIMIT $6) AS shown) AS page`;
}

const FIND = `SELECT session_id, phase, "cursor", unsent_bytes, connected_at, last_activity_at, search_text, details,
  n.node_id, (n.facts->>'head')::bigint AS head ${FROM_LIVE} AND s.session_id = $2`;

const COUNT = `SELECT count(*) ${FROM_LIVE} AND s.user_name = $2 AND s.instance <> $3 AND s.phase <> 'closed'`;

// A closing session no longer counts.
const OVER_QUOTA = `SELECT session_id FROM (
  SELECT s.session_id, s.instance,
    row_number() OVER (PARTITION BY s.user_name ORDER BY s.connected_at, s.session_id) AS place
  ${FROM_LIVE} AND s.user_name = ANY($2::text[]) AND s.phase NOT IN ('closing', 'closed')) AS placed
WHERE place > $3 AND instance = $4`;

function toDetails({
  user,
  scopes,
  subscription,
  address,
  origin,
  protocol,
  spans,
}: PublishedSession): Details {
  return {user, scopes, subscription, address, ...(origin !== undefined && {origin}), protocol, spans};
}

function toSession(row: Row): FoundSession {
  const details = JSON.parse(textOf(row['details'])) as Details;
  const cursor = optionalNumberOf(row['cursor']);
  return {
    ...details,
    sessionId: textOf(row['session_id']),
    phase: textOf(row['phase']),
    ...(cursor !== undefined && {cursor}),
    unsentBytes: numberOf(row['unsent_bytes']),
    connectedAt: numberOf(row['connected_at']),
    lastActivityAt: numberOf(row['last_activity_at']),
    searchText: textOf(row['search_text']),
    nodeId: textOf(row['node_id']),
    nodeHead: numberOf(row['head']),
  };
}

/**
 * Removes characters that Postgres cannot store (NUL, lone surrogates), so that one such name does not fail
 * the rest.
 */
function storable(text: string): string {
  return text.replaceAll('\0', '').toWellFormed();
}
