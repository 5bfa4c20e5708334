/**
 * The doctor's report, and the checks that run now. While checks run, the report is polled at a short
 * interval, so that each check shows its result at once. Independent of React and the DOM.
 */
import type {HealthActionId, HealthCheck, HealthCheckId, HealthReport} from '@hookswitch/protocol';
import {type ApiError, toApiError} from '../../api/api-error.ts';
import type {ResourcePorts} from '../../api/resource.ts';

export type ChecksSnapshot =
  | {readonly state: 'loading'}
  | {readonly state: 'failed' | 'forbidden'; readonly error: ApiError}
  | LoadedChecks;

export interface LoadedChecks {
  readonly state: 'ready';
  readonly checks: readonly HealthCheck[];
  /** Checks in progress that this page has started. */
  readonly running: ReadonlySet<HealthCheckId>;
  /** Errors of failed requests, by the check that was requested, or for all. */
  readonly problems: ReadonlyMap<HealthCheckId | 'all', string>;
  /** Time of the last successful response by the gateway's clock. */
  readonly at: number;
  readonly stale?: ApiError;
}

/** The requests to the gateway. */
export interface ChecksApi {
  report(signal: AbortSignal): Promise<HealthReport>;
  /** Runs all checks, or one. */
  run(id: HealthCheckId | undefined, signal: AbortSignal): Promise<HealthReport>;
  act(id: HealthActionId): Promise<HealthReport>;
}

export interface ChecksStoreOptions {
  readonly api: ChecksApi;
  readonly ports: ResourcePorts;
}

/** The report is polled because other users run checks too. */
const POLL_MS = 15_000;
const PROGRESS_MS = 400;
/** The longest `Retry-After` that is waited for. The doctor runs each check at most once in three seconds. */
const MAX_WAIT_S = 5;

export class ChecksStore {
  readonly #options: ChecksStoreOptions;
  readonly #listeners = new Set<() => void>();
  readonly #running = new Set<HealthCheckId>();
  readonly #problems = new Map<HealthCheckId | 'all', string>();
  /** `checkedAt` of each check when its run began. */
  readonly #checkedBefore = new Map<HealthCheckId, string | undefined>();
  #snapshot: ChecksSnapshot = {state: 'loading'};
  #checks: readonly HealthCheck[] = [];
  #life: AbortController | undefined;
  #cancelTimer: (() => void) | undefined;
  #endVisibility: (() => void) | undefined;
  #isAsking = false;

  constructor(options: ChecksStoreOptions) {
    this.#options = options;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) {
      this.#life = new AbortController();
      this.#endVisibility = this.#options.ports.onVisibility(this.#onVisibility);
      void this.#ask();
    }
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#stop();
    };
  };

  readonly getSnapshot = (): ChecksSnapshot => this.#snapshot;

  readonly reload = (): void => {
    if (this.#snapshot.state !== 'ready') this.#show({state: 'loading'});
    void this.#ask();
  };

  /** Call when the gateway is reachable again: reloads if the last attempt failed with a temporary error. */
  readonly retry = (): void => {
    const {state} = this.#snapshot;
    const error =
      state === 'failed' ? this.#snapshot.error : state === 'ready' ? this.#snapshot.stale : undefined;
    if (error?.mayPass === true) this.reload();
  };

  /** Runs one check, or all. Errors are in the snapshot. */
  async run(id?: HealthCheckId): Promise<void> {
    const life = this.#life;
    const ids = id === undefined ? this.#checks.map((check) => check.id) : [id];
    const started = ids.filter((each) => !this.#running.has(each));
    if (life === undefined || started.length === 0) return;
    for (const each of started) {
      this.#running.add(each);
      this.#problems.delete(each);
      this.#checkedBefore.set(each, this.#checks.find((check) => check.id === each)?.checkedAt);
    }
    this.#problems.delete('all');
    this.#showReady();
    this.#plan(PROGRESS_MS);
    try {
      const report = await this.#runWhenAllowed(id, life.signal);
      if (this.#life === life) this.#take(report);
    } catch (thrown) {
      if (life.signal.aborted) return;
      this.#problems.set(id ?? 'all', toApiError(thrown).message);
    } finally {
      for (const each of started) this.#running.delete(each);
      if (this.#life === life) {
        this.#showReady();
        this.#plan(POLL_MS);
      }
    }
  }

  /** Runs the action that a check offers. @throws {ApiError} */
  async act(id: HealthActionId): Promise<void> {
    this.#take(await this.#options.api.act(id));
    this.#showReady();
  }

  #stop(): void {
    this.#endVisibility?.();
    this.#endVisibility = undefined;
    this.#cancel();
    this.#life?.abort();
    this.#life = undefined;
    this.#isAsking = false;
  }

  #cancel(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  readonly #onVisibility = (): void => {
    if (this.#options.ports.isHidden()) this.#cancel();
    else void this.#ask();
  };

  async #runWhenAllowed(id: HealthCheckId | undefined, signal: AbortSignal): Promise<HealthReport> {
    try {
      return await this.#options.api.run(id, signal);
    } catch (thrown) {
      const {status, retryAfterS} = toApiError(thrown);
      if (status !== 429 || retryAfterS === undefined || retryAfterS > MAX_WAIT_S) throw thrown;
      await this.#wait(retryAfterS * 1000, signal);
      return this.#options.api.run(id, signal);
    }
  }

  #wait(delayMs: number, signal: AbortSignal): Promise<void> {
    const {promise, resolve, reject} = Promise.withResolvers<void>();
    const cancel = this.#options.ports.after(delayMs, resolve);
    const onAbort = () => {
      cancel();
      reject(signal.reason);
    };
    signal.addEventListener('abort', onAbort, {once: true});
    return promise.finally(() => signal.removeEventListener('abort', onAbort));
  }

  async #ask(): Promise<void> {
    const life = this.#life;
    if (life === undefined || this.#isAsking || this.#snapshot.state === 'forbidden') return;
    this.#isAsking = true;
    this.#cancel();
    try {
      const report = await this.#options.api.report(life.signal);
      if (this.#life !== life) return;
      this.#take(report);
      this.#showReady();
    } catch (thrown) {
      if (this.#life !== life) return;
      this.#fail(toApiError(thrown));
    }
    this.#isAsking = false;
    this.#plan(this.#running.size > 0 ? PROGRESS_MS : POLL_MS);
  }

  #plan(delayMs: number): void {
    this.#cancel();
    if (this.#life === undefined || this.#options.ports.isHidden()) return;
    if (this.#snapshot.state === 'forbidden') return;
    this.#cancelTimer = this.#options.ports.after(delayMs, () => void this.#ask());
  }

  #take({checks}: HealthReport): void {
    this.#checks = checks;
    for (const {id, checkedAt} of checks) {
      if (this.#running.has(id) && checkedAt !== this.#checkedBefore.get(id)) this.#running.delete(id);
    }
  }

  #showReady(): void {
    if (this.#checks.length === 0 && this.#snapshot.state !== 'ready' && this.#snapshot.state !== 'loading')
      return;
    this.#show({
      state: 'ready',
      checks: this.#checks,
      running: new Set(this.#running),
      problems: new Map(this.#problems),
      at: this.#options.ports.now(),
    });
  }

  #fail(error: ApiError): void {
    if (error.status === 403) this.#show({state: 'forbidden', error});
    else if (this.#snapshot.state === 'ready' && error.mayPass) this.#show({...this.#snapshot, stale: error});
    else this.#show({state: 'failed', error});
  }

  #show(next: ChecksSnapshot): void {
    this.#snapshot = next;
    for (const listener of this.#listeners) listener();
  }
}
