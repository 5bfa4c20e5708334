/**
 * Looks up many silent calls with few requests (J6): with Twilio's lists, which have up to 1,000 calls per
 * request.
 *
 * A list is a snapshot of a moment ago and includes other calls of the account. A call on a list is evidence.
 * A call that is missing proves nothing: it may be too new, have changed between two requests, or be beyond
 * the last page that was read. Such a call is looked up individually.
 */
import {type ProviderStatus, statusRank} from '@hookswitch/protocol';
import type {Clock} from '../../clock.ts';
import type {CallRecord} from '../../journal/call-event.ts';
import type {Metrics} from '../../observability/metrics.ts';
import type {CallFilter, ProviderFault, TwilioCall, TwilioClient} from '../../twilio/twilio-client.ts';
import type {LookupPace} from './lookup-pace.ts';

export interface CallListsOptions {
  readonly twilio: TwilioClient;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly pace: LookupPace;
}

export interface ReadListsOptions {
  /** Gets each page before the next request. */
  readonly onPage: (calls: readonly TwilioCall[]) => Promise<void>;
  /** Checked before each request. */
  readonly goesOn: () => boolean;
}

export type ReadLists =
  /** `missing` are the calls that are on no list. */
  | {readonly kind: 'read'; readonly missing: ReadonlySet<string>}
  | {readonly kind: 'failed'; readonly fault: ProviderFault}
  | {readonly kind: 'stopped'};

/**
 * Statuses of active calls, in the order of a call's life. The lists are read in this order. A call that
 * changes in the meantime is then on a later list, and it is on none only if it has ended.
 */
const LIVE_STATUSES = ['queued', 'ringing', 'in-progress'] as const;

/** Maximum pages of one list. The account may have any number of calls. */
const MAX_LIVE_PAGES = 10;
const MAX_RECENT_PAGES = 50;

/**
 * Up to this many missing calls are looked up individually. The list of recent calls takes at least one
 * request.
 */
const FEW_MISSING = 3;

/** Maximum lead of our clock over Twilio's, plus the delay of a first webhook. */
const STARTED_SLACK_MS = 600_000;

/** The lists to read for calls in these states. */
function statusesToList(calls: readonly Pick<CallRecord, 'providerStatus'>[]): ProviderStatus[] {
  let lowest: ProviderStatus = 'in-progress';
  for (const {providerStatus} of calls)
    if (statusRank(providerStatus) < statusRank(lowest)) lowest = providerStatus;
  // The REST API shows `initiated` as `queued`.
  const from = lowest === 'initiated' ? 'queued' : lowest;
  return LIVE_STATUSES.filter((status) => statusRank(status) >= statusRank(from));
}

export class CallLists {
  readonly #twilio: TwilioClient;
  readonly #clock: Clock;
  readonly #metrics: Metrics;
  readonly #pace: LookupPace;

  constructor({twilio, clock, metrics, pace}: CallListsOptions) {
    this.#twilio = twilio;
    this.#clock = clock;
    this.#metrics = metrics;
    this.#pace = pace;
  }

  /**
   * Reads the lists of active calls until every call in `calls` has been seen. If more than a few are
   * missing, they have usually ended, so the list of recent calls in any status follows.
   */
  async read(calls: readonly CallRecord[], {onPage, goesOn}: ReadListsOptions): Promise<ReadLists> {
    const startedAt = this.#clock.monotonic();
    const missing = new Map(calls.map((call) => [call.callSid, call]));
    let requests = 0;
    const readList = async (filter: CallFilter, maxPages: number): Promise<ReadLists | undefined> => {
      let next: string | undefined;
      for (let page = 0; page < maxPages && missing.size > 0; page += 1) {
        if (!goesOn()) return {kind: 'stopped'};
        requests += 1;
        const answer = await this.#ask(filter, next);
        if (answer.kind === 'failed') return answer;
        for (const {callSid} of answer.calls) missing.delete(callSid);
        await onPage(answer.calls);
        next = answer.next;
        if (next === undefined) return undefined;
      }
      return undefined;
    };
    const readAll = async (): Promise<ReadLists> => {
      for (const status of statusesToList(calls)) {
        const broken = await readList({status}, MAX_LIVE_PAGES);
        if (broken !== undefined) return broken;
      }
      if (missing.size > FEW_MISSING) {
        const broken = await readList({startedAfter: startOf([...missing.values()])}, MAX_RECENT_PAGES);
        if (broken !== undefined) return broken;
      }
      return {kind: 'read', missing: new Set(missing.keys())};
    };
    const result = await readAll();
    if (result.kind === 'failed') this.#pace.handleListFailure(result.fault);
    else this.#pace.handleListRead({startedAt, requests});
    return result;
  }

  async #ask(filter: CallFilter, next: string | undefined) {
    const answer = await this.#twilio.list(filter, next);
    this.#metrics.lookupRequests.inc({kind: 'list', outcome: answer.kind === 'page' ? 'answered' : 'failed'});
    if (answer.kind === 'page') this.#pace.handleAnswer();
    return answer;
  }
}

/** A time before the first of them began. Only a lower bound, because Twilio may read a time as its day. */
function startOf(calls: readonly CallRecord[]): number {
  return calls.reduce((first, {createdAt}) => Math.min(first, createdAt), Infinity) - STARTED_SLACK_MS;
}
