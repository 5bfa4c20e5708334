/**
 * The recent webhooks, newest first. The first request loads a page; later ones load only what is new. While
 * the list is paused or the user reads, new webhooks wait and are counted. Ids increase during the lifetime
 * of the gateway's process. If the process has been restarted, the list starts over. Independent of React and
 * the DOM.
 */
import type {WebhookPage, WebhookRecord} from '@hookswitch/protocol';
import {type ApiError, toApiError} from '../../api/api-error.ts';
import type {ResourcePorts} from '../../api/resource.ts';

export interface FeedQuery {
  readonly after?: number;
  readonly before?: string;
}

export type FeedSnapshot =
  | {readonly state: 'loading'}
  | {readonly state: 'failed' | 'forbidden'; readonly error: ApiError}
  | LoadedFeed;

export interface LoadedFeed {
  readonly state: 'ready';
  /** Newest first. */
  readonly rows: readonly WebhookRecord[];
  /** Number of new webhooks that are not in `rows`, because the list is paused or the user reads. */
  readonly waiting: number;
  /** Older webhooks can be loaded. */
  readonly hasMore: boolean;
  readonly isLoadingMore: boolean;
  readonly counts: WebhookPage['counts'];
  /** The gateway has been restarted, so the previous rows are gone. */
  readonly restarted: boolean;
  /** Time of the last response by the gateway's clock. */
  readonly at: number;
  /** Why the last request failed. */
  readonly stale?: ApiError;
}

export interface FeedOptions {
  /** Adds the filter and the page size. */
  readonly load: (query: FeedQuery, signal: AbortSignal) => Promise<WebhookPage>;
  readonly pollMs: number;
  readonly ports: ResourcePorts;
  /** Shown until the first response. */
  readonly initial?: FeedSnapshot;
}

/** Maximum number of rows, and of waiting webhooks. The gateway itself keeps 2,000. */
export const MAX_ROWS = 1000;
/** Maximum number of requests to load what is new. If there is more, the list starts over. */
const MAX_PAGES = 5;
const MAX_BACKOFF_MS = 30_000;

/** The known webhooks, shown or waiting. */
interface Known {
  readonly rows: readonly WebhookRecord[];
  readonly waiting: readonly WebhookRecord[];
  readonly next: string | undefined;
  readonly latest: number;
  /** Set if so many arrived at once that `waiting` does not reach `rows`: the cursor where it ends. */
  readonly gap?: string | undefined;
}

const NOTHING: Known = {rows: [], waiting: [], next: undefined, latest: 0};

export class WebhookFeed {
  readonly #options: FeedOptions;
  readonly #listeners = new Set<() => void>();
  #snapshot: FeedSnapshot;
  #known = NOTHING;
  #isLoaded = false;
  #request: AbortController | undefined;
  #cancelTimer: (() => void) | undefined;
  #endVisibility: (() => void) | undefined;
  #failures = 0;
  #isHeld = false;
  #isPaused = false;

  constructor(options: FeedOptions) {
    this.#options = options;
    this.#snapshot = options.initial ?? {state: 'loading'};
  }

