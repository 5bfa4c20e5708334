/**
 * The list of sessions, page by page. While the user is not reading, each response replaces the list. While
 * the user reads, rows keep their places: visible rows are refreshed in place, closed sessions stay and are
 * marked, and new ones are only counted. Independent of React and the DOM.
 */
import type {NodeInfo, SessionCounts, SessionInfo, SessionPage} from '@hookswitch/protocol';
import {type ApiError, toApiError} from '../../api/api-error.ts';
import type {ResourcePorts} from '../../api/resource.ts';
import type {SessionSort} from './session-query.ts';

/**
 * `now`: as of the last response. `closed`: the session has ended. `elsewhere`: it has moved in the order or
 * closed; the row shows its previous state.
 */
export type Seen = 'now' | 'closed' | 'elsewhere';

export interface SessionRow {
  readonly info: SessionInfo;
  readonly seen: Seen;
}

export type SessionListSnapshot =
  | {readonly state: 'loading'}
  | {readonly state: 'failed' | 'forbidden'; readonly error: ApiError}
  | LoadedSessions;

export interface LoadedSessions {
  readonly state: 'ready';
  /** The start of the list, as far as it has been loaded. */
  readonly rows: readonly SessionRow[];
  /** Number of sessions that match the filter, as of the last response. */
  readonly total: number;
  readonly counts: SessionCounts;
  /** The live nodes, if several share a journal. */
  readonly nodes?: readonly NodeInfo[];
  /** There are other nodes, but their sessions are unknown. */
  readonly onlyThisNode?: true;
  /** More rows can be loaded. */
  readonly hasMore: boolean;
  /** The start of the order has changed; `newSessions` of the first page are not in the list. */
  readonly news?: {readonly newSessions: number};
  /** Time of the last successful response by the gateway's clock. */
  readonly at: number;
  /** Why the last request failed. */
  readonly stale?: ApiError;
}

export interface SessionListOptions {
  readonly sort: SessionSort;
  readonly load: (cursor: string | undefined, signal: AbortSignal) => Promise<SessionPage>;
  readonly pollMs: number;
  readonly ports: ResourcePorts;
  /** Shown until the first response. */
  readonly initial?: SessionListSnapshot;
}

interface Page {
  readonly cursor: string | undefined;
  readonly ids: readonly string[];
}

const MAX_BACKOFF_MS = 30_000;
/** Maximum number of pages refreshed at a time. A screen shows parts of two at most. */
const MAX_REFRESHED_PAGES = 3;

export class SessionList {
  readonly #options: SessionListOptions;
  readonly #listeners = new Set<() => void>();
  #snapshot: SessionListSnapshot;
  #pages: Page[] = [];
  #rows = new Map<string, SessionRow>();
  #next: string | undefined;
  #request: AbortController | undefined;
  #cancelTimer: (() => void) | undefined;
  #endVisibility: (() => void) | undefined;
  #failures = 0;
  #visible = {first: 0, last: 0};
  #isHeld = false;
  #isPaused = false;

  constructor(options: SessionListOptions) {
    this.#options = options;
    this.#snapshot = options.initial ?? {state: 'loading'};
  }

