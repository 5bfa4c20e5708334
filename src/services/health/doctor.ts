/**
 * Runs the checks and keeps what they found. A check never runs twice at once: who asks while it runs gets that run's
 * result. It has 10 s and no more, so that one that hangs holds up nobody but itself.
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

/** What a run may know of who asked. */
export type RunContext = Pick<CheckContext, 'pageOrigin' | 'pageHost'>;

interface Patient {
  readonly check: Check;
  result: HealthCheck;
  underWay?: Promise<void>;
  /** Monotonic time at which the last run ended. */
  endedAt?: number;
}

const TIMEOUT_MS = 10_000;
/** Told so a moment before: a check that can say itself what it waited for says it better. */
const SIGNAL_MS = 9500;
/** Checks ask Twilio and the outside: however often somebody asks, each runs once in so long. */
const MIN_INTERVAL_MS = 3000;

export class Doctor {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #patients: ReadonlyMap<HealthCheckId, Patient>;
  readonly #stopping = new AbortController();

  constructor({checks, clock, logger}: DoctorOptions) {
    this.#clock = clock;
    this.#logger = logger;
    this.#patients = new Map(checks.map((check) => [check.id, {check, result: notRun(check)}]));
  }

  /** The last results; `not-run` where there are none. */
  report(): HealthReport {
    return {checks: [...this.#patients.values()].map(({result}) => result)};
  }

  /**
   * Runs every check that has not just run, and resolves with all results.
   * @throws AppError `rate_limited` when all of them have
   */
  async runAll(context: RunContext = {}): Promise<HealthReport> {
    const patients = [...this.#patients.values()];
    const waits = patients.map((patient) => this.#waitMs(patient));
    if (patients.length > 0 && waits.every((wait) => wait > 0)) throw tooSoon(Math.max(...waits));
    await Promise.all(
      patients.flatMap((patient, at) => ((waits[at] ?? 0) > 0 ? [] : [this.#run(patient, context)])),
    );
    return this.report();
  }

  /** Runs one check. @throws AppError `not_found`, `rate_limited` when it has just run */
  async run(id: string, context: RunContext = {}): Promise<HealthReport> {
    const patient = this.#find(id);
    const waitMs = this.#waitMs(patient);
    if (waitMs > 0) throw tooSoon(waitMs);
    await this.#run(patient, context);
    return this.report();
  }

  /** Runs one check whatever was before: something it looks at has just been changed. @throws AppError `not_found` */
  async recheck(id: HealthCheckId, context: RunContext = {}): Promise<HealthReport> {
    const patient = this.#find(id);
    // A run that began before the change may have seen what was before it.
    await patient.underWay;
    await this.#run(patient, context);
    return this.report();
  }

  /** Ends the runs under way; what they found is not kept. */
  stop(): void {
    this.#stopping.abort();
  }

  #find(id: string): Patient {
    const patient = this.#patients.get(id as HealthCheckId);
    if (patient !== undefined) return patient;
    throw new AppError('not_found', 'There is no such check.', {
      context: {id: id.slice(0, 64), checks: [...this.#patients.keys()]},
    });
  }

  /** Milliseconds until it may run again; 0 also while it runs, since then it is joined. */
  #waitMs({underWay, endedAt = Number.NEGATIVE_INFINITY}: Patient): number {
    if (underWay !== undefined) return 0;
    return Math.max(0, endedAt + MIN_INTERVAL_MS - this.#clock.monotonic());
  }

  #run(patient: Patient, context: RunContext): Promise<void> {
    patient.underWay ??= this.#examine(patient, context).finally(() => {
      patient.underWay = undefined;
      patient.endedAt = this.#clock.monotonic();
    });
    return patient.underWay;
  }

  async #examine(patient: Patient, context: RunContext): Promise<void> {
    const {id, title} = patient.check;
    const startedAt = this.#clock.monotonic();
    const finding = await this.#findOut(patient.check, context);
    if (this.#stopping.signal.aborted) return;
    const checkedAt = toIso(this.#clock.now());
    const tookMs = Math.round(this.#clock.monotonic() - startedAt);
    patient.result = {id, title, ...finding, checkedAt, tookMs};
  }

  /** Never rejects: a check that fails by itself has failed. */
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
      this.#logger.error({err: error, check: check.id}, 'a health check failed by itself');
      const message = error instanceof Error ? error.message : String(error);
      return {
        status: 'failed',
        summary: 'The check itself failed.',
        evidence: [{label: 'Error', value: shown(maskText(message))}],
        remedy: 'The log has the whole of it.',
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
  remedy:
    'Something between here and there takes in requests and does not answer: a firewall, a proxy, a full disk.',
};

function notRun({id, title}: Check): HealthCheck {
  return {id, title, status: 'not-run', summary: 'Not checked yet.', evidence: []};
}

function tooSoon(waitMs: number): AppError {
  return new AppError('rate_limited', 'It was checked a moment ago.', {
    retryAfterS: Math.ceil(waitMs / 1000),
  });
}
