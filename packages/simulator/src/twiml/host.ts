import type {MachineDetection} from '../calls/answering-machine.ts';
import type {Call, EndedStatus, StatusCallback} from '../calls/call.ts';
import type {Recording, RecordingOptions} from '../calls/recordings.ts';
import type {TwimlStep} from '../calls/twiml-log.ts';
import type {Clock} from '../clock.ts';
import type {Logger} from '../log.ts';
import type {TwimlElement} from './parse-twiml.ts';
import type {TwimlSource} from './source.ts';

/** A noun of a Dial as a leg to ring. */
export interface ChildLeg {
  readonly to: string;
  readonly from: string;
  readonly timeoutSeconds: number;
  readonly timeLimitSeconds: number;
  readonly statusCallback: StatusCallback | null;
  readonly machineDetection: MachineDetection | null;
}

/** A fetched document: its verbs, and the base of its relative URLs. */
export interface TwimlDocument {
  readonly verbs: readonly TwimlElement[];
  /** Null for inline TwiML, whose URLs must be absolute. */
  readonly url: string | null;
}

/** The operations of TwiML on calls. */
export interface TwimlHost {
  readonly clock: Clock;
  readonly log: Logger;
  /** Records what a leg runs and hears. */
  ran(step: Omit<TwimlStep, 'at'>): void;
  /** Fetches and parses a document. Throws a TwimlError. */
  load(call: Call, source: TwimlSource, signal: AbortSignal): Promise<TwimlDocument>;
  /** Requests a URL and ignores the response. */
  notify(call: Call, source: TwimlSource): void;
  answer(call: Call): void;
  end(call: Call, status: EndedStatus): void;
  createChild(parent: Call, leg: ChildLeg): Call;
  /** Resolves with whether the leg was answered. */
  ring(child: Call): Promise<boolean>;
  /** Runs a whisper document on a child before bridging it. */
  whisper(child: Call, source: TwimlSource): Promise<void>;
  startRecording(call: Call, options: RecordingOptions): Recording;
  /** A `silent` recording is absent, regardless of its length. */
  finishRecording(recording: Recording, outcome?: {readonly silent: boolean}): void;
  recordingUrl(recording: Recording): string;
}

/** The context in which a verb runs. */
export interface VerbContext {
  readonly host: TwimlHost;
  readonly call: Call;
  readonly document: TwimlDocument;
  /** The source of the document, which is the default `action` of Gather and Record. */
  readonly source: TwimlSource;
  /** Aborts when the call ends or is redirected over REST. */
  readonly signal: AbortSignal;
  /** Runs nested verbs. Rejects with an AbortError when `signal` aborts. */
  readonly runNested: (verbs: readonly TwimlElement[], signal: AbortSignal) => Promise<void>;
}

/** The next step after a verb. */
export type Step =
  | {readonly kind: 'next'}
  | {readonly kind: 'goto'; readonly source: TwimlSource}
  | {readonly kind: 'over'};

export const next: Step = {kind: 'next'};
export const over: Step = {kind: 'over'};
