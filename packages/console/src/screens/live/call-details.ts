/**
 * Loads the user and metadata of calls. `call.status` does not carry them, so the details of calls that
 * others placed since the page was opened are loaded over HTTP, for all such calls at once.
 */
import type {CallState, HookswitchClient} from '@hookswitch/client';
import type {Call, CallPage} from '@hookswitch/protocol';
import type {LiveRow} from './row-order.ts';

export interface CallDetailsOptions {
  readonly client: Pick<HookswitchClient, 'request'>;
  readonly ports: {after(delayMs: number, run: () => void): () => void};
  /** New details have been loaded. */
  readonly onChange: () => void;
}

type Details = Pick<Call, 'user' | 'metadata'>;

/** Calls that appear within this time share a request. */
const GATHER_MS = 400;
const RETRY_MS = 5000;
const MAX_CALLS = 200;

export class CallDetails {
  readonly #options: CallDetailsOptions;
  /** Details by call sid; an empty object if there are none. */
  readonly #known = new Map<string, Details>();
  /** Returns the same object for the same call, so that an unchanged row is not rendered again. */
  readonly #completed = new WeakMap<CallState, CallState>();
  #wanted: readonly string[] = [];
  #request: AbortController | undefined;
  #cancelTimer: (() => void) | undefined;

  constructor(options: CallDetailsOptions) {
    this.#options = options;
  }

  /** The call with its known details. */
  complete(call: CallState): CallState {
    const details = this.#known.get(call.callSid);
    if (details?.user === undefined || call.user !== undefined) return call;
    const completed = this.#completed.get(call) ?? {...call, ...details};
    this.#completed.set(call, completed);
    return completed;
  }

  /** Requests the details that these rows lack. */
  want(rows: ReadonlyMap<string, LiveRow>): void {
    for (const callSid of this.#known.keys()) if (!rows.has(callSid)) this.#known.delete(callSid);
    this.#wanted = [...rows]
      .filter(([callSid, row]) => this.#isMissing(callSid, row))
      .map(([callSid]) => callSid);
    if (this.#wanted.length > 0 && this.#request === undefined) this.#plan(GATHER_MS);
  }

  stop(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#request?.abort();
    this.#request = undefined;
  }

  #isMissing(callSid: string, {call, life}: LiveRow): boolean {
    return (
      life === 'in-progress' &&
      call.user === undefined &&
      call.direction === 'outbound-api' &&
      !this.#known.has(callSid)
    );
  }

  #plan(delayMs: number): void {
    this.#cancelTimer ??= this.#options.ports.after(delayMs, () => {
      this.#cancelTimer = undefined;
      void this.#ask();
    });
  }

  async #ask(): Promise<void> {
    const request = new AbortController();
    this.#request = request;
    const asked = this.#wanted;
    const path = `/api/calls?status=active&limit=${MAX_CALLS}`;
    const page = await this.#options.client
      .request<CallPage>(path, {signal: request.signal})
      .catch(() => undefined);
    if (this.#request !== request) return;
    this.#request = undefined;
    if (page === undefined) {
      this.#plan(RETRY_MS);
      return;
    }
    for (const {callSid, user, metadata} of page.calls) {
      this.#known.set(callSid, {
        ...(user !== undefined && {user}),
        ...(metadata !== undefined && {metadata}),
      });
    }
    // A call that is not in the response has ended, or there are too many calls. It is not requested again.
    for (const callSid of asked) if (!this.#known.has(callSid)) this.#known.set(callSid, {});
    this.#options.onChange();
  }
}
