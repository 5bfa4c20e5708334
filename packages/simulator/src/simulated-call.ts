import type {Call, CallStatus, Direction} from './calls/call.ts';
import type {Recording, RecordingStatus} from './calls/recordings.ts';
import type {Scenario} from './scenarios/scenario.ts';

/** The current state of a call, for assertions and the control API. */
export interface SimulatedCall {
  readonly sid: string;
  /** The status as in callbacks, including `initiated`. */
  readonly status: CallStatus;
  readonly direction: Direction;
  readonly from: string;
  readonly to: string;
  readonly parentCallSid: string | null;
  readonly answeredBy: string | null;
  /** Simulated seconds since the answer. Null before the end. */
  readonly durationSeconds: number | null;
  /** Number of status callbacks fired so far, including dropped ones. */
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

/** The current state of a recording. */
export interface SimulatedRecording {
  readonly sid: string;
  readonly callSid: string;
  readonly status: RecordingStatus;
  readonly channels: 1 | 2;
  /** Null while the recording runs. */
  readonly durationSeconds: number | null;
  /** The URL as in callbacks, without an extension. */
  readonly url: string;
  readonly startedAt: Date;
}

export function simulatedRecording(recording: Recording, url: string): SimulatedRecording {
  const {sid, callSid, status, options, durationSeconds, startedAt} = recording;
  return {sid, callSid, status, channels: options.channels, durationSeconds, url, startedAt};
}

/** An inbound call to a number of the account, or from a softphone to one of its applications. */
export interface InboundCallOptions {
  /** E.164, `client:…`, or a name such as `anonymous`. */
  readonly from: string;
  /** A number of the account. @default the account's number */
  readonly to?: string;
  /**
   * Behavior of the caller. @default the number table's entry for `from`, or else the simulator's scenario
   */
  readonly scenario?: Scenario;
  readonly callerName?: string;
  readonly forwardedFrom?: string;
  /** For example `TN-Validation-Passed-A`. */
  readonly stirVerstat?: string;
  /** The TwiML Application of a calling softphone. `from` is then its `client:…`. */
  readonly applicationSid?: string;
  /**
   * Parameters that the softphone passes to `device.connect`. The voice request contains them, including
   * `To`.
   */
  readonly parameters?: Readonly<Record<string, string>>;
}