  /** The first subscriber starts the polling; it stops when the last one unsubscribes. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) {
      this.#endVisibility = this.#options.ports.onVisibility(this.#onVisibility);
      this.#ask(() => this.#replace());
    }
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#stop();
    };
  };

  readonly getSnapshot = (): SessionListSnapshot => this.#snapshot;

  /** Sets the visible rows; loads further pages until they are complete. */
  setVisible(first: number, last: number): void {
    this.#visible = {first, last};
    if (this.#wantsMore()) this.#ask(() => this.#loadMore());
  }

  /** While the user reads, rows must not move. */
  setHeld(isHeld: boolean): void {
    this.#isHeld = isHeld;
  }

  /** Stops polling. Further pages are still loaded. */
  setPaused(isPaused: boolean): void {
    if (isPaused === this.#isPaused) return;
    this.#isPaused = isPaused;
    this.#cancel();
    if (!isPaused) this.#ask(() => this.#refresh());
  }

  /** Replaces the list, even while the user reads. */
  readonly showLatest = (): void => {
    this.#request?.abort();
    this.#request = undefined;
    if (this.#snapshot.state !== 'ready') this.#show({state: 'loading'});
    this.#ask(() => this.#replace());
  };

  #stop(): void {
    this.#endVisibility?.();
    this.#endVisibility = undefined;
    this.#cancel();
    this.#request?.abort();
    this.#request = undefined;
  }

  #cancel(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  readonly #onVisibility = (): void => {
    if (this.#options.ports.isHidden()) this.#cancel();
    else if (!this.#isPaused) this.#ask(() => this.#refresh());
  };

  /** One request at a time. A call that is skipped here is repeated after the next response. */
  #ask(work: () => Promise<void>): void {
    if (this.#request !== undefined || this.#listeners.size === 0) return;
    if (this.#snapshot.state === 'forbidden') return;
    this.#cancel();
    const request = new AbortController();
    this.#request = request;
    void this.#run(work, request);
  }

  async #run(work: () => Promise<void>, request: AbortController): Promise<void> {
    try {
      await work();
      this.#failures = 0;
    } catch (thrown) {
      if (request.signal.aborted) return;
      this.#fail(toApiError(thrown));
    }
    if (this.#request !== request) return;
    this.#request = undefined;
    if (this.#failures === 0 && this.#wantsMore()) this.#ask(() => this.#loadMore());
    else this.#planNext();
  }

  #planNext(): void {
    const {pollMs, ports} = this.#options;
    if (this.#isPaused || ports.isHidden() || this.#snapshot.state === 'forbidden') return;
    const delayMs = Math.min(pollMs * 2 ** this.#failures, Math.max(pollMs, MAX_BACKOFF_MS));
    this.#cancelTimer = ports.after(delayMs, () => this.#ask(() => this.#refresh()));
  }

  #wantsMore(): boolean {
    return this.#next !== undefined && this.#visible.last >= this.#rows.size - 1;
  }

  #refresh(): Promise<void> {
    return this.#isHeld && this.#pages.length > 0 ? this.#update() : this.#replace();
  }

  /** Loads the first page and drops the others. */
  async #replace(): Promise<void> {
    const page = await this.#load(undefined);
    if (page === undefined) return;
    this.#rows = new Map(page.sessions.map((info) => [info.sessionId, {info, seen: 'now'}]));
    this.#pages = [{cursor: undefined, ids: page.sessions.map(({sessionId}) => sessionId)}];
    this.#next = page.nextCursor;
    this.#showReady(page);
  }

  async #loadMore(): Promise<void> {
    const cursor = this.#next;
    const page = await this.#load(cursor);
    if (page === undefined) return;
    // If sessions move in the order, one may come twice; it keeps its first place.
    const added = page.sessions.filter(({sessionId}) => !this.#rows.has(sessionId));
    for (const info of page.sessions) this.#rows.set(info.sessionId, {info, seen: 'now'});
    this.#pages.push({cursor, ids: added.map(({sessionId}) => sessionId)});
    this.#next = page.nextCursor;
    this.#showReady(page);
  }

  /** Refreshes the first page, to count new sessions, and the visible pages. */
  async #update(): Promise<void> {
    const first = await this.#load(undefined);
    if (first === undefined) return;
    this.#merge(0, first);
    const known = this.#pages[0]?.ids ?? [];
    const newSessions = first.sessions.filter(({sessionId}) => !this.#rows.has(sessionId)).length;
    const isMoved = first.sessions.some(({sessionId}, at) => sessionId !== known[at]);
    this.#showReady(first, newSessions > 0 || (isMoved && this.#isMoving()) ? {newSessions} : undefined);
    for (const index of this.#visiblePages()) {
      const page = await this.#load(this.#pages[index]?.cursor);
      if (page === undefined) return;
      this.#merge(index, page);
      this.#showReady(page, this.#snapshot.state === 'ready' ? this.#snapshot.news : undefined);
    }
  }

  /**
   * In an order in which sessions move, a cursor is outdated at once, so only the stable order is refreshed
   * further down.
   */
  #isMoving(): boolean {
    return this.#options.sort !== 'connected';
  }

  /** The visible pages besides the first, if they can be refreshed. */
  #visiblePages(): readonly number[] {
    if (this.#isMoving()) return [];
    const found: number[] = [];
    let start = 0;
    for (const [index, {ids}] of this.#pages.entries()) {
      const end = start + ids.length;
      if (index > 0 && start <= this.#visible.last && end > this.#visible.first) found.push(index);
      start = end;
    }
    return found.slice(0, MAX_REFRESHED_PAGES);
  }

  #merge(index: number, answer: SessionPage): void {
    const found = new Set(answer.sessions.map(({sessionId}) => sessionId));
    for (const info of answer.sessions) {
      if (this.#rows.has(info.sessionId)) this.#rows.set(info.sessionId, {info, seen: 'now'});
    }
    for (const id of this.#pages[index]?.ids ?? []) {
      const row = this.#rows.get(id);
      if (row === undefined || found.has(id) || row.seen === 'closed') continue;
      const seen = this.#whyMissing(row.info, answer);
      if (seen !== row.seen) this.#rows.set(id, {...row, seen});
    }
  }

  #whyMissing({connectedAt, sessionId}: SessionInfo, answer: SessionPage): Seen {
    if (answer.nextCursor === undefined && !this.#isMoving()) return 'closed';
    const last = answer.sessions.at(-1);
    if (this.#isMoving() || last === undefined) return 'elsewhere';
    const isBefore =
      connectedAt === last.connectedAt ? sessionId < last.sessionId : connectedAt > last.connectedAt;
    // Newer sessions have pushed it to the next page.
    return isBefore ? 'closed' : 'now';
  }

  /** `undefined` if the request was superseded. */
  async #load(cursor: string | undefined): Promise<SessionPage | undefined> {
    const request = this.#request;
    if (request === undefined) return undefined;
    const page = await this.#options.load(cursor, request.signal);
    return this.#request === request ? page : undefined;
  }

  #showReady({total, counts, nodes, onlyThisNode}: SessionPage, news?: LoadedSessions['news']): void {
    const rows: SessionRow[] = [];
    for (const {ids} of this.#pages) {
      for (const id of ids) {
        const row = this.#rows.get(id);
        if (row !== undefined) rows.push(row);
      }
    }
    const at = this.#options.ports.now();
    const hasMore = this.#next !== undefined;
    this.#show({
      state: 'ready',
      rows,
      total,
      counts,
      hasMore,
      at,
      ...(nodes !== undefined && {nodes}),
      ...(onlyThisNode && {onlyThisNode}),
      ...(news !== undefined && {news}),
    });
  }

  #fail(error: ApiError): void {
    this.#failures += 1;
    if (error.status === 403) this.#show({state: 'forbidden', error});
    else if (this.#snapshot.state === 'ready' && error.mayPass) this.#show({...this.#snapshot, stale: error});
    else this.#show({state: 'failed', error});
  }

  #show(next: SessionListSnapshot): void {
    this.#snapshot = next;
    for (const listener of this.#listeners) listener();
  }
}
