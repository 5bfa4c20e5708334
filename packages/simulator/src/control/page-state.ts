import type {SimulatedCall} from '../simulated-call.ts';
import type {SteerableSimulator} from './control-api.ts';

/** Maximum number of first legs on the page. */
const MAX_CALLS = 50;
/** Maximum number of warnings on the page. */
const MAX_WARNINGS = 50;

/** Returns the content of the page, newest first. */
export function pageState(simulator: SteerableSimulator) {
  const {accountSid, phoneNumber, speed} = simulator;
  const calls = simulator.calls().reverse();
  const shown = calls.filter(({parentCallSid}) => parentCallSid === null).slice(0, MAX_CALLS);
  const sids = new Set(shown.map(({sid}) => sid));
  const children = calls
    .filter(({parentCallSid}) => parentCallSid !== null && sids.has(parentCallSid))
    .reverse();
  const recordings = simulator.recordings();
  const warnings = simulator.notifications();
  const leg = (call: SimulatedCall) => ({
    ...call,
    steps: simulator.twimlLog(call.sid),
    recordings: recordings.filter(({callSid}) => callSid === call.sid),
    warnings: warnings.filter(({callSid}) => callSid === call.sid),
  });
  return {
    account: {accountSid, phoneNumber, speed},
    clock: simulator.clock(),
    callCount: calls.length,
    calls: shown.map((call) => ({
      ...leg(call),
      legs: children.filter(({parentCallSid}) => parentCallSid === call.sid).map(leg),
    })),
    warnings: warnings.slice(-MAX_WARNINGS).reverse(),
  };
}
