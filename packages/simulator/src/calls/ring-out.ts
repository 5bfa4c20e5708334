import {type Clock, isAbort} from '../clock.ts';
import type {Call, EndedStatus} from './call.ts';
import type {CallbackDispatcher} from './callback-dispatcher.ts';

/** Time from dialing to the first response of the far end. Simulated milliseconds. */
const SETUP_MS = 500;
/** The default ringing time. Simulated seconds. */
const RING_SECONDS = 3;

/** The part of the call switch that dialing needs. */
export interface RingingCallSwitch {
  readonly clock: Clock;
  answer(call: Call): void;
  end(call: Call, status: EndedStatus): void;
  logStatus(call: Call): void;
}

/**
 * Dials an outbound leg and plays its scenario up to the answer. Resolves with whether it was answered.
 * Rejects with an AbortError if the call ends in the meantime.
 */
export async function ringOut(
  call: Call,
  callSwitch: RingingCallSwitch,
  callbacks: CallbackDispatcher,
): Promise<boolean> {
  const {clock} = callSwitch;
  const {scenario, timeoutSeconds} = call.options;
  const outcome = scenario.outcome ?? 'answered';
  call.advance('initiated', clock.now());
  callSwitch.logStatus(call);
  callbacks.fire(call, 'initiated');
  await clock.sleep(SETUP_MS, call.signal);

  const quick = outcome === 'busy' || outcome === 'failed';
  const waits = outcome === 'no-answer' || scenario.onDemand === true;
  const unlimited = waits ? timeoutSeconds : quick ? 0 : RING_SECONDS;
  const ringSeconds = scenario.ringSeconds ?? unlimited;
  if (ringSeconds > 0) {
    call.advance('ringing', clock.now());
    callSwitch.logStatus(call);
    callbacks.fire(call, 'ringing');
    await ring(call, Math.min(ringSeconds, timeoutSeconds) * 1000, clock);
  }
  if (call.answeredAtMs !== null) return true;
  if (outcome === 'answered' && scenario.onDemand !== true && ringSeconds < timeoutSeconds) {
    callSwitch.answer(call);
    return true;
  }
  callSwitch.end(call, outcome === 'answered' ? 'no-answer' : outcome);
  return false;
}

/** Rings for a given time, or until the far end answers on demand. */
async function ring(call: Call, ms: number, clock: Clock): Promise<void> {
  try {
    await clock.sleep(ms, AbortSignal.any([call.signal, call.pickedUp]));
  } catch (error) {
    if (!isAbort(error) || call.signal.aborted) throw error;
  }
}
