/** Example calls. The number of the simulator determines the outcome. */
import type {PlaceCall} from '../calls/call-placement.ts';

interface ScenarioBase {
  readonly id: string;
  /** Label of the button. */
  readonly label: string;
  /** One sentence. */
  readonly description: string;
  /** The simulated other party. */
  readonly number: string;
}

export type SimulatorScenario = ScenarioBase &
  (
    | {readonly direction: 'outbound'; readonly calls: readonly PlaceCall[]}
    /** The behavior of the caller, in the simulator's format. */
    | {readonly direction: 'inbound'; readonly call: {readonly scenario: Readonly<Record<string, unknown>>}}
  );

/** Long enough to be inspected, short enough to end by itself. */
const TALK = '<Response><Say>Hello from Hookswitch.</Say><Pause length="300"/></Response>';

const BURST = 20;

/** The outcomes of a burst. Most calls are answered. */
const BURST_NUMBERS = [
  '+15550100512',
  '+15550100520',
  '+15550100101',
  '+15550100531',
  '+15550100901',
] as const;

export const simulatorScenarios: readonly SimulatorScenario[] = [
  outbound('answered', {
    label: 'Answered',
    description: 'Rings and is answered. Lasts until you hang up, at most five minutes.',
    call: {to: '+15550100001', twiml: TALK},
  }),
  outbound('answered-then-hangs-up', {
    label: 'Answered, then hangs up',
    description: 'Is answered. The other party hangs up after ten seconds.',
    call: {to: '+15550100510', twiml: TALK},
  }),
  outbound('busy', {
    label: 'Busy',
    description: 'The other party is on another call.',
    call: {to: '+15550100101', twiml: TALK},
  }),
  outbound('no-answer', {
    label: 'No answer',
    description: 'Rings for fifteen seconds, but nobody answers.',
    call: {to: '+15550100201', twiml: TALK, timeout: 15},
  }),
  outbound('failed', {
    label: 'Failed',
    description: 'The number cannot be reached.',
    call: {to: '+15550100301', twiml: TALK},
  }),
  outbound('canceled', {
    label: 'Canceled',
    description: 'Rings, and is canceled before it is answered, as if by another program of the account.',
    call: {to: '+15550100401', twiml: TALK},
  }),
  outbound('machine', {
    label: 'Answering machine',
    description: 'A machine answers and is detected as one. It records for a minute.',
    call: {to: '+15550100601', twiml: TALK, machineDetection: 'Enable'},
  }),
  outbound('legs', {
    label: 'Two legs',
    description: 'Once the first party has answered, a second one is dialed and connected.',
    call: {to: '+15550100001', connectTo: '+15550100002'},
  }),
  {
    id: 'burst',
    label: `Burst of ${BURST}`,
    description: `${BURST} calls at once that end in different ways.`,
    direction: 'outbound',
    number: BURST_NUMBERS[0],
    calls: Array.from({length: BURST}, (_, at) => ({
      to: BURST_NUMBERS[at % BURST_NUMBERS.length] ?? BURST_NUMBERS[0],
      twiml: TALK,
    })),
  },
  {
    id: 'inbound-answered',
    label: 'Inbound call',
    description: 'Rings for two seconds, is answered, and plays VOICE_TWIML.',
    direction: 'inbound',
    number: '+15550100021',
    call: {scenario: {outcome: 'answered', connectSeconds: 2}},
  },
  {
    id: 'inbound-gives-up',
    label: 'Inbound, caller hangs up',
    description: 'Rings for five seconds. The caller hangs up before the call is answered.',
    direction: 'inbound',
    number: '+15550100022',
    call: {scenario: {outcome: 'no-answer', ringSeconds: 5, connectSeconds: 60}},
  },
];

function outbound(
  id: string,
  {label, description, call}: {label: string; description: string; call: PlaceCall},
): SimulatorScenario {
  return {id, label, description, direction: 'outbound', number: call.to, calls: [call]};
}
