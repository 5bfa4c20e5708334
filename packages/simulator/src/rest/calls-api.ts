import type {Call} from '../calls/call.ts';
import type {CallQueue} from '../calls/call-queue.ts';
import type {CallRegistry} from '../calls/call-registry.ts';
import type {CallSwitch} from '../calls/call-switch.ts';
import type {CallbackDispatcher} from '../calls/callback-dispatcher.ts';
import type {FaultPlan} from '../faults/faults.ts';
import type {Logger} from '../log.ts';
import type {ScenarioBook} from '../scenarios/scenario-book.ts';
import {ApiError, notFound} from './api-error.ts';
import type {ApiReply} from './api-reply.ts';
import type {Applications} from './applications.ts';
import {callResource, freshCallResource} from './call-resource.ts';
import {createCallOptions} from './create-call.ts';
import {filterCalls} from './list-calls.ts';
import {page} from './paging.ts';
import type {PhoneNumbers} from './phone-numbers.ts';
import type {Route} from './routes.ts';
import {updateCall} from './update-call.ts';

/**
 * How long a create request with `callbackBeforeCreateResponse` waits for the callback. Real milliseconds.
 */
const MAX_CREATE_WAIT_MS = 5000;

export interface CallsApiOptions {
  readonly accountSid: string;
  readonly registry: CallRegistry;
  readonly callSwitch: CallSwitch;
  readonly queue: CallQueue;
  readonly callbacks: CallbackDispatcher;
  readonly scenarios: ScenarioBook;
  readonly numbers: PhoneNumbers;
  readonly applications: Applications;
  readonly accountType: 'Full' | 'Trial';
  /** Verified numbers. */
  readonly verified: ReadonlySet<string>;
  readonly faults: FaultPlan;
  readonly endedUpdate: 'not-found' | 'invalid-state';
  readonly log: Logger;
  /** Aborts when the simulator stops. */
  readonly signal: AbortSignal;
}

/** `/Calls.json` and `/Calls/{sid}.json` (Twilio docs: "Call resource"). */
export class CallsApi {
  readonly #options: CallsApiOptions;

  constructor(options: CallsApiOptions) {
    this.#options = options;
  }

  routes(accountPath: string): Route[] {
    return [
      {
        path: `${accountPath}/Calls.json`,
        POST: ({form, number}) => this.create(form, number),
        GET: ({query, path}) => this.list(query, path),
      },
      {
        path: `${accountPath}/Calls/:call.json`,
        GET: ({params: {call = ''}, path}) => this.fetch(call, path),
        POST: ({params: {call = ''}, form, path}) => this.update(call, form, path),
        DELETE: ({params: {call = ''}, path}) => this.delete(call, path),
      },
    ];
  }

  /**
   * Responds with 201 at once. Calls beyond the rate are queued. `request` identifies the request for the
   * faults.
   */
  async create(form: URLSearchParams, request: number): Promise<ApiReply> {
    const {accountSid, callSwitch, queue, scenarios, numbers, faults, log, signal} = this.#options;
    const {accountType, verified, registry, applications} = this.#options;
    if (!registry.hasRoom) throw new ApiError(429, 20429, 'Too many calls are active in the simulator');
    const options = createCallOptions(form, {
      isOwned: (number) => numbers.find(number) !== null || verified.has(number),
      isCallable: (number) => accountType === 'Full' || verified.has(number),
      applications,
      log,
    });
    const call = callSwitch.create({
      ...options,
      direction: 'outbound-api',
      scenario: scenarios.for(options.to),
      phoneNumberSid: numbers.find(options.from)?.sid ?? null,
      queueTimeMs: queue.estimateMs(),
    });
    const body = freshCallResource(call, accountSid);
    const enqueue = () => queue.add(call, signal);
    if (faults.strikesRequest('createResponseLost', request, 'create')) {
      enqueue();
      return {status: 201, body, lost: true};
    }
    if (!faults.strikesRequest('callbackBeforeCreateResponse', request, 'create')) {
      return {status: 201, body, afterwards: enqueue};
    }
    if (call.statusCallback === null) return {status: 201, body, afterwards: enqueue};
    const delivered = this.#delivered(call);
    enqueue();
    await delivered;
    return {status: 201, body};
  }

  /** Lists calls, newest first. */
  list(query: URLSearchParams, path: string): ApiReply {
    const {registry, accountSid} = this.#options;
    const all = registry.all().reverse();
    const items = filterCalls(all, query);
    const render = (call: Call) => callResource(call, accountSid);
    return {status: 200, body: page({key: 'calls', items, all, render, path, query})};
  }

  fetch(sid: string, path: string): ApiReply {
    return {status: 200, body: callResource(this.find(sid, path), this.#options.accountSid)};
  }

  update(sid: string, form: URLSearchParams, path: string): ApiReply {
    const call = this.find(sid, path);
    const {callSwitch, endedUpdate, accountSid} = this.#options;
    updateCall(call, form, {callSwitch, path, endedUpdate});
    return {status: 200, body: callResource(call, accountSid)};
  }

  delete(sid: string, path: string): ApiReply {
    const call = this.find(sid, path);
    if (!call.isOver)
      throw new ApiError(409, 20009, 'Cannot delete this resource before the call has completed');
    this.#options.registry.delete(sid);
    return {status: 204, body: null};
  }

  /** Throws 404/20404. */
  find(sid: string, path: string): Call {
    const call = this.#options.registry.get(sid);
    if (call === null) throw notFound(path);
    return call;
  }

  async #delivered(call: Call): Promise<void> {
    const {signal, callbacks} = this.#options;
    const enough = AbortSignal.any([signal, AbortSignal.timeout(MAX_CREATE_WAIT_MS)]);
    await callbacks.nextDelivered(call, enough).catch(() => {});
  }
}
