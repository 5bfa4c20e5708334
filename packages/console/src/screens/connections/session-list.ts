/**
 * The list of sessions, page by page, kept up to date without moving under whoever reads it. As long as nobody does, each
 * answer replaces the list. While somebody reads, rows keep their places: those to be seen are asked for anew and changed where
 * they stand, who has gone stays and is marked, and who is new is only counted. Knows neither React nor the DOM.
 */
import type {NodeInfo, SessionCounts, SessionInfo, SessionPage} from '@hookswitch/protocol';
import {type ApiError, toApiError} from '../../api/api-error.ts';
import type {ResourcePorts} from '../../api/resource.ts';
import type {SessionSort} from './session-query.ts';

/**
 * `now`: as it was when last asked. `closed`: not there any more. `elsewhere`: has moved in the order, or closed; shown is how it
 * was before.
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
  /** The beginning of the list, as far as it has been asked for. */
  readonly rows: readonly SessionRow[];
  /** How many the filter lets through, as of the last answer. */
  readonly total: number;
  readonly counts: SessionCounts;
  /** Where several share a journal: those alive. */
  readonly nodes?: readonly NodeInfo[];
  /** There are other nodes, and what they have cannot be told. */
  readonly onlyThisNode?: true;
  /** There are further rows to ask for. */
  readonly hasMore: boolean;
  /** The order has changed at its beginning, and so many of the first page are not in the list. */
  readonly news?: {readonly newSessions: number};
  /** Of the last successful answer, by the gateway's clock. */
  readonly at: number;
  /** Why the last question failed. */
  readonly stale?: ApiError;
}

export interface SessionListOptions {
  readonly sort: SessionSort;
  readonly load: (cursor: string | undefined, signal: AbortSignal) => Promise<SessionPage>;
  readonly pollMs: number;
  readonly ports: ResourcePorts;
  /** Shown until the first answer. */
  readonly initial?: SessionListSnapshot;
}

interface Page {
  readonly cursor: string | undefined;
  readonly ids: readonly string[];
}

const MAX_BACKOFF_MS = 30_000;
/** Pages asked for anew at a time: what fits on a screen is on two at most. */
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

  /** The first subscriber starts it, the last one's leaving ends it. */
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

  /** Which rows are to be seen: further pages are asked for until they are there. */
  setVisible(first: number, last: number): void {
    this.#visible = {first, last};
    if (this.#wantsMore()) this.#ask(() => this.#loadMore());
  }

  /** Somebody reads: nothing may move. */
  setHeld(isHeld: boolean): void {
    this.#isHeld = isHeld;
  }

  /** Nothing is asked any more by itself, but for further pages. */
  setPaused(isPaused: boolean): void {
    if (isPaused === this.#isPaused) return;
    this.#isPaused = isPaused;
    this.#cancel();
    if (!isPaused) this.#ask(() => this.#refresh());
  }

  /** The list as it is now, whoever reads. */
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

  /** One thing at a time; what is refused here comes up again with the next answer. */
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

  /** The first page, and nothing else. */
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
    // In an order in which sessions move, one may come twice; its place is the one it has.
    const added = page.sessions.filter(({sessionId}) => !this.#rows.has(sessionId));
    for (const info of page.sessions) this.#rows.set(info.sessionId, {info, seen: 'now'});
    this.#pages.push({cursor, ids: added.map(({sessionId}) => sessionId)});
    this.#next = page.nextCursor;
    this.#showReady(page);
  }

  /** The first page, for what is new, and the pages to be seen. */
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

  /** Places in an order that moves are worth nothing a moment later: further down only who stands still is asked for anew. */
  #isMoving(): boolean {
    return this.#options.sort !== 'connected';
  }

  /** Beside the first, those that are to be seen and can be asked for anew. */
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
    // Those that came since have pushed it off this page: it is only further down.
    return isBefore ? 'closed' : 'now';
  }

  /** `undefined` when nobody waits for it any more. */
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
      ...{state: 'ready', rows, total, counts, hasMore, at},
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
