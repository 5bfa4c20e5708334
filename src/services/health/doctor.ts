/**
 * Runs the checks and keeps their results. A check never runs twice at the same time: a request during a run
 * gets the result of that run. Each check has 10 s, so that a check that hangs delays no other.
 */
import type {HealthCheck, HealthCheckId, HealthReport} from '@hookswitch/protocol';
import type {Logger} from 'pino';
import type {Clock} from '../../clock.ts';
import {AppError} from '../../errors/app-error.ts';
import {maskText} from '../../mask.ts';
import {toIso} from '../feed/call-messages.ts';
import {type Check, type CheckContext, type Finding, shown} from './check.ts';

export interface DoctorOptions {
  readonly checks: readonly Check[];
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The facts about the caller that a run may use. */
export type RunContext = Pick<CheckContext, 'pageOrigin' | 'pageHost'>;

interface CheckState {
  readonly check: Check;
  result: HealthCheck;
  running?: Promise<void>;
  /** Monotonic time at which the last run ended. */
  endedAt?: number;
}

const TIMEOUT_MS = 10_000;
/**
 * Aborts the check a moment before its timeout, so that the check itself can report the reason for the delay.
 */
const SIGNAL_MS = 9500;
/** Minimum time between two runs of a check, because checks call Twilio and the public endpoint. */
const MIN_INTERVAL_MS = 3000;

export class Doctor {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #checks: ReadonlyMap<HealthCheckId, CheckState>;
  readonly #stopping = new AbortController();

  constructor({checks, clock, logger}: DoctorOptions) {
    this.#clock = clock;
    this.#logger = logger;
    this.#checks = new Map(checks.map((check) => [check.id, {check, result: notRun(check)}]));
  }

  /** The latest results; `not-run` for checks without a result. */
  report(): HealthReport {
    return {checks: [...this.#checks.values()].map(({result}) => result)};
  }

  /**
   * Runs all checks that have not run recently, and resolves with all results.
   * @throws AppError `rate_limited` if all of them have run recently
   */
  async runAll(context: RunContext = {}): Promise<HealthReport> {
    const states = [...this.#checks.values()];
    const waits = states.map((state) => this.#waitMs(state));
    if (states.length > 0 && waits.every((wait) => wait > 0)) throw tooSoon(Math.max(...waits));
    await Promise.all(
      states.flatMap((state, at) => ((waits[at] ?? 0) > 0 ? [] : [this.#run(state, context)])),
    );
    return this.report();
  }

  /** Runs one check. @throws AppError `not_found`; `rate_limited` if it has just run */
  async run(id: string, context: RunContext = {}): Promise<HealthReport> {
    const state = this.#find(id);
    const waitMs = this.#waitMs(state);
    if (waitMs > 0) throw tooSoon(waitMs);
    await this.#run(state, context);
    return this.report();
  }

  /** Runs one check at once, because something it examines has just changed. @throws AppError `not_found` */
  async recheck(id: HealthCheckId, context: RunContext = {}): Promise<HealthReport> {
    const state = this.#find(id);
    // A run that began before the change may have seen the old state.
    await state.running;
    await this.#run(state, context);
    return this.report();
  }

  /** Aborts the current runs and discards their results. */
  stop(): void {
    this.#stopping.abort();
  }

  #find(id: string): CheckState {
    const state = this.#checks.get(id as HealthCheckId);
    if (state !== undefined) return state;
    throw new AppError('not_found', 'There is no such check.', {
      context: {id: id.slice(0, 64), checks: [...this.#checks.keys()]},
    });
  }

  /** Milliseconds until the check may run again; 0 while it runs, because callers join the run. */
  #waitMs({running, endedAt = Number.NEGATIVE_INFINITY}: CheckState): number {
    if (running !== undefined) return 0;
    return Math.max(0, endedAt + MIN_INTERVAL_MS - this.#clock.monotonic());
  }

  #run(state: CheckState, context: RunContext): Promise<void> {
    state.running ??= this.#examine(state, context).finally(() => {
      state.running = undefined;
      state.endedAt = this.#clock.monotonic();
    });
    return state.running;
  }

  async #examine(state: CheckState, context: RunContext): Promise<void> {
    const {id, title} = state.check;
    const startedAt = this.#clock.monotonic();
    const finding = await this.#findOut(state.check, context);
    if (this.#stopping.signal.aborted) return;
    const checkedAt = toIso(this.#clock.now());
    const tookMs = Math.round(this.#clock.monotonic() - startedAt);
    state.result = {id, title, ...finding, checkedAt, tookMs};
  }

  /** Never rejects: an error of the check itself becomes a failed result. */
  async #findOut(check: Check, context: RunContext): Promise<Finding> {
    const {promise: timeout, resolve} = Promise.withResolvers<Finding>();
    const time = new AbortController();
    const timers = [
      this.#clock.after(SIGNAL_MS, () => time.abort()),
      this.#clock.after(TIMEOUT_MS, () => resolve(TIMED_OUT)),
    ];
    const signal = AbortSignal.any([time.signal, this.#stopping.signal]);
    const onStop = () => resolve(TIMED_OUT);
    this.#stopping.signal.addEventListener('abort', onStop, {once: true});
    try {
      return await Promise.race([timeout, check.run({signal, ...context})]);
    } catch (error) {
      this.#logger.error({err: error, check: check.id}, 'a health check threw an error');
      const message = error instanceof Error ? error.message : String(error);
      return {
        status: 'failed',
        summary: 'The check itself failed with an error.',
        evidence: [{label: 'Error', value: shown(maskText(message))}],
        remedy: 'See the log for details.',
      };
    } finally {
      for (const cancel of timers) cancel();
      this.#stopping.signal.removeEventListener('abort', onStop);
    }
  }
}

const TIMED_OUT: Finding = {
  status: 'failed',
  summary: `There was no answer within ${TIMEOUT_MS / 1000} s.`,
  evidence: [],
  remedy: 'Something in between accepts requests and does not answer: a firewall, a proxy or a full disk.',
};

function notRun({id, title}: Check): HealthCheck {
  return {id, title, status: 'not-run', summary: 'Not checked yet.', evidence: []};
}

function tooSoon(waitMs: number): AppError {
  return new AppError('rate_limited', 'This check has just run.', {
    retryAfterS: Math.ceil(waitMs / 1000),
  });
}
