import {z} from 'zod';
import {checked} from '../validation.ts';
import {type Random, randomFor} from './random.ts';

/** The REST operations that API faults can be limited to. */
export type ApiOperation = 'create' | 'fetch' | 'list' | 'update' | 'delete' | 'other';

/** How often a fault occurs: a probability, or details. */
export type Chance = number | ChanceDetails;

export interface ChanceDetails {
  /** From 0 (never) to 1 (always). @default 1 */
  readonly probability?: number;
  /** Maximum number of occurrences. @default no limit */
  readonly times?: number;
  /** Only for status callbacks: limits the fault to these CallStatus values. @default all */
  readonly statuses?: readonly string[];
  /** Only for API faults: limits the fault to these operations. @default all */
  readonly operations?: readonly ApiOperation[];
}

export interface DelayDetails extends ChanceDetails {
  /** Real milliseconds. @default 50 */
  readonly minMs?: number;
  /** Real milliseconds. @default 500 */
  readonly maxMs?: number;
}

export interface ServerErrorDetails extends ChanceDetails {
  /** Response status. @default 500 */
  readonly status?: 500 | 502 | 503 | 504;
}

/** The faults to inject. A fault that is absent never occurs. */
export interface Faults {
  /** Sends a callback twice with the same I-Twilio-Idempotency-Token. */
  readonly repeat?: Chance;
  /** Delays a callback until the next callback of the same call has been delivered. */
  readonly reorder?: Chance;
  /** Delays a callback. */
  readonly delay?: number | DelayDetails;
  /** Does not send a callback. */
  readonly drop?: Chance;
  /** Responds to a create only after the call's first callback has been delivered. */
  readonly callbackBeforeCreateResponse?: Chance;
  /** Creates the call, then closes the connection without a response. */
  readonly createResponseLost?: Chance;
  /** Responds with 429 and code 20429 without processing the request. */
  readonly tooManyRequests?: Chance;
  /** Responds with 5xx without processing the request. */
  readonly serverError?: number | ServerErrorDetails;
  /** Accepts a request and never responds. The request is not processed. */
  readonly hang?: Chance;
}

export type FaultName = keyof Faults;

const probability = z.number().min(0).max(1);
const chance = {probability: probability.exactOptional(), times: z.int().min(0).exactOptional()};
const statuses = [
  'initiated',
  'ringing',
  'in-progress',
  'completed',
  'busy',
  'no-answer',
  'failed',
  'canceled',
];
const callbackChance = {...chance, statuses: z.array(z.enum(statuses)).exactOptional()};
const requestChance = {
  ...chance,
  operations: z.array(z.enum(['create', 'fetch', 'list', 'update', 'delete', 'other'])).exactOptional(),
};
const delayMs = z.number().min(0).max(60_000).exactOptional();

const DETAILS: Readonly<Record<FaultName, z.ZodType>> = {
  repeat: z.strictObject(callbackChance),
  reorder: z.strictObject(callbackChance),
  delay: z.strictObject({...callbackChance, minMs: delayMs, maxMs: delayMs}),
  drop: z.strictObject(callbackChance),
  callbackBeforeCreateResponse: z.strictObject(requestChance),
  createResponseLost: z.strictObject(requestChance),
  tooManyRequests: z.strictObject(requestChance),
  serverError: z.strictObject({...requestChance, status: z.literal([500, 502, 503, 504]).exactOptional()}),
  hang: z.strictObject(requestChance),
};

/** Throws a TypeError for an unknown fault, field or value. */
function checkFaults(faults: Faults): void {
  for (const [name, details] of Object.entries(faults) as [string, unknown][]) {
    if (!Object.hasOwn(DETAILS, name)) {
      throw new TypeError(`Unknown fault: ${name}; known: ${Object.keys(DETAILS).join(', ')}`);
    }
    if (typeof details !== 'number' && (typeof details !== 'object' || details === null)) {
      throw new TypeError(`${name} must be a probability or an object`);
    }
    checked(typeof details === 'number' ? probability : DETAILS[name as FaultName], details, name);
  }
}

/** Decides which requests and callbacks are affected by faults. The decision depends only on the seed. */
export class FaultPlan {
  readonly #seed: number;
  #faults: Faults = {};
  #struck = new Map<FaultName, number>();
  #requests = new Map<ApiOperation, number>();

  constructor({seed}: {readonly seed: number}) {
    this.#seed = seed;
  }

  get current(): Faults {
    return this.#faults;
  }

  /** How often each fault has occurred since it was set. */
  get struck(): Readonly<Partial<Record<FaultName, number>>> {
    return Object.fromEntries(this.#struck);
  }

  /** Replaces all faults, and resets the counts of `times` and the numbers of requests. */
  set(faults: Faults): void {
    checkFaults(faults);
    this.#faults = faults;
    this.#struck = new Map();
    this.#requests = new Map();
  }

  /** Whether the fault affects a callback. `call` and `sequence` identify the callback. */
  strikesCallback(
    name: 'repeat' | 'reorder' | 'delay' | 'drop',
    callback: {readonly call: number; readonly sequence: number; readonly status: string},
  ): boolean {
    const details = this.#details(name);
    if (details?.statuses?.includes(callback.status) === false) return false;
    return this.#strikes(name, details, randomFor(this.#seed, name, callback.call, callback.sequence));
  }

  /**
   * Returns the number of an API request among those of its operation. Its fault decisions depend on this
   * number. Counting per operation keeps, for example, a poller from changing which creates are affected.
   */
  nextRequest(operation: ApiOperation): number {
    const number = (this.#requests.get(operation) ?? 0) + 1;
    this.#requests.set(operation, number);
    return number;
  }

  /** Whether the fault affects an API request. */
  strikesRequest(name: FaultName, request: number, operation: ApiOperation): boolean {
    const details = this.#details(name);
    if (details?.operations?.includes(operation) === false) return false;
    return this.#strikes(name, details, randomFor(this.#seed, name, operation, request));
  }

  /** The delay of a delayed callback in real milliseconds. */
  delayMs(callback: {readonly call: number; readonly sequence: number}): number {
    const {delay} = this.#faults;
    const {minMs = 50, maxMs = 500}: DelayDetails = typeof delay === 'object' ? delay : {};
    const random = randomFor(this.#seed, 'delayMs', callback.call, callback.sequence);
    return minMs + random() * (Math.max(maxMs, minMs) - minMs);
  }

  /** Response status of a request affected by `serverError`. */
  serverErrorStatus(): number {
    const {serverError} = this.#faults;
    return (typeof serverError === 'object' ? serverError.status : undefined) ?? 500;
  }

  #details(name: FaultName): ChanceDetails | null {
    const chance = this.#faults[name];
    if (chance === undefined) return null;
    return typeof chance === 'number' ? {probability: chance} : chance;
  }

  #strikes(name: FaultName, details: ChanceDetails | null, random: Random): boolean {
    if (details === null) return false;
    const struck = this.#struck.get(name) ?? 0;
    if (struck >= (details.times ?? Number.POSITIVE_INFINITY)) return false;
    if (random() >= (details.probability ?? 1)) return false;
    this.#struck.set(name, struck + 1);
    return true;
  }
}
