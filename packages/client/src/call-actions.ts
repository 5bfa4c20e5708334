/**
 * Places, ends and looks up calls over HTTP. This module is loaded on demand, so that a page shows its calls before it
 * loads this part.
 */
import type {Call} from '@hookswitch/protocol';
import type {CallStore} from './call-store.ts';
import type {
  CallState,
  DisconnectOptions,
  PlaceCallRequest,
  PlaceOptions,
  RequestOptions,
  Unsubscribe,
} from './client-api.ts';
import {HookswitchError} from './errors.ts';
import {joinSignals} from './join-signals.ts';
import {Requests, type RequestsOptions} from './requests.ts';

export interface CallActionsOptions extends RequestsOptions {
  readonly store: CallStore;
  /** Calls `listener` after every change of the call. */
  readonly watch: (callSid: string, listener: () => void) => Unsubscribe;
}

const DISCONNECT_TIMEOUT_MS = 30_000;
/** How often to look up a call that should have ended, in case its message does not arrive. */
const LOOKUP_INTERVAL_MS = 5000;
/** At most this many missing calls of one snapshot are looked up, one at a time. */
const MAX_LOOKUPS = 50;

export class CallActions {
  readonly #options: CallActionsOptions;
  readonly #requests: Requests;
  readonly #store: CallStore;

  constructor(options: CallActionsOptions) {
    this.#options = options;
    this.#store = options.store;
    this.#requests = new Requests(options);
  }

  request<T>(path: string, options?: RequestOptions): Promise<T> {
    return this.#requests.send<T>(path, options);
  }

  /** Looks up the outcomes of calls that ended unseen. If a lookup fails, the outcome stays unknown. */
  async lookUpOutcomes(calls: readonly CallState[]): Promise<void> {
    for (const {callSid} of calls.slice(0, MAX_LOOKUPS)) await this.#lookUp(callSid).catch(() => {});
  }

  async place(
    request: PlaceCallRequest,
    {idempotencyKey = randomKey(), signal}: PlaceOptions = {},
  ): Promise<Call> {
    try {
      const headers = {'idempotency-key': idempotencyKey};
      const call = await this.#requests.sendWithRetry<Call>('/api/calls', {body: request, headers, signal});
      this.#store.addDetails(call);
      return call;
    } catch (error) {
      if (!(error instanceof HookswitchError)) throw error;
      const {code, message, cause, status, retry, retryAfterMs, whatToDo} = error;
      const context = {...error.context, idempotencyKey};
      throw new HookswitchError(code, message, {cause, status, context, retry, retryAfterMs, whatToDo});
    }
  }

  async disconnect(
    callSid: string,
    {timeoutMs = DISCONNECT_TIMEOUT_MS, signal}: DisconnectOptions = {},
  ): Promise<CallState> {
    const {clock, disposed} = this.#options;
    const limit = joinSignals(disposed, signal);
    let timedOut = false;
    const cancel = clock.after(timeoutMs, () => {
      timedOut = true;
      limit.abort();
    });
    const ended = limit.signal;
    try {
      const seen = this.#whenEnded(callSid, ended);
      const known = this.#store.get(callSid);
      return await (known?.ended === true ? seen : Promise.race([seen, this.#hangUp(callSid, ended)]));
    } catch (error) {
      if (!timedOut) throw error;
      throw new HookswitchError('timeout', `${callSid} did not end within ${timeoutMs} ms.`, {
        cause: error,
        retry: 'now',
        whatToDo: 'Check the state of the call, then try again.',
      });
    } finally {
      cancel();
      limit.abort();
      limit.release();
    }
  }

  /** Fetches the call over HTTP and adds the result to the store. */
  async #lookUp(callSid: string, signal?: AbortSignal): Promise<void> {
    const path = `/api/calls/${encodeURIComponent(callSid)}`;
    const detail = await this.#requests.send<Call & {legs?: unknown; events?: unknown}>(path, {signal});
    const {legs: _legs, events: _events, ...call} = detail;
    this.#store.addDetails(call);
  }

  /** Repeats the command until the gateway accepts it. Then looks up the call periodically until `signal` aborts. */
  async #hangUp(callSid: string, signal: AbortSignal): Promise<never> {
    const path = `/api/calls/${encodeURIComponent(callSid)}/actions`;
    const requests = this.#requests;
    let delayMs = LOOKUP_INTERVAL_MS;
    try {
      await requests.sendWithRetry(path, {body: {action: 'disconnect'}, signal}, Number.POSITIVE_INFINITY);
    } catch (error) {
      if (!(error instanceof HookswitchError) || error.code !== 'call_ended') throw error;
      delayMs = 0;
    }
    for (; ; delayMs = LOOKUP_INTERVAL_MS) {
      await requests.pause(delayMs, signal);
      await this.#lookUp(callSid, signal).catch(() => {});
    }
  }

  /** Resolves when the call has ended. If its outcome is unknown, looks it up first. */
  #whenEnded(callSid: string, signal: AbortSignal): Promise<CallState> {
    const store = this.#store;
    return new Promise((resolve, reject) => {
      let lookingUp = false;
      const check = () => {
        const call = store.get(callSid);
        if (call?.ended !== true || lookingUp) return;
        if (call.outcomeUnknown !== true) return finish(call);
        lookingUp = true;
        void this.#lookUp(callSid, signal)
          .catch(() => {})
          .then(() => finish(store.get(callSid) ?? call));
      };
      const finish = (call: CallState) => {
        stop();
        resolve(call);
      };
      const onAbort = () => {
        stop();
        reject(this.#requests.aborted());
      };
      const unwatch = this.#options.watch(callSid, check);
      const stop = () => {
        unwatch();
        signal.removeEventListener('abort', onAbort);
      };
      signal.addEventListener('abort', onAbort);
      if (signal.aborted) onAbort();
      else check();
    });
  }
}

/** Pages without TLS have no `randomUUID`. @throws HookswitchError `unsupported` without `getRandomValues` */
function randomKey(): string {
  if (typeof globalThis.crypto?.getRandomValues !== 'function') {
    throw new HookswitchError('unsupported', 'This runtime has no crypto.getRandomValues.', {
      whatToDo: 'Pass an idempotencyKey.',
    });
  }
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
