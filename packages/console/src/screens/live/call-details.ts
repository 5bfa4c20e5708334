/**
 * Whose calls are, and what was given along with them: `call.status` does not carry it, so that of calls which somebody else has
 * placed since the page was opened it is asked for over HTTP, for all of them at once.
 */
import type {CallState, HookswitchClient} from '@hookswitch/client';
import type {Call, CallPage} from '@hookswitch/protocol';
import type {LiveRow} from './row-order.ts';

export interface CallDetailsOptions {
  readonly client: Pick<HookswitchClient, 'request'>;
  readonly ports: {after(delayMs: number, run: () => void): () => void};
  /** Something was learned. */
  readonly onChange: () => void;
}

type Details = Pick<Call, 'user' | 'metadata'>;

/** What comes within this time is asked for together; a failure is not repeated sooner either. */
const GATHER_MS = 400;
const RETRY_MS = 5000;
const MAX_CALLS = 200;

export class CallDetails {
  readonly #options: CallDetailsOptions;
  /** An empty one where there is nothing to know. */
  readonly #known = new Map<string, Details>();
  /** The same object for the same call, so that a row which did not change is not rendered. */
  readonly #completed = new WeakMap<CallState, CallState>();
  #wanted: readonly string[] = [];
  #request: AbortController | undefined;
  #cancelTimer: (() => void) | undefined;

  constructor(options: CallDetailsOptions) {
    this.#options = options;
  }

  /** The call with all that is known of it. */
  complete(call: CallState): CallState {
    const details = this.#known.get(call.callSid);
    if (details?.user === undefined || call.user !== undefined) return call;
    const completed = this.#completed.get(call) ?? {...call, ...details};
    this.#completed.set(call, completed);
    return completed;
  }

  /** Asks for what is missing of these. */
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
    // Not among them: it has ended, or there are too many. It is not asked for again.
    for (const callSid of asked) if (!this.#known.has(callSid)) this.#known.set(callSid, {});
    this.#options.onChange();
  }
}