  /** The first subscriber starts the polling; it stops when the last one unsubscribes. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) {
      this.#endVisibility = this.#options.ports.onVisibility(this.#onVisibility);
      void this.#ask((signal) => this.#refresh(signal));
    }
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#stop();
    };
  };

  readonly getSnapshot = (): FeedSnapshot => this.#snapshot;

  /** While the user reads, rows must not move. */
  setHeld(isHeld: boolean): void {
    if (isHeld === this.#isHeld) return;
    this.#isHeld = isHeld;
    if (!this.#keepsStill) this.showNew();
  }

  /** While paused, new webhooks wait and are counted. */
  setPaused(isPaused: boolean): void {
    if (isPaused === this.#isPaused) return;
    this.#isPaused = isPaused;
    if (!this.#keepsStill) this.showNew();
  }

  /** Moves the waiting webhooks into the list. */
  readonly showNew = (): void => {
    if (this.#known.waiting.length === 0) return;
    this.#known = merged(this.#known);
    this.#publish({});
  };

  /** Loads older webhooks. */
  readonly loadMore = (): void => {
    const {next} = this.#known;
    if (next === undefined || this.#snapshot.state !== 'ready' || this.#snapshot.isLoadingMore) return;
    this.#publish({isLoadingMore: true});
    void this.#ask(async (signal) => {
      const page = await this.#options.load({before: next}, signal);
      return () => {
        this.#known = {
          ...this.#known,
          rows: [...this.#known.rows, ...page.webhooks].slice(0, MAX_ROWS),
          next: this.#known.rows.length + page.webhooks.length < MAX_ROWS ? page.nextCursor : undefined,
        };
        this.#publish({isLoadingMore: false, counts: page.counts});
      };
    });
  };

  /** Retries after a failure. */
  readonly retry = (): void => {
    if (this.#snapshot.state !== 'ready') this.#show({state: 'loading'});
    void this.#ask((signal) => this.#refresh(signal));
  };

  get #keepsStill(): boolean {
    return this.#isHeld || this.#isPaused;
  }

  #stop(): void {
    this.#endVisibility?.();
    this.#endVisibility = undefined;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#request?.abort();
    this.#request = undefined;
  }

  readonly #onVisibility = (): void => {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (!this.#options.ports.isHidden() && this.#request === undefined) {
      void this.#ask((signal) => this.#refresh(signal));
    }
  };

  /**
   * One request at a time; a new one replaces the current. `question` returns a function that applies the
   * response.
   */
  async #ask(question: (signal: AbortSignal) => Promise<() => void>): Promise<void> {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#request?.abort();
    const request = new AbortController();
    this.#request = request;
    try {
      const take = await question(request.signal);
      if (this.#request !== request) return;
      this.#failures = 0;
      take();
    } catch (thrown) {
      // Stopped, or replaced, in the meantime: drop this response.
      if (this.#request !== request) return;
      this.#fail(toApiError(thrown));
    }
    this.#request = undefined;
    this.#planNext();
  }

  #fail(error: ApiError): void {
    this.#failures += 1;
    if (error.status === 403) this.#show({state: 'forbidden', error});
    else if (this.#snapshot.state === 'ready' && error.mayPass) {
      this.#show({...this.#snapshot, isLoadingMore: false, stale: error});
    } else this.#show({state: 'failed', error});
  }

  #planNext(): void {
    const {pollMs, ports} = this.#options;
    if (this.#snapshot.state === 'forbidden' || ports.isHidden()) return;
    const delayMs = Math.min(pollMs * 2 ** this.#failures, Math.max(pollMs, MAX_BACKOFF_MS));
    this.#cancelTimer = ports.after(delayMs, () => void this.#ask((signal) => this.#refresh(signal)));
  }

  async #refresh(signal: AbortSignal): Promise<() => void> {
    const newest = this.#known.waiting[0] ?? this.#known.rows[0];
    if (!this.#isLoaded || newest === undefined) {
      const page = await this.#options.load({}, signal);
      return () => this.#begin(page, {restarted: page.latest < this.#known.latest});
    }
    // Load the newest known webhook again, to detect a new process that uses the same ids.
    const after = newest.id - 1;
    const found: WebhookRecord[] = [];
    let before: string | undefined;
    for (let asked = 0; asked < MAX_PAGES; asked += 1) {
      const page = await this.#options.load({after, ...(before !== undefined && {before})}, signal);
      found.push(...page.webhooks);
      before = page.nextCursor;
      if (before === undefined) {
        const same = found.find(({id}) => id === newest.id);
        const isOther =
          page.latest < this.#known.latest || (same !== undefined && same.receivedAt !== newest.receivedAt);
        if (isOther) break;
        return () =>
          this.#add(
            found.filter(({id}) => id > newest.id),
            page,
          );
      }
      if (asked === MAX_PAGES - 1) return () => this.#add(found, page, page.nextCursor);
    }
    const page = await this.#options.load({}, signal);
    return () => this.#begin(page, {restarted: true});
  }

  #begin(page: WebhookPage, {restarted}: {readonly restarted: boolean}): void {
    this.#isLoaded = true;
    this.#known = {rows: page.webhooks, waiting: [], next: page.nextCursor, latest: page.latest};
    this.#publish({counts: page.counts, answered: true, ...(restarted && {restarted})});
  }

  #add(newer: readonly WebhookRecord[], {latest, counts}: WebhookPage, gap?: string): void {
    const {waiting, ...known} = this.#known;
    const next: Known = {
      ...known,
      latest,
      ...(gap === undefined ? {waiting: [...newer, ...waiting].slice(0, MAX_ROWS)} : {waiting: newer, gap}),
    };
    this.#known = this.#keepsStill ? next : merged(next);
    this.#publish({counts, answered: true});
  }

  #publish({
    answered = false,
    ...changed
  }: Partial<Pick<LoadedFeed, 'counts' | 'restarted' | 'isLoadingMore'>> & {
    readonly answered?: boolean;
  }): void {
    const before = this.#snapshot.state === 'ready' ? this.#snapshot : undefined;
    const {stale, ...rest} = before ?? EMPTY;
    const {rows, waiting, next} = this.#known;
    this.#show({
      ...rest,
      ...(stale !== undefined && !answered && {stale}),
      ...(answered && {at: this.#options.ports.now()}),
      ...changed,
      rows,
      waiting: waiting.length,
      hasMore: next !== undefined,
    });
  }

  #show(next: FeedSnapshot): void {
    this.#snapshot = next;
    for (const listener of this.#listeners) listener();
  }
}

/** Prepends the waiting webhooks; replaces the rows if there is a gap. */
function merged({rows, waiting, next, latest, gap}: Known): Known {
  const all = gap === undefined ? [...waiting, ...rows] : waiting;
  const older = gap ?? next;
  return {
    rows: all.slice(0, MAX_ROWS),
    waiting: [],
    // At the maximum, no older webhooks can be loaded.
    next: all.length < MAX_ROWS ? older : undefined,
    latest,
  };
}

const EMPTY: LoadedFeed = {
  state: 'ready',
  rows: [],
  waiting: 0,
  hasMore: false,
  isLoadingMore: false,
  counts: {accepted: 0, refused: 0, failed: 0},
  restarted: false,
  at: 0,
};
