import type {MachineDetection} from '../calls/answering-machine.ts';
import type {Call, EndedStatus, StatusCallback} from '../calls/call.ts';
import type {Recording, RecordingOptions} from '../calls/recordings.ts';
import type {TwimlStep} from '../calls/twiml-log.ts';
import type {Clock} from '../clock.ts';
import type {Logger} from '../log.ts';
import type {TwimlElement} from './parse-twiml.ts';
import type {TwimlSource} from './source.ts';

/** A noun of a Dial, as a leg to be rung. */
export interface ChildLeg {
  readonly to: string;
  readonly from: string;
  readonly timeoutSeconds: number;
  readonly timeLimitSeconds: number;
  readonly statusCallback: StatusCallback | null;
  readonly machineDetection: MachineDetection | null;
}

/** A document that has been fetched: its verbs, and what relative URLs in it refer to. */
export interface TwimlDocument {
  readonly verbs: readonly TwimlElement[];
  /** Null for inline TwiML, whose URLs have to be absolute. */
  readonly url: string | null;
}

/** What running TwiML can do to calls. */
export interface TwimlHost {
  readonly clock: Clock;
  readonly log: Logger;
  /** Writes down what a leg runs and hears. */
  ran(step: Omit<TwimlStep, 'at'>): void;
  /** Fetches and parses. Throws a TwimlError. */
  load(call: Call, source: TwimlSource, signal: AbortSignal): Promise<TwimlDocument>;
  /** Requests a URL whose answer does not matter any more. */
  notify(call: Call, source: TwimlSource): void;
  answer(call: Call): void;
  end(call: Call, status: EndedStatus): void;
  createChild(parent: Call, leg: ChildLeg): Call;
  /** Resolves whether it was answered. */
  ring(child: Call): Promise<boolean>;
  /** Runs a whisper document on a child before it is bridged. */
  whisper(child: Call, source: TwimlSource): Promise<void>;
  startRecording(call: Call, options: RecordingOptions): Recording;
  /** A `silent` recording is absent, however long it is. */
  finishRecording(recording: Recording, outcome?: {readonly silent: boolean}): void;
  recordingUrl(recording: Recording): string;
}

/** What a verb is run with. */
export interface VerbContext {
  readonly host: TwimlHost;
  readonly call: Call;
  readonly document: TwimlDocument;
  /** Where the document came from: the default `action` of Gather and Record. */
  readonly source: TwimlSource;
  /** Aborts when the call ends or is redirected over REST. */
  readonly signal: AbortSignal;
  /** Runs verbs nested in another; rejects with an AbortError when `signal` aborts. */
  readonly runNested: (verbs: readonly TwimlElement[], signal: AbortSignal) => Promise<void>;
}

/** Where it goes on after a verb. */
export type Step =
  | {readonly kind: 'next'}
  | {readonly kind: 'goto'; readonly source: TwimlSource}
  | {readonly kind: 'over'};

export const next: Step = {kind: 'next'};
export const over: Step = {kind: 'over'};
