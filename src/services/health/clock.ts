/** Compares our clock with Twilio's, because lag and silence of calls are computed from both. */
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
      summary: "Twilio's response has no Date header to compare with.",
      evidence: [{label: 'Asked', value: apiUrl}],
      remedy: 'A proxy may have removed the Date header.',
    };
  }
  // The date is cut to whole seconds, so on average the time was half a second later. The response took half
  // of `tookMs`.
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
    remedy: 'Synchronize the clock of this machine with NTP (systemd-timesyncd, chrony).',
  };
}
