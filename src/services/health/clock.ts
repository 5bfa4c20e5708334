/** How far our clock is off Twilio's: a call's lag and silence are judged by the difference of the two. */
import type {Clock} from '../../clock.ts';
import type {TwilioAccountClient} from '../../twilio/twilio-account.ts';
import {type Check, type Finding, ms, twilioFailure} from './check.ts';

export interface ClockCheckOptions {
  readonly account: TwilioAccountClient;
  readonly clock: Clock;
  readonly apiUrl: string;
}

const WARNING_MS = 2000;
const FAILURE_MS = 60_000;

export function clockCheck(options: ClockCheckOptions): Check {
  return {id: 'clock', title: 'Clock', run: () => check(options)};
}

async function check({account, clock, apiUrl}: ClockCheckOptions): Promise<Finding> {
  const startedAt = clock.monotonic();
  const outcome = await account.fetchAccount();
  const tookMs = clock.monotonic() - startedAt;
  const now = clock.now();
  if (outcome.serverTime === undefined) {
    if (outcome.kind === 'failed') return twilioFailure(outcome.fault, apiUrl);
    return {
      status: 'warning',
      summary: "Twilio's answer carries no date to compare with.",
      evidence: [{label: 'Asked', value: apiUrl}],
      remedy: 'A proxy may have taken the Date header off.',
    };
  }
  // Whole seconds, cut off: on average it was half a second later; and half of the way there and back ago.
  const offsetMs = now - tookMs / 2 - (outcome.serverTime + 500);
  const uncertaintyMs = 500 + tookMs / 2;
  const distance = Math.max(0, Math.abs(offsetMs) - uncertaintyMs);
  const evidence = [
    {label: 'Here', value: new Date(now).toISOString()},
    {label: 'At Twilio', value: new Date(outcome.serverTime).toISOString()},
    {label: 'Difference', value: `${ms(offsetMs)} ± ${ms(uncertaintyMs)}`},
  ];
  const direction = offsetMs > 0 ? 'ahead of' : 'behind';
  if (distance <= WARNING_MS) return {status: 'ok', summary: "The clock agrees with Twilio's.", evidence};
  return {
    status: distance > FAILURE_MS ? 'failed' : 'warning',
    summary: `The clock is ${Math.round(Math.abs(offsetMs) / 1000)} s ${direction} Twilio's.`,
    evidence,
    remedy: 'Let this machine keep its time by NTP (systemd-timesyncd, chrony).',
  };
}
