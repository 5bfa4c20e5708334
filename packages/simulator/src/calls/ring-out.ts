import type {Clock} from '../clock.ts';
import type {Call, EndedStatus} from './call.ts';
import type {CallbackDispatcher} from './callback-dispatcher.ts';

/** From dialling to the first sign of the far end. Simulated milliseconds. */
const SETUP_MS = 500;
/** Unless the scenario says otherwise. Simulated seconds. */
const RING_SECONDS = 3;

/** What dialling needs of the exchange. */
export interface RingingExchange {
  readonly clock: Clock;
  answer(call: Call): void;
  end(call: Call, status: EndedStatus): void;
  logStatus(call: Call): void;
}

/**
 * Dials an outbound leg and plays its scenario up to the answer. Resolves whether it was answered; rejects with an
 * AbortError when the call is ended from outside meanwhile.
 */
export async function ringOut(
  call: Call,
  exchange: RingingExchange,
  callbacks: CallbackDispatcher,
): Promise<boolean> {
  const {clock} = exchange;
  const {scenario, timeoutSeconds} = call.options;
  const outcome = scenario.outcome ?? 'answered';
  call.advance('initiated', clock.now());
  exchange.logStatus(call);
  callbacks.fire(call, 'initiated');
  await clock.sleep(SETUP_MS, call.signal);

  const quick = outcome === 'busy' || outcome === 'failed';
  const unlimited = outcome === 'no-answer' ? timeoutSeconds : quick ? 0 : RING_SECONDS;
  const ringSeconds = scenario.ringSeconds ?? unlimited;
  if (ringSeconds > 0) {
    call.advance('ringing', clock.now());
    exchange.logStatus(call);
    callbacks.fire(call, 'ringing');
    await clock.sleep(Math.min(ringSeconds, timeoutSeconds) * 1000, call.signal);
  }
  if (outcome === 'answered' && ringSeconds < timeoutSeconds) {
    exchange.answer(call);
    return true;
  }
  exchange.end(call, outcome === 'answered' ? 'no-answer' : outcome);
  return false;
}
