/** Read access to calls: lists, histories, statistics and unconfirmed calls (H2). */
import type {CallStatistics, UnconfirmedCalls} from '@hookswitch/protocol';
import {hasScope, maySee, type Principal} from '../../auth/authenticator.ts';
import type {Clock} from '../../clock.ts';
import {AppError} from '../../errors/app-error.ts';
import type {
  CallHistory,
  CallList,
  CallQuery,
  HourOfCalls,
  QueryableJournal,
} from '../../journal/queryable-journal.ts';
import {toIso} from '../feed/call-messages.ts';
import {callNotFound} from './call-service.ts';
import type {Reconciler} from './reconciler.ts';

export interface CallQueriesOptions {
  readonly journal: QueryableJournal;
  readonly reconciler: Reconciler;
  readonly clock: Clock;
}

export type ListCalls = Omit<CallQuery, 'owner'>;

/** Milliseconds since 1970. The defaults are now for `to`, and 24 hours earlier for `from`. */
export interface StatisticsPeriod {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

export interface CallWithHistory extends CallHistory {
  /** Milliseconds since 1970; see {@link Reconciler.unconfirmed}. */
  readonly unconfirmedSince: number | undefined;
}

const MAX_STATISTICS_HOURS = 31 * 24;

const HOUR_MS = 3_600_000;
const DEFAULT_HOURS = 24;
/** Limit of the response. The calls that have been silent for longest come first. */
const MAX_UNCONFIRMED = 1000;

export class CallQueries {
  readonly #journal: QueryableJournal;
  readonly #reconciler: Reconciler;
  readonly #clock: Clock;

  constructor({journal, reconciler, clock}: CallQueriesOptions) {
    this.#journal = journal;
    this.#reconciler = reconciler;
    this.#clock = clock;
  }

  /** Calls that the principal may see, newest first. @throws AppError `forbidden` */
  async list(principal: Principal, query: ListCalls): Promise<CallList> {
    return this.#journal.listCalls({...query, ...ownerScope(principal)});
  }

  /** One call with its legs and entries. @throws AppError `call_not_found`, also for another user's call */
  async history(principal: Principal, callSid: string): Promise<CallWithHistory> {
    const history = await this.#journal.callHistory(callSid);
    if (history === undefined || !maySee(principal, history.call.owner)) throw callNotFound(callSid);
    return {...history, unconfirmedSince: this.#reconciler.unconfirmedSince(callSid)};
  }

  /**
   * Outcomes of calls by hour, for the hours that contain `from` and `to`. The default is the last 24 hours.
   * @throws AppError `forbidden`; `invalid_request` for an empty period or one longer than 31 days
   */
  async statistics(principal: Principal, period: StatisticsPeriod): Promise<CallStatistics> {
    const scope = ownerScope(principal);
    const {fromHour, toHour} = wholeHours(period, this.#clock.now());
    const found = await this.#journal.callStatistics({fromHour, toHour, ...scope});
    const byHour = new Map(found.map((each) => [each.hour, each]));
    const hours = Array.from({length: toHour - fromHour}, (_, index) => fromHour + index);
    return {
      from: toIso(fromHour * HOUR_MS),
      to: toIso(toHour * HOUR_MS),
      bucketMs: HOUR_MS,
      buckets: hours.map((hour) => toBucket(byHour.get(hour) ?? {...NO_CALLS, hour})),
    };
  }

  /** @throws AppError `forbidden` */
  unconfirmed(principal: Principal): UnconfirmedCalls {
    ownerScope(principal);
    const calls = this.#reconciler
      .unconfirmed()
      .filter(({call}) => maySee(principal, call.owner))
      .sort((a, b) => a.since - b.since)
      .slice(0, MAX_UNCONFIRMED);
    return {calls: calls.map(({call, since}) => ({callSid: call.callSid, since: toIso(since)}))};
  }
}

const NO_CALLS = {answered: 0, completed: 0, busy: 0, 'no-answer': 0, canceled: 0, failed: 0} as const;

/** The owner whose calls the principal may read; empty for all calls. @throws AppError `forbidden` */
function ownerScope(principal: Principal): {readonly owner?: string} {
  if (hasScope(principal, 'calls:read:all')) return {};
  if (hasScope(principal, 'calls:read')) return {owner: principal.user};
  throw new AppError('forbidden', 'This token may not read calls.', {context: {scope: 'calls:read'}});
}

function wholeHours({from, to}: StatisticsPeriod, now: number) {
  if (from !== undefined && from >= (to ?? now)) {
    throw invalid(to === undefined ? 'from' : 'to', to === undefined ? 'must be past' : 'must be after from');
  }
  const toHour = Math.ceil((to ?? now) / HOUR_MS);
  const fromHour = from === undefined ? toHour - DEFAULT_HOURS : Math.floor(from / HOUR_MS);
  if (toHour - fromHour > MAX_STATISTICS_HOURS) throw invalid('from', 'must be at most 31 days before to');
  return {fromHour, toHour};
}

function invalid(field: string, fault: string): AppError {
  return new AppError('invalid_request', `${field}: ${fault}.`, {context: {field, faults: [{field, fault}]}});
}

function toBucket({hour, ...counts}: HourOfCalls) {
  return {start: toIso(hour * HOUR_MS), ...counts};
}
