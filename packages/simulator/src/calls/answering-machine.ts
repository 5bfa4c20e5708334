import type {ScenarioDetails} from '../scenarios/scenario.ts';
import type {HttpMethod} from '../webhooks/target.ts';

/** The answering machine detection options of a create request. */
export interface MachineDetection {
  readonly mode: 'Enable' | 'DetectMessageEnd';
  readonly timeoutSeconds: number;
  /** Whether the document runs during the detection. Otherwise it waits for the result. */
  readonly async: boolean;
  /** The callback for the result of an asynchronous detection. */
  readonly callback: {readonly url: string; readonly method: HttpMethod} | null;
}

export interface DetectionResult {
  readonly answeredBy: string;
  /** MachineDetectionDuration. Simulated milliseconds. */
  readonly durationMs: number;
}

/** Duration of the detection. Simulated milliseconds. */
const DETECTION_MS = {human: 2500, machine: 4000, fax: 3000, unknown: 5000} as const;
/** Time from the detection of a machine to its beep. Simulated milliseconds. */
const GREETING_MS = 8000;

/**
 * The result of the detection (Twilio docs: "Answering Machine Detection"). After its timeout the result is
 * `unknown`.
 */
export function detectMachine(detection: MachineDetection, scenario: ScenarioDetails): DetectionResult {
  const found = scenario.answeredBy ?? 'human';
  const untilEnd = found === 'machine' && detection.mode === 'DetectMessageEnd';
  const durationMs = DETECTION_MS[found] + (untilEnd ? GREETING_MS : 0);
  const limitMs = detection.timeoutSeconds * 1000;
  if (durationMs > limitMs) return {answeredBy: 'unknown', durationMs: limitMs};
  if (found !== 'machine') return {answeredBy: found, durationMs};
  return {answeredBy: untilEnd ? 'machine_end_beep' : 'machine_start', durationMs};
}
