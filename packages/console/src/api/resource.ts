/**
 * One address of the API, kept up to date: asked at once, again every so often, and never twice at a time. Pauses while
 * the page is hidden and catches up when it is seen again. Knows neither React nor the DOM.
 */
import {type ApiError, toApiError} from './api-error.ts';

export type Resource<T> =
  | {readonly state: 'loading'}
  | {
      readonly state: 'ready';
      readonly data: T;
      /** When it was asked for last, successfully; milliseconds of the gateway's clock. */
      readonly at: number;
      /** Why the last attempt to refresh it failed; what is shown is older than it should be. */
      readonly stale?: ApiError;
    }
  | {readonly state: 'failed'; readonly error: ApiError}
  /** The key lacks the scope; asking again is of no use. */
  | {readonly state: 'forbidden'; readonly error: ApiError};

/** What a resource needs of its surroundings. */
export interface ResourcePorts {
  now(): number;
  /** Returns what cancels it. */
  after(delayMs: number, run: () => void): () => void;
  isHidden(): boolean;
  /** Returns what ends it. */
  onVisibility(listener: () => void): () => void;
}

export interface ResourceOptions<T> {
  readonly load: (signal: AbortSignal) => Promise<T>;
  /** Between an answer and the next question; never again when undefined. */
  readonly pollMs?: number | undefined;
  readonly ports: ResourcePorts;
  /** Shown until the first answer. */
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
  /** Asked for while a request was under way, whose answer may be older than the wish. */
  #again = false;

  constructor(options: ResourceOptions<T>) {
    this.#options = options;
    this.#snapshot = options.initial ?? {state: 'loading'};
  }

  /** The first subscriber starts it, the last one's leaving ends it. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) this.#start();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#stop();
    };
  };

  readonly getSnapshot = (): Resource<T> => this.#snapshot;

  /** Asks now, or once more when an answer is still due. */
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

  /** The gateway is there again: asks now where the last attempt failed, unless it would fail again. */
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
    // Ended, or ended and begun anew, in the meantime: this answer is nobody's.
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
