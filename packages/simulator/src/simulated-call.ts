import type {Call, CallStatus, Direction} from './calls/call.ts';
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

/** A call from outside to a number of the account. */
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
}
