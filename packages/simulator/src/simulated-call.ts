import type {Call, CallStatus, Direction} from './calls/call.ts';
import type {Recording, RecordingStatus} from './calls/recordings.ts';
import type {Scenario} from './scenarios/scenario.ts';

/** A call as it is now, for assertions and the control API. */
export interface SimulatedCall {
  readonly sid: string;
  /** As callbacks name it: `initiated` included. */
  readonly status: CallStatus;
  readonly direction: Direction;
  readonly from: string;
  readonly to: string;
  readonly parentCallSid: string | null;
  readonly answeredBy: string | null;
  /** Simulated seconds since the answer, null before the end. */
  readonly durationSeconds: number | null;
  /** Status callbacks fired so far, dropped ones included. */
  readonly callbacks: number;
  readonly createdAt: Date;
  readonly endedAt: Date | null;
}

export function simulatedCall(call: Call): SimulatedCall {
  const {sid, status, parentSid, answeredBy, end, sequence, createdAt, endedAt} = call;
  const {direction, from, to} = call.options;
  return {
    sid,
    status,
    direction,
    from,
    to,
    parentCallSid: parentSid,
    answeredBy,
    durationSeconds: end?.durationSeconds ?? null,
    callbacks: sequence,
    createdAt,
    endedAt,
  };
}

/** A recording as it is now. */
export interface SimulatedRecording {
  readonly sid: string;
  readonly callSid: string;
  readonly status: RecordingStatus;
  readonly channels: 1 | 2;
  /** Null while it runs. */
  readonly durationSeconds: number | null;
  /** As callbacks name it: without extension. */
  readonly url: string;
  readonly startedAt: Date;
}

export function simulatedRecording(recording: Recording, url: string): SimulatedRecording {
  const {sid, callSid, status, options, durationSeconds, startedAt} = recording;
  return {sid, callSid, status, channels: options.channels, durationSeconds, url, startedAt};
}

/** A call from outside to a number of the account, or from a softphone to one of its applications. */
export interface InboundCallOptions {
  /** E.164, `client:…`, or a word such as `anonymous`. */
  readonly from: string;
  /** A number of the account. @default the account's number */
  readonly to?: string;
  /** How the caller behaves. @default what the number table says of `from`, else the simulator's scenario */
  readonly scenario?: Scenario;
  readonly callerName?: string;
  readonly forwardedFrom?: string;
  /** Such as `TN-Validation-Passed-A`. */
  readonly stirVerstat?: string;
  /** The TwiML Application of a softphone that calls; `from` is its `client:…`. */
  readonly applicationSid?: string;
  /** Parameters that the softphone's page passes to `device.connect`; the voice request carries them, `To` included. */
  readonly parameters?: Readonly<Record<string, string>>;
}
