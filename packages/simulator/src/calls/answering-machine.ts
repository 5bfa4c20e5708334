import type {ScenarioDetails} from '../scenarios/scenario.ts';
import type {HttpMethod} from '../webhooks/target.ts';

/** What a create asked of answering machine detection. */
export interface MachineDetection {
  readonly mode: 'Enable' | 'DetectMessageEnd';
  readonly timeoutSeconds: number;
  /** Whether the document runs meanwhile; otherwise it waits for the result. */
  readonly async: boolean;
  /** Told the result of an asynchronous detection. */
  readonly callback: {readonly url: string; readonly method: HttpMethod} | null;
}

export interface DetectionResult {
  readonly answeredBy: string;
  /** MachineDetectionDuration. Simulated milliseconds. */
  readonly durationMs: number;
}

/** How long it takes to tell what answered. Simulated milliseconds. */
const DETECTION_MS = {human: 2500, machine: 4000, fax: 3000, unknown: 5000} as const;
/** How much longer the greeting of a machine goes on until its beep. Simulated milliseconds. */
const GREETING_MS = 8000;

/** What the detection finds (Twilio docs: "Answering Machine Detection"): beyond its timeout, `unknown`. */
export function detectMachine(detection: MachineDetection, scenario: ScenarioDetails): DetectionResult {
  const found = scenario.answeredBy ?? 'human';
  const untilEnd = found === 'machine' && detection.mode === 'DetectMessageEnd';
  const durationMs = DETECTION_MS[found] + (untilEnd ? GREETING_MS : 0);
  const limitMs = detection.timeoutSeconds * 1000;
  if (durationMs > limitMs) return {answeredBy: 'unknown', durationMs: limitMs};
  if (found !== 'machine') return {answeredBy: found, durationMs};
  return {answeredBy: untilEnd ? 'machine_end_beep' : 'machine_start', durationMs};
}
