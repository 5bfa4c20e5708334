/** The interface of the doctor's checks, and texts that several checks share. */

import type {HealthCheck, HealthCheckId} from '@hookswitch/protocol';
import {maskText} from '../../mask.ts';
import type {ProviderFault} from '../../twilio/twilio-client.ts';

export interface CheckContext {
  /** Aborted if the check takes too long or the server stops. */
  readonly signal: AbortSignal;
  /** Origin of the operator's page, if the request comes from a browser. */
  readonly pageOrigin?: string;
  /** The `Host` header of this page's request. */
  readonly pageHost?: string;
}

export type Evidence = HealthCheck['evidence'][number];

/** The result of a check. */
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
  /** Runs the check without changing anything. */
  run(context: CheckContext): Promise<Finding>;
}

/** Maximum length of a foreign text in a result. */
const MAX_SHOWN = 200;

/** Makes a foreign text safe to show: limits its length and removes control characters. */
export function shown(text: string, max = MAX_SHOWN): string {
  const plain = text.replaceAll(/[\p{Cc}\p{Cf}]+/gu, ' ').trim();
  return plain.length > max ? `${plain.slice(0, max)}…` : plain;
}

/** Removes possible secrets from a URL: user, password, and the values of its query. */
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

/** The result of every check that gets an error, or no answer, from Twilio. */
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
        'Check that this machine can reach the internet (DNS, firewall), and TWILIO_API_URL if it is set.',
    };
  if (code === 20008)
    return {
      summary: 'These are test credentials, which place no calls.',
      remedy: 'Set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN to the live credentials from the Twilio console.',
    };
  // Twilio refuses a suspended or closed account like wrong credentials, although they may be right.
  if (code === 20005 || code === 10001)
    return {
      summary: 'The Twilio account is not active: it is suspended or closed.',
      remedy: 'Open the Twilio console to see the reason and the next step. The credentials need not change.',
    };
  if (code === 20006)
    return {
      summary: 'Twilio accepts the credentials but does not allow them to read this.',
      remedy: "Use the account's own SID and auth token, or an API key with access to voice and numbers.",
    };
  if (status === 401 || status === 403)
    return {
      summary: 'Twilio does not accept the credentials.',
      remedy:
        'Copy TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN from the Twilio console again. Unset TWILIO_REGION and TWILIO_EDGE unless you need them.',
    };
  if (status === 404)
    return {
      summary: 'Twilio does not know this account here.',
      remedy:
        'Compare TWILIO_ACCOUNT_SID with the Twilio console. An account of another region is unknown here.',
    };
  if (status === 429)
    return {
      summary: 'Twilio received too many requests.',
      remedy: 'Wait a moment, then check again.',
    };
  return {
    summary: status >= 500 ? 'Twilio has an internal error.' : 'Twilio refused the request.',
    remedy: 'See https://status.twilio.com, then check again.',
  };
}
