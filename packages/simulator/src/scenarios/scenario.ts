/** How the far end of a call behaves, by name. */
export type ScenarioName =
  | 'answered'
  | 'busy'
  | 'no-answer'
  | 'failed'
  | 'canceled'
  | 'hang-up'
  | 'machine'
  | 'fax';

/** How the far end of a call behaves. Seconds are simulated seconds. */
export interface ScenarioDetails {
  /**
   * What becomes of the call. On an inbound call `no-answer` and `canceled` mean that the caller gives up when
   * not answered within `ringSeconds`; `busy` and `failed` do not apply.
   * @default 'answered'
   */
  readonly outcome?: 'answered' | 'busy' | 'no-answer' | 'failed' | 'canceled';
  /**
   * Seconds of ringing before the outcome; 0 skips the ringing status altogether.
   * @default 3; until the call's Timeout for `no-answer`; 0 for `busy` and `failed`
   */
  readonly ringSeconds?: number;
  /**
   * Inbound calls only: seconds between the answer of VoiceUrl and its first verb, in which the call rings on.
   * @default 0
   */
  readonly connectSeconds?: number;
  /** The far end hangs up so many seconds after the answer. @default never */
  readonly hangUpAfterSeconds?: number;
  /** What answering machine detection finds, when it is on. @default 'human' */
  readonly answeredBy?: 'human' | 'machine' | 'fax' | 'unknown';
  /** Keys that the far end presses, one entry for each Gather or Record it meets. */
  readonly digits?: string | readonly string[];
  /** What the far end says, one entry for each Gather that listens to speech. */
  readonly speech?: string | readonly string[];
  /** Seconds for which the far end speaks into a Record. @default 5 */
  readonly speakSeconds?: number;
  /** SipResponseCode of the last callback. @default by outcome: 200, 486, 487, 404 */
  readonly sipResponseCode?: number;
}

export type Scenario = ScenarioName | ScenarioDetails;

const NAMED: Readonly<Record<ScenarioName, ScenarioDetails>> = {
  answered: {outcome: 'answered'},
  busy: {outcome: 'busy'},
  'no-answer': {outcome: 'no-answer'},
  failed: {outcome: 'failed'},
  canceled: {outcome: 'canceled'},
  'hang-up': {outcome: 'answered', hangUpAfterSeconds: 10},
  machine: {outcome: 'answered', answeredBy: 'machine', hangUpAfterSeconds: 60},
  fax: {outcome: 'answered', answeredBy: 'fax', hangUpAfterSeconds: 30},
};

/** All names a scenario can have. */
export const scenarioNames = Object.keys(NAMED) as readonly ScenarioName[];

/** A scenario by name or in full, always in full. Throws a TypeError for an unknown name or field value. */
export function scenarioDetails(scenario: Scenario): ScenarioDetails {
  const details = typeof scenario === 'string' ? NAMED[scenario] : scenario;
  if (typeof details !== 'object' || details === null) {
    throw new TypeError(`Unknown scenario: ${JSON.stringify(scenario)}; known: ${scenarioNames.join(', ')}`);
  }
  const outcomes: readonly unknown[] = ['answered', 'busy', 'no-answer', 'failed', 'canceled', undefined];
  if (!outcomes.includes(details.outcome)) throw new TypeError(`Unknown outcome: ${details.outcome}`);
  return details;
}
