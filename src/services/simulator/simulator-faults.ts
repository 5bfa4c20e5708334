/** What may be made to go wrong at a simulated Twilio. */

export interface SimulatorFault {
  readonly id: string;
  /** What the switch says. */
  readonly label: string;
  /** One sentence. */
  readonly description: string;
  /** The simulator's own name for it. */
  readonly name: string;
  /** How often it strikes, in the simulator's words. */
  readonly chance: unknown;
}

/** Faults of the REST API spare look-ups: the reconciler and the doctor shall show what they do, not fail themselves. */
const COMMANDS = ['create', 'update'];

export const simulatorFaults: readonly SimulatorFault[] = [
  {
    id: 'repeated',
    label: 'Repeated callbacks',
    description: 'Every callback comes twice.',
    name: 'repeat',
    chance: 1,
  },
  {
    id: 'reordered',
    label: 'Reordered callbacks',
    description: 'Every other callback comes after the one that follows it.',
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
    description: 'Three of ten callbacks never come, until the call is looked up.',
    name: 'drop',
    chance: 0.3,
  },
  {
    id: 'create-response-lost',
    label: 'Lost answers',
    description: 'Calls are placed, and the answer that says so is lost.',
    name: 'createResponseLost',
    chance: 1,
  },
  {
    id: 'too-many-requests',
    label: '429',
    description: 'Twilio answers every command that there are too many.',
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
    label: 'No answer',
    description: 'Twilio takes commands in, and never answers.',
    name: 'hang',
    chance: {operations: COMMANDS},
  },
];
