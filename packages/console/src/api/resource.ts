/**
 * One URL of the API, kept up to date: loaded at once, then polled, with one request at a time. Polling
 * pauses while the page is hidden and resumes when the page is visible. Independent of React and the DOM.
 */
import {type ApiError, toApiError} from './api-error.ts';

export type Resource<T> =
  | {readonly state: 'loading'}
  | {
      readonly state: 'ready';
      readonly data: T;
      /** Time of the last successful request by the gateway's clock, in milliseconds. */
      readonly at: number;
      /** Why the last refresh failed; the data is older than intended. */
      readonly stale?: ApiError;
    }
  | {readonly state: 'failed'; readonly error: ApiError}
  /** The key lacks the scope, so a retry is useless. */
  | {readonly state: 'forbidden'; readonly error: ApiError};

/** The environment of a resource. */
export interface ResourcePorts {
  now(): number;
  /** Returns a function that cancels the timer. */
  after(delayMs: number, run: () => void): () => void;
  isHidden(): boolean;
  /** Returns a function that unsubscribes. */
  onVisibility(listener: () => void): () => void;
}

export interface ResourceOptions<T> {
  readonly load: (signal: AbortSignal) => Promise<T>;
  /** Pause between a response and the next request. `undefined`: no polling. */
  readonly pollMs?: number | undefined;
  readonly ports: ResourcePorts;
  /** Shown until the first response. */
  readonly initial?: Resource<T>;
}

/** Longest pause between attempts after failures. */
const MAX_BACKOFF_MS = 30_000;

export class ResourceStore<T> {
  readonly #options: ResourceOptions<T>;
  readonly #listeners = new Set<() => void>();
  #snapshot: Resource<T>;
  #request: AbortController | undefined;
  #cancelTimer: (() => void) | undefined;
  #endVisibility: (() => void) | undefined;
  #failures = 0;
  /** `reload()` was called during a request, whose response may be older than that call. */
  #again = false;

  constructor(options: ResourceOptions<T>) {
    this.#options = options;
    this.#snapshot = options.initial ?? {state: 'loading'};
  }

  /** The first subscriber starts the polling; it stops when the last one unsubscribes. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) this.#start();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#stop();
    };
  };

  readonly getSnapshot = (): Resource<T> => this.#snapshot;

  /** Loads now, or once more after the current request. */
  readonly reload = (): void => {
    if (this.#listeners.size === 0) return;
    if (this.#request !== undefined) {
      this.#again = true;
      return;
    }
    if (this.#snapshot.state === 'failed' || this.#snapshot.state === 'forbidden') {
      this.#show({state: 'loading'});
    }
    void this.#ask();
  };

  /** Call when the gateway is reachable again: reloads if the last attempt failed with a temporary error. */
  readonly retry = (): void => {
    const {state} = this.#snapshot;
    const error =
      state === 'failed' ? this.#snapshot.error : state === 'ready' ? this.#snapshot.stale : undefined;
    if (error?.mayPass === true) this.reload();
  };

  #start(): void {
    const {ports, pollMs} = this.#options;
    if (pollMs !== undefined) this.#endVisibility = ports.onVisibility(this.#onVisibility);
    void this.#ask();
  }

  #stop(): void {
    this.#endVisibility?.();
    this.#endVisibility = undefined;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#request?.abort();
    this.#request = undefined;
    this.#again = false;
  }

  readonly #onVisibility = (): void => {
    if (this.#options.ports.isHidden()) {
      this.#cancelTimer?.();
      this.#cancelTimer = undefined;
    } else if (this.#request === undefined && this.#snapshot.state !== 'forbidden') {
      void this.#ask();
    }
  };

  async #ask(): Promise<void> {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const request = new AbortController();
    this.#request = request;
    const result = await this.#options.load(request.signal).then(
      (data) => ({data}),
      (thrown: unknown) => ({error: toApiError(thrown)}),
    );
    // Stopped, or stopped and restarted, in the meantime: drop this response.
    if (this.#request !== request) return;
    this.#request = undefined;
    if ('data' in result) this.#succeed(result.data);
    else this.#fail(result.error);
    this.#planNext();
  }

  #succeed(data: T): void {
    this.#failures = 0;
    this.#show({state: 'ready', data, at: this.#options.ports.now()});
  }

  #fail(error: ApiError): void {
    this.#failures += 1;
    if (error.status === 403) this.#show({state: 'forbidden', error});
    else if (this.#snapshot.state === 'ready' && error.mayPass) {
      this.#show({...this.#snapshot, stale: error});
    } else this.#show({state: 'failed', error});
  }

  #planNext(): void {
    const {pollMs, ports} = this.#options;
    if (this.#again) {
      this.#again = false;
      void this.#ask();
      return;
    }
    if (pollMs === undefined || this.#snapshot.state === 'forbidden' || ports.isHidden()) return;
    const delayMs = Math.min(pollMs * 2 ** this.#failures, Math.max(pollMs, MAX_BACKOFF_MS));
    this.#cancelTimer = ports.after(delayMs, () => void this.#ask());
  }

  #show(next: Resource<T>): void {
    this.#snapshot = next;
    for (const listener of this.#listeners) listener();
  }
}
