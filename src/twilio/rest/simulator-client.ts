/** The simulator's control API over HTTP, at the origin in TWILIO_API_URL. */
import {z} from 'zod';
import type {SimulatorAnswer, SimulatorFaults, TwilioSimulator} from '../twilio-simulator.ts';

export interface SimulatorClientOptions {
  /** Origin. */
  readonly apiUrl: string;
  readonly accountSid: string;
  /** Milliseconds for a whole request. @default 2000 */
  readonly timeoutMs?: number;
}

/** Identifies our simulator. */
const aboutBody = z.object({simulator: z.literal('@hookswitch/simulator'), accountSid: z.string()});
const callBody = z.object({sid: z.string().regex(/^CA[0-9a-fA-F]{32}$/)});
const faultsBody = z.object({faults: z.record(z.string(), z.unknown())});
const errorBody = z.object({error: z.string()});

/** Larger responses do not come from the simulator. */
const MAX_ANSWER_BYTES = 256 * 1024;

export class SimulatorClient implements TwilioSimulator {
  readonly #accountSid: string;
  readonly #base: string;
  readonly #timeoutMs: number;

  constructor({apiUrl, accountSid, timeoutMs = 2000}: SimulatorClientOptions) {
    this.#accountSid = accountSid;
    this.#base = `${apiUrl.replace(/\/+$/, '')}/_simulator`;
    this.#timeoutMs = timeoutMs;
  }

  async identify(): Promise<boolean | undefined> {
    const about = await this.#ask('', {}, aboutBody);
    if (about.kind === 'unreachable') return undefined;
    return about.kind === 'answered' && about.value.accountSid === this.#accountSid;
  }

  async placeInboundCall(call: {
    readonly from: string;
    readonly scenario?: unknown;
  }): Promise<SimulatorAnswer<string>> {
    const placed = await this.#ask('/calls', {method: 'POST', body: JSON.stringify(call)}, callBody);
    return placed.kind === 'answered' ? {kind: 'answered', value: placed.value.sid} : placed;
  }

  async faults(): Promise<SimulatorAnswer<SimulatorFaults>> {
    return faultsOf(await this.#ask('/faults', {}, faultsBody));
  }

  async setFaults(faults: SimulatorFaults): Promise<SimulatorAnswer<SimulatorFaults>> {
    return faultsOf(await this.#ask('/faults', {method: 'PUT', body: JSON.stringify(faults)}, faultsBody));
  }

  async #ask<Value>(
    path: string,
    init: RequestInit,
    schema: z.ZodType<Value>,
  ): Promise<SimulatorAnswer<Value>> {
    let response: Response;
    let text: string;
    try {
      response = await fetch(this.#base + path, {
        ...init,
        headers: {'Content-Type': 'application/json'},
        redirect: 'manual',
        signal: AbortSignal.timeout(this.#timeoutMs),
      });
      text = await readBounded(response);
    } catch (error) {
      return {kind: 'unreachable', message: error instanceof Error ? error.message : String(error)};
    }
    const body = parseJson(text);
    if (!response.ok) {
      const {error = `The simulator answered ${response.status}.`} = errorBody.safeParse(body).data ?? {};
      return {kind: 'refused', message: error.slice(0, 500)};
    }
    const parsed = schema.safeParse(body);
    if (parsed.success) return {kind: 'answered', value: parsed.data};
    return {kind: 'refused', message: "The simulator's response could not be read."};
  }
}

function faultsOf(
  answer: SimulatorAnswer<{readonly faults: SimulatorFaults}>,
): SimulatorAnswer<SimulatorFaults> {
  return answer.kind === 'answered' ? {kind: 'answered', value: answer.value.faults} : answer;
}

async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) break;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
