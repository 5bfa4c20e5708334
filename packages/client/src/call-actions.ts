/**
 * What a client does beside looking: placing, ending and looking up calls over HTTP. A module of its own that is loaded once
 * the connection is live, so that a page has its calls before it has this.
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

export interface ActsOptions extends RequestsOptions {
  readonly store: CallStore;
  /** Tells of changes of one call. */
  readonly watch: (callSid: string, listener: () => void) => Unsubscribe;
}

const DISCONNECT_TIMEOUT_MS = 30_000;
/** How often a call that should have ended is looked up, should its message not come. */
const LOOK_UP_EVERY_MS = 5000;
/** Calls that vanished are looked up one after the other, at most so many of one snapshot. */
const MAX_LOOK_UPS = 50;

export class Acts {
  readonly #options: ActsOptions;
  readonly #requests: Requests;
  readonly #store: CallStore;

  constructor(options: ActsOptions) {
    this.#options = options;
    this.#store = options.store;
    this.#requests = new Requests(options);
  }

  request<T>(path: string, options?: RequestOptions): Promise<T> {
    return this.#requests.send<T>(path, options);
  }

  /** How calls ended that nobody saw end. What cannot be learned stays unknown; they have ended all the same. */
  async lookUpAll(gone: readonly CallState[]): Promise<void> {
    for (const {callSid} of gone.slice(0, MAX_LOOK_UPS)) await this.#lookUp(callSid).catch(() => {});
  }

  async place(
    request: PlaceCallRequest,
    {idempotencyKey = randomKey(), signal}: PlaceOptions = {},
  ): Promise<Call> {
    try {
      const headers = {'idempotency-key': idempotencyKey};
      const call = await this.#requests.sendAgain<Call>('/api/calls', {body: request, headers, signal});
      this.#store.learn(call);
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
    let late = false;
    const cancel = clock.after(timeoutMs, () => {
      late = true;
      limit.abort();
    });
    const until = limit.signal;
    try {
      const seen = this.#whenEnded(callSid, until);
      const known = this.#store.get(callSid);
      return await (known?.ended === true ? seen : Promise.race([seen, this.#hangUp(callSid, until)]));
    } catch (error) {
      if (!late) throw error;
      throw new HookswitchError('timeout', `${callSid} was not seen to end in ${timeoutMs} ms.`, {
        cause: error,
        retry: 'now',
        whatToDo: 'Look at the call, then try again.',
      });
    } finally {
      cancel();
      limit.abort();
      limit.release();
    }
  }

  /** The call as HTTP has it, taken in. */
  async #lookUp(callSid: string, signal?: AbortSignal): Promise<void> {
    const path = `/api/calls/${encodeURIComponent(callSid)}`;
    const detail = await this.#requests.send<Call & {legs?: unknown; events?: unknown}>(path, {signal});
    const {legs: _legs, events: _events, ...call} = detail;
    this.#store.learn(call);
  }

  /** The command, until the gateway has taken it; then a look every few seconds, until `signal` says that it is over. */
  async #hangUp(callSid: string, signal: AbortSignal): Promise<never> {
    const path = `/api/calls/${encodeURIComponent(callSid)}/actions`;
    const requests = this.#requests;
    let delayMs = LOOK_UP_EVERY_MS;
    try {
      await requests.sendAgain(path, {body: {action: 'disconnect'}, signal}, Number.POSITIVE_INFINITY);
    } catch (error) {
      if (!(error instanceof HookswitchError) || error.code !== 'call_ended') throw error;
      delayMs = 0;
    }
    for (; ; delayMs = LOOK_UP_EVERY_MS) {
      await requests.pause(delayMs, signal);
      await this.#lookUp(callSid, signal).catch(() => {});
    }
  }

  /** Resolves once the call has ended; where nobody saw how, after a look. */
  #whenEnded(callSid: string, signal: AbortSignal): Promise<CallState> {
    const store = this.#store;
    return new Promise((resolve, reject) => {
      let looking = false;
      const check = () => {
        const call = store.get(callSid);
        if (call?.ended !== true || looking) return;
        if (call.outcomeUnknown !== true) return finish(call);
        looking = true;
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

/** Pages without TLS have no `randomUUID`. @throws HookswitchError `unsupported` */
function randomKey(): string {
  if (typeof globalThis.crypto?.getRandomValues !== 'function') {
    throw new HookswitchError('unsupported', 'This runtime has no crypto.getRandomValues.', {
      whatToDo: 'Pass an idempotencyKey.',
    });
  }
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
