/** Faults of a simulated Twilio. */

export interface SimulatorFault {
  readonly id: string;
  /** Label of the switch. */
  readonly label: string;
  /** One sentence. */
  readonly description: string;
  /** The simulator's own name of the fault. */
  readonly name: string;
  /** Probability and options, in the simulator's format. */
  readonly chance: unknown;
}

/**
 * API faults exempt look-ups, because the reconciler and the doctor must show the effects instead of failing.
 */
const COMMANDS = ['create', 'update'];

export const simulatorFaults: readonly SimulatorFault[] = [
  {
    id: 'repeated',
    label: 'Repeated callbacks',
    description: 'Every callback arrives twice.',
    name: 'repeat',
    chance: 1,
  },
  {
    id: 'reordered',
    label: 'Reordered callbacks',
    description: 'Every other callback arrives after the one that follows it.',
    name: 'reorder',
    chance: 0.5,
  },
  {
    id: 'delayed',
    label: 'Delayed callbacks',
    description: 'Every callback is one to five seconds late.',
    name: 'delay',
    chance: {probability: 1, minMs: 1000, maxMs: 5000},
  },
  {
    id: 'lost',
    label: 'Lost callbacks',
    description: 'Three of ten callbacks never arrive. The gateway finds the state by a look-up.',
    name: 'drop',
    chance: 0.3,
  },
  {
    id: 'create-response-lost',
    label: 'Lost responses',
    description: 'Calls are placed, but the response to the request is lost.',
    name: 'createResponseLost',
    chance: 1,
  },
  {
    id: 'too-many-requests',
    label: '429',
    description: 'Twilio refuses every command with "too many requests".',
    name: 'tooManyRequests',
    chance: {operations: COMMANDS},
  },
  {
    id: 'server-error',
    label: '5xx',
    description: 'Twilio answers every command with 503.',
    name: 'serverError',
    chance: {status: 503, operations: COMMANDS},
  },
  {
    id: 'hang',
    label: 'No response',
    description: 'Twilio accepts commands but never answers.',
    name: 'hang',
    chance: {operations: COMMANDS},
  },
];
