import {z} from 'zod';
import {checked} from '../validation.ts';

/** The names of predefined scenarios. */
export type ScenarioName =
  | 'answered'
  | 'busy'
  | 'no-answer'
  | 'failed'
  | 'canceled'
  | 'hang-up'
  | 'machine'
  | 'fax'
  | 'on-demand';

/** The behavior of a call's far end. Seconds are simulated seconds. */
export interface ScenarioDetails {
  /**
   * The outcome of the call. On an inbound call, `no-answer` and `canceled` mean that the caller gives up if
   * not answered within `ringSeconds`. `busy` and `failed` do not apply.
   * @default 'answered'
   */
  readonly outcome?: 'answered' | 'busy' | 'no-answer' | 'failed' | 'canceled';
  /**
   * A called far end acts only on demand. It rings until `answer`, `decline` or the call's Timeout, and is
   * silent until `speak`.
   * @default false
   */
  readonly onDemand?: boolean;
  /**
   * Seconds of ringing before the outcome. 0 skips the ringing status.
   * @default 3; until the call's Timeout for `no-answer` and `onDemand`; 0 for `busy` and `failed`
   */
  readonly ringSeconds?: number;
  /**
   * Only for inbound calls: seconds between the response of VoiceUrl and its first verb. The call keeps
   * ringing.
   * @default 0
   */
  readonly connectSeconds?: number;
  /** Seconds after the answer at which the far end hangs up. @default never */
  readonly hangUpAfterSeconds?: number;
  /** The result of answering machine detection. @default 'human' */
  readonly answeredBy?: 'human' | 'machine' | 'fax' | 'unknown';
  /** The keys that the far end presses: one entry for each Gather or Record. */
  readonly digits?: string | readonly string[];
  /** The speech of the far end: one entry for each Gather that listens to speech. */
  readonly speech?: string | readonly string[];
  /** Seconds that the far end speaks into a Record; 0 for silence. @default 5; 0 for `onDemand` */
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
  'on-demand': {onDemand: true},
};

/** The names of all scenarios. */
export const scenarioNames = Object.keys(NAMED) as readonly ScenarioName[];

const OUTCOMES = ['answered', 'busy', 'no-answer', 'failed', 'canceled'] as const;
const seconds = z.number().min(0).max(86_400);
const keys = z
  .string()
  .max(100)
  .regex(/^[0-9A-D*#]*$/, 'Keys are 0 to 9, A to D, * and #');
const utterance = z.string().max(1000);

const schema = z.strictObject({
  outcome: z.enum(OUTCOMES).exactOptional(),
  onDemand: z.boolean().exactOptional(),
  ringSeconds: seconds.exactOptional(),
  connectSeconds: seconds.exactOptional(),
  hangUpAfterSeconds: seconds.exactOptional(),
  answeredBy: z.enum(['human', 'machine', 'fax', 'unknown']).exactOptional(),
  digits: z.union([keys, z.array(keys).max(100)]).exactOptional(),
  speech: z.union([utterance, z.array(utterance).max(100)]).exactOptional(),
  speakSeconds: seconds.exactOptional(),
  sipResponseCode: z.int().min(100).max(699).exactOptional(),
});

/**
 * Parses a scenario, given by name or as an object. Throws a TypeError for an unknown name, field or value.
 */
export function scenarioDetails(scenario: Scenario): ScenarioDetails {
  if (typeof scenario !== 'string') return checked(schema, scenario, 'scenario');
  const details = Object.hasOwn(NAMED, scenario) ? NAMED[scenario] : undefined;
  if (details !== undefined) return details;
  throw new TypeError(`Unknown scenario: ${JSON.stringify(scenario)}; known: ${scenarioNames.join(', ')}`);
}
