/** The controls of a simulated Twilio, as a port. */

/** Faults by the simulator's own names, each a probability or details. */
export type SimulatorFaults = Readonly<Record<string, unknown>>;

export type SimulatorAnswer<Value> =
  | {readonly kind: 'answered'; readonly value: Value}
  /** It was asked something it does not take. */
  | {readonly kind: 'refused'; readonly message: string}
  | {readonly kind: 'unreachable'; readonly message: string};

export interface TwilioSimulator {
  /** Whether a simulator of ours, with our account, is what answers as Twilio; `undefined` when nothing answers. */
  identify(): Promise<boolean | undefined>;
  /** Lets somebody call the account's number; resolves with the call's sid. */
  placeInboundCall(call: {
    readonly from: string;
    readonly scenario?: unknown;
  }): Promise<SimulatorAnswer<string>>;
  faults(): Promise<SimulatorAnswer<SimulatorFaults>>;
  /** Replaces all faults. */
  setFaults(faults: SimulatorFaults): Promise<SimulatorAnswer<SimulatorFaults>>;
}
