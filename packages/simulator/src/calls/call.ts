import type {ScenarioDetails} from '../scenarios/scenario.ts';
import {createSid} from '../sids.ts';
import type {TwimlSource} from '../twiml/source.ts';
import {CookieJar} from '../webhooks/cookie-jar.ts';
import type {HttpMethod} from '../webhooks/target.ts';
import type {MachineDetection} from './answering-machine.ts';
import {Keypad} from './keypad.ts';
import type {RecordingOptions} from './recordings.ts';
import {Voice} from './voice.ts';

/** Final statuses. They never change. */
export type EndedStatus = 'completed' | 'busy' | 'failed' | 'no-answer' | 'canceled';

/**
 * `initiated` appears only in callbacks. The REST API shows `queued` instead (Twilio docs: "Call resource").
 */
export type CallStatus = 'queued' | 'initiated' | 'ringing' | 'in-progress' | EndedStatus;

/** The events of status callbacks. `completed` fires for every outcome. */
export type CallEvent = 'initiated' | 'ringing' | 'answered' | 'completed';

export const callEvents: readonly CallEvent[] = ['initiated', 'ringing', 'answered', 'completed'];

export type Direction = 'inbound' | 'outbound-api' | 'outbound-dial';

/** The receiver of a call's status callbacks. */
export interface StatusCallback {
  readonly url: string;
  readonly method: HttpMethod;
  readonly events: ReadonlySet<CallEvent>;
}

/** The URL requested when a document cannot be run. */
export interface Fallback {
  readonly url: string;
  readonly method: HttpMethod;
}

export interface CallOptions {
  /** Counts calls from 1. The seeded fault decisions depend on it. */
  readonly index: number;
  readonly direction: Direction;
  readonly from: string;
  readonly to: string;
  readonly scenario: ScenarioDetails;
  readonly parent?: Call;
  readonly phoneNumberSid?: string | null;
  readonly statusCallback?: StatusCallback | null;
  readonly fallback?: Fallback | null;
  readonly document?: TwimlSource | null;
  /** Maximum ringing time. Seconds. */
  readonly timeoutSeconds: number;
  /** Maximum duration after the answer. Seconds. */
  readonly timeLimitSeconds: number;
  readonly queueTimeMs?: number;
  readonly callerName?: string | null;
  readonly forwardedFrom?: string | null;
  readonly stirVerstat?: string | null;
  /** The TwiML Application that handles the call. */
  readonly applicationSid?: string | null;
  readonly machineDetection?: MachineDetection | null;
  readonly recording?: RecordingOptions | null;
}

/** The final state of a call. */
export interface CallEnd {
  readonly status: EndedStatus;
  readonly sipResponseCode: number;
  /** Simulated seconds since the answer, 0 if it was not answered. */
  readonly durationSeconds: number;
  /** On the simulated clock. */
  readonly atMs: number;
}

/** One leg: its state and invariants. Other classes decide what happens to it. */
export class Call {
  readonly sid = createSid('CA');
  readonly options: CallOptions;
  readonly createdAt = new Date();
  readonly cookies = new CookieJar();
  /** The keys that the far end presses. */
  readonly keypad: Keypad;
  /** The speech of the far end. */
  readonly voice: Voice;
  readonly #ended = new AbortController();
  readonly #left = new AbortController();
  readonly #pickedUp = new AbortController();

  status: CallStatus = 'queued';
  updatedAt: Date = this.createdAt;
  dialedAt: Date | null = null;
  /** On the simulated clock. Null before the answer. */
  answeredAtMs: number | null = null;
  endedAt: Date | null = null;
  end: CallEnd | null = null;
  answeredBy: string | null = null;
  /** MachineDetectionDuration. Simulated milliseconds. */
  machineDetectionMs: number | null = null;
  statusCallback: StatusCallback | null;
  fallback: Fallback | null;
  /** The document to run after the answer. */
  document: TwimlSource | null;
  /** The number of callbacks fired so far, which is the next SequenceNumber. */
  sequence = 0;
  /** Active legs of the call's Dials. */
  readonly children = new Set<Call>();
  /** Dropped by a reset: no further requests or recordings for it. */
  discarded = false;
  /** A call that runs a Dial counts as in progress, regardless of its status. */
  dialing = false;
  /** The sid and length of the recording requested by `Record=true`, once it is complete. */
  recorded: {readonly sid: string; readonly url: string; readonly seconds: number} | null = null;

  constructor(options: CallOptions) {
    this.options = options;
    this.statusCallback = options.statusCallback ?? null;
    this.fallback = options.fallback ?? null;
    this.document = options.document ?? null;
    this.keypad = new Keypad(list(options.scenario.digits));
    this.voice = new Voice(list(options.scenario.speech));
  }

  get parentSid(): string | null {
    return this.options.parent?.sid ?? null;
  }

  get isOver(): boolean {
    return this.end !== null;
  }

  /** Aborts when the call ends, and so do all waits of the call. */
  get signal(): AbortSignal {
    return this.#ended.signal;
  }

  /** Changes to a status before the end. An ended call keeps its status. */
  advance(status: Exclude<CallStatus, EndedStatus>, nowMs: number): boolean {
    if (this.isOver) return false;
    this.status = status;
    this.updatedAt = new Date();
    if (status === 'initiated' || this.dialedAt === null) this.dialedAt = this.updatedAt;
    if (status === 'in-progress') this.answeredAtMs = nowMs;
    return true;
  }

  /** Ends the call, once. Returns false if it has already ended. */
  finish(status: EndedStatus, sipResponseCode: number, nowMs: number): boolean {
    if (this.isOver) return false;
    const talkedMs = this.answeredAtMs === null ? 0 : nowMs - this.answeredAtMs;
    this.end = {status, sipResponseCode, atMs: nowMs, durationSeconds: Math.round(talkedMs / 1000)};
    this.status = status;
    this.endedAt = new Date();
    this.updatedAt = this.endedAt;
    return true;
  }

  /** Aborts when a bridged child is redirected and thereby leaves its Dial. */
  get left(): AbortSignal {
    return this.#left.signal;
  }

  leave(): void {
    this.#left.abort();
  }

  /** Aborts when the far end answers on demand, before its scenario would. */
  get pickedUp(): AbortSignal {
    return this.#pickedUp.signal;
  }

  pickUp(): void {
    this.#pickedUp.abort();
  }

  /**
   * Releases everything that waits on the call. It is separate from `finish`, so that callbacks fire in
   * between.
   */
  release(): void {
    this.#ended.abort();
  }
}

function list(value: string | readonly string[] | undefined): string[] {
  if (value === undefined) return [];
  return typeof value === 'string' ? [value] : [...value];
}
