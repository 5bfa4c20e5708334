import type {ScenarioDetails} from './scenario.ts';

/** A range of dialed numbers with a fixed outcome. */
export interface NumberRange {
  /** The range as written in the documentation. `nn` are two digits with a meaning. */
  readonly numbers: string;
  readonly outcome: string;
  readonly pattern: RegExp;
  readonly scenario: (nn: number) => ScenarioDetails;
}

/**
 * Area code 555 and exchange 010 belong to nobody, so none of these can ever be a person's number.
 * The README and `--help` print this table.
 */
export const numberTable: readonly NumberRange[] = [
  range('00xx', 'answered', () => ({outcome: 'answered'})),
  range('01xx', 'busy', () => ({outcome: 'busy'})),
  range('02xx', 'no answer: rings until Timeout', () => ({outcome: 'no-answer'})),
  range('03xx', 'failed: cannot be reached', () => ({outcome: 'failed'})),
  range('04xx', 'rings, then canceled as if over REST', () => ({outcome: 'canceled'})),
  range('05nn', 'answered, callee hangs up after nn seconds', (nn) => ({hangUpAfterSeconds: nn})),
  range('06xx', 'an answering machine (60 s)', () => ({answeredBy: 'machine', hangUpAfterSeconds: 60})),
  range('07nn', 'answered after nn seconds of ringing (00: never rings)', (nn) => ({ringSeconds: nn})),
  range('08nn', 'answered, presses the keys nn at the first Gather', (nn) => ({
    digits: String(nn).padStart(2, '0'),
  })),
  range('09xx', 'declined: no answer after 2 seconds of ringing', () => ({
    outcome: 'no-answer',
    ringSeconds: 2,
  })),
  range('10xx', 'on demand: rings until told to answer or decline', () => ({onDemand: true})),
];

/** Returns the fixed outcome of a number, or null if the number is not in the table. */
export function scenarioOfNumber(number: string): ScenarioDetails | null {
  for (const {pattern, scenario} of numberTable) {
    const match = pattern.exec(number);
    if (match !== null) return scenario(Number(match[1]));
  }
  return null;
}

function range(digits: string, outcome: string, scenario: (nn: number) => ScenarioDetails): NumberRange {
  return {
    numbers: `+1555010${digits}`,
    outcome,
    pattern: new RegExp(`^\\+1555010${digits.slice(0, 2)}(\\d\\d)$`),
    scenario,
  };
}
