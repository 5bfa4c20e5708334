/** The controls of a simulated Twilio, as a port. */

/** Faults by the simulator's own names, with a probability or options. */
export type SimulatorFaults = Readonly<Record<string, unknown>>;

export type SimulatorAnswer<Value> =
  | {readonly kind: 'answered'; readonly value: Value}
  /** The simulator refused the request. */
  | {readonly kind: 'refused'; readonly message: string}
  | {readonly kind: 'unreachable'; readonly message: string};

export interface TwilioSimulator {
  /** Whether our simulator, with our account, answers instead of Twilio; `undefined` if nothing answers. */
  identify(): Promise<boolean | undefined>;
  /** Simulates a call to the account's number. Resolves with the call SID. */
  placeInboundCall(call: {
    readonly from: string;
    readonly scenario?: unknown;
  }): Promise<SimulatorAnswer<string>>;
  faults(): Promise<SimulatorAnswer<SimulatorFaults>>;
  /** Replaces all faults. */
  setFaults(faults: SimulatorFaults): Promise<SimulatorAnswer<SimulatorFaults>>;
}
