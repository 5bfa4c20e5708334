/** A user who places calls with idempotency keys, retries unknown outcomes, and hangs up some calls. */
import {setTimeout as wait} from 'node:timers/promises';
import type {SeededRandom} from '../../test/support/simulation/random.ts';
import type {DialRecord, HangUpRecord, Outcome} from '../history/history.ts';

export interface CallerOptions {
  readonly user: string;
  readonly token: string;
  readonly gatewayUrl: string;
  readonly random: SeededRandom;
  /** Prefix of the dialed numbers, unique for each caller. */
  readonly numbers: string;
}

const ATTEMPTS = 4;
const REQUEST_TIMEOUT_MS = 15_000;

interface Answer {
  readonly status: number;
  readonly body: {
    readonly callSid?: string;
    readonly code?: string;
    readonly context?: {readonly outcome?: string};
  };
}

export class Caller {
  readonly dials: DialRecord[] = [];
  readonly hangUps: HangUpRecord[] = [];
  readonly #options: CallerOptions;
  #running = false;
  #work: Promise<void> = Promise.resolve();
  #next = 0;

  constructor(options: CallerOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#work = this.#run();
  }

  async pause(): Promise<void> {
    this.#running = false;
    await this.#work;
  }

  async #run(): Promise<void> {
    const {random} = this.#options;
    while (this.#running) {
      const callSid = await this.place();
      if (callSid !== undefined && random.chance(0.3)) await this.#hangUp(callSid);
      await wait(random.int(20, 60));
    }
  }

  /** Places one call, retrying until the outcome is known. Resolves with its SID, if there is one. */
  async place(): Promise<string | undefined> {
    const {user, numbers} = this.#options;
    this.#next += 1;
    const key = `${user}-${this.#next}`;
    const to = `${numbers}${String(this.#next).padStart(5, '0')}`;
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const answer = await this.#post('/api/calls', {to}, {'idempotency-key': key});
      const outcome = outcomeOf(answer);
      const callSid = answer?.body.callSid;
      this.dials.push({key, user, to, outcome, ...(outcome === 'ok' ? {callSid} : {})});
      if (outcome === 'ok') return callSid;
      if (answer !== undefined && answer.status < 500) return undefined;
      await wait(50 * attempt);
    }
    return undefined;
  }

  async #hangUp(callSid: string): Promise<void> {
    const {user} = this.#options;
    const answer = await this.#post(`/api/calls/${callSid}/actions`, {action: 'disconnect'}, {});
    const outcome = answer?.status === 202 ? 'ok' : outcomeOf(answer);
    this.hangUps.push({user, callSid, outcome});
  }

  /** `undefined` if there was no response. */
  async #post(
    path: string,
    body: unknown,
    headers: Readonly<Record<string, string>>,
  ): Promise<Answer | undefined> {
    const {gatewayUrl, token} = this.#options;
    try {
      const response = await fetch(gatewayUrl + path, {
        method: 'POST',
        headers: {authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers},
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
      });
      return {status: response.status, body: (await response.json()) as Answer['body']};
    } catch {
      return undefined;
    }
  }
}

/** A 503 means that nothing was done. A 504 or a 5xx from Twilio means that the outcome is unknown. */
function outcomeOf(answer: Answer | undefined): Outcome {
  if (answer === undefined || answer.body.code === 'submission_unknown') return 'unknown';
  if (answer.body.context?.outcome === 'unknown' || answer.body.code === 'internal') return 'unknown';
  return answer.status < 300 ? 'ok' : 'fail';
}
