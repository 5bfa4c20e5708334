/** What one check of the doctor is, and the words that several of them share. */

import type {HealthCheck, HealthCheckId} from '@hookswitch/protocol';
import {maskText} from '../../mask.ts';
import type {ProviderFault} from '../../twilio/twilio-client.ts';

export interface CheckContext {
  /** Aborted when the check's time is up, or the server stops. */
  readonly signal: AbortSignal;
  /** Origin of the page that the operator looks at, where a browser asks. */
  readonly pageOrigin?: string;
  /** The host that this page sent its request to, as the `Host` header has it. */
  readonly pageHost?: string;
}

export type Evidence = HealthCheck['evidence'][number];

/** What a check found. */
export interface Finding {
  readonly status: 'ok' | 'warning' | 'failed';
  readonly summary: string;
  readonly evidence: readonly Evidence[];
  readonly remedy?: string;
  readonly action?: HealthCheck['action'];
}

export interface Check {
  readonly id: HealthCheckId;
  readonly title: string;
  /** Finds out, and changes nothing. */
  run(context: CheckContext): Promise<Finding>;
}

/** Longest text of somebody else's that is shown. */
const MAX_SHOWN = 200;

/** A text of somebody else's: bounded, without control characters. */
export function shown(text: string, max = MAX_SHOWN): string {
  const plain = text.replaceAll(/[\p{Cc}\p{Cf}]+/gu, ' ').trim();
  return plain.length > max ? `${plain.slice(0, max)}…` : plain;
}

/** A URL without what may be secret in it: user, password, and the values of its query. */
export function shownUrl(url: string): string {
  if (url === '') return '(none)';
  if (!URL.canParse(url)) return shown(url.replace(/[?#].*$/s, ''));
  const {origin, protocol, host, pathname, search, hash} = new URL(url);
  const base = origin === 'null' ? `${protocol}//${host}` : origin;
  return shown(`${base}${pathname}${search === '' ? '' : '?•••'}${hash}`);
}

export function ms(duration: number): string {
  return `${Math.round(duration)} ms`;
}

/** Twilio said no, or nothing: the same for every check that asks it. */
export function twilioFailure(fault: ProviderFault, apiUrl: string): Finding {
  const evidence = [
    {label: 'Asked', value: apiUrl},
    {label: 'Answer', value: shown(maskText(fault.message))},
    ...(fault.status === undefined ? [] : [{label: 'HTTP status', value: String(fault.status)}]),
    ...(fault.code === undefined ? [] : [{label: 'Twilio error', value: String(fault.code)}]),
  ];
  return {status: 'failed', evidence, ...explain(fault)};
}

function explain({status, code}: ProviderFault): {readonly summary: string; readonly remedy: string} {
  if (status === undefined)
    return {
      summary: 'Twilio could not be reached.',
      remedy:
        'Check that this machine reaches the internet (DNS, firewall), and TWILIO_API_URL if it is set.',
    };
  if (code === 20008)
    return {
      summary: 'These are test credentials, which place no calls.',
      remedy: 'Set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN to the live ones of the Twilio console.',
    };
  // An account that is suspended or closed is refused like wrong credentials, which may well be right.
  if (code === 20005 || code === 10001)
    return {
      summary: 'The Twilio account is not active: it is suspended or closed.',
      remedy: 'Open the Twilio console: it says why, and what to do. The credentials need not be changed.',
    };
  if (code === 20006)
    return {
      summary: 'Twilio takes the credentials, and does not let them read this.',
      remedy: "Use the account's own SID and auth token, or an API key with rights to voice and numbers.",
    };
  if (status === 401 || status === 403)
    return {
      summary: 'Twilio does not accept the credentials.',
      remedy:
        'Copy TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN from the Twilio console again; unset TWILIO_REGION and TWILIO_EDGE if you do not mean them.',
    };
  if (status === 404)
    return {
      summary: 'Twilio knows no such account here.',
      remedy:
        'Compare TWILIO_ACCOUNT_SID with the Twilio console; an account of another region is unknown here.',
    };
  if (status === 429)
    return {
      summary: 'Twilio answers that there are too many requests.',
      remedy: 'Wait a moment, then check again.',
    };
  return {
    summary: status >= 500 ? 'Twilio has a fault of its own.' : 'Twilio refused the question.',
    remedy: 'See https://status.twilio.com, then check again.',
  };
}
