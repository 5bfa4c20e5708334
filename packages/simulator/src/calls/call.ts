import type {ScenarioDetails} from '../scenarios/scenario.ts';
import {createSid} from '../sids.ts';
import type {TwimlSource} from '../twiml/source.ts';
import {CookieJar} from '../webhooks/cookie-jar.ts';
import type {HttpMethod} from '../webhooks/target.ts';
import type {MachineDetection} from './answering-machine.ts';
import {Keypad} from './keypad.ts';
import type {RecordingOptions} from './recordings.ts';
import {Voice} from './voice.ts';

/** Statuses after which nothing changes any more. */
export type EndedStatus = 'completed' | 'busy' | 'failed' | 'no-answer' | 'canceled';

/** `initiated` is only ever seen in callbacks; over REST it reads `queued` (Twilio docs: "Call resource"). */
export type CallStatus = 'queued' | 'initiated' | 'ringing' | 'in-progress' | EndedStatus;

/** What one can subscribe to. `completed` fires for every outcome. */
export type CallEvent = 'initiated' | 'ringing' | 'answered' | 'completed';

export const callEvents: readonly CallEvent[] = ['initiated', 'ringing', 'answered', 'completed'];

export type Direction = 'inbound' | 'outbound-api' | 'outbound-dial';

/** Where status callbacks of a call go. */
export interface StatusCallback {
  readonly url: string;
  readonly method: HttpMethod;
  readonly events: ReadonlySet<CallEvent>;
}

/** The address asked when a document cannot be run. */
export interface Fallback {
  readonly url: string;
  readonly method: HttpMethod;
}

export interface CallOptions {
  /** Counts calls from 1; keys the seeded decisions. */
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
  /** Seconds of ringing. */
  readonly timeoutSeconds: number;
  /** Seconds after the answer. */
  readonly timeLimitSeconds: number;
  readonly queueTimeMs?: number;
  readonly callerName?: string | null;
  readonly forwardedFrom?: string | null;
  readonly stirVerstat?: string | null;
  /** The TwiML Application that decides about the call. */
  readonly applicationSid?: string | null;
  readonly machineDetection?: MachineDetection | null;
  readonly recording?: RecordingOptions | null;
}

/** How a call was when it ended. */
export interface CallEnd {
  readonly status: EndedStatus;
  readonly sipResponseCode: number;
  /** Simulated seconds since the answer, 0 when there was none. */
  readonly durationSeconds: number;
  /** On the simulated clock. */
  readonly atMs: number;
}

/** One leg: its state, and the few invariants of that state. What happens to it is decided elsewhere. */
export class Call {
  readonly sid = createSid('CA');
  readonly options: CallOptions;
  readonly createdAt = new Date();
  readonly cookies = new CookieJar();
  /** Keys the far end presses. */
  readonly keypad: Keypad;
  /** The speech of the far end. */
  readonly voice: Voice;
  readonly #ended = new AbortController();
  readonly #left = new AbortController();
  readonly #pickedUp = new AbortController();

  status: CallStatus = 'queued';
  updatedAt: Date = this.createdAt;
  dialedAt: Date | null = null;
  /** On the simulated clock, null while not answered. */
  answeredAtMs: number | null = null;
  endedAt: Date | null = null;
  end: CallEnd | null = null;
  answeredBy: string | null = null;
  /** MachineDetectionDuration. Simulated milliseconds. */
  machineDetectionMs: number | null = null;
  statusCallback: StatusCallback | null;
  fallback: Fallback | null;
  /** What to run once answered. */
  document: TwimlSource | null;
  /** Callbacks fired so far: the next SequenceNumber. */
  sequence = 0;
  /** Legs of its Dials that have not ended. */
  readonly children = new Set<Call>();
  /** Forgotten by a reset: nothing is requested or recorded for it any more. */
  discarded = false;
  /** Running a Dial counts as in progress whatever the status says. */
  dialing = false;
  /** Sid and length of the recording that `Record=true` asked for, once it is complete. */
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

  /** Aborts when the call ends: everything that belongs to the call waits with it. */
  get signal(): AbortSignal {
    return this.#ended.signal;
  }

  /** Moves on to a status before the end. A call that has ended stays as it is. */
  advance(status: Exclude<CallStatus, EndedStatus>, nowMs: number): boolean {
    if (this.isOver) return false;
    this.status = status;
    this.updatedAt = new Date();
    if (status === 'initiated' || this.dialedAt === null) this.dialedAt = this.updatedAt;
    if (status === 'in-progress') this.answeredAtMs = nowMs;
    return true;
  }

  /** Ends the call, once. Returns false when it was over already. */
  finish(status: EndedStatus, sipResponseCode: number, nowMs: number): boolean {
    if (this.isOver) return false;
    const talkedMs = this.answeredAtMs === null ? 0 : nowMs - this.answeredAtMs;
    this.end = {status, sipResponseCode, atMs: nowMs, durationSeconds: Math.round(talkedMs / 1000)};
    this.status = status;
    this.endedAt = new Date();
    this.updatedAt = this.endedAt;
    return true;
  }

  /** Aborts when a bridged child is sent to a document of its own, and so leaves its Dial. */
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

  /** Releases everything that waits on the call. Separate from `finish` so that callbacks are fired in between. */
  release(): void {
    this.#ended.abort();
  }
}

function list(value: string | readonly string[] | undefined): string[] {
  if (value === undefined) return [];
  return typeof value === 'string' ? [value] : [...value];
}
