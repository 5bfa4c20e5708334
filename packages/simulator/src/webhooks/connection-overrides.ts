/** A class of failures after which a webhook may be retried. */
export type RetryPolicy = '4xx' | '5xx' | 'ct' | 'rt' | 'all';

/**
 * Delivery options from the URL's fragment (Twilio docs: "Webhooks: Connection Overrides"). Real
 * milliseconds.
 */
export interface ConnectionOverrides {
  /** `ct`: connection timeout, including the TLS handshake. */
  readonly connectTimeoutMs: number;
  /** `rt`: read timeout to the first packet and between packets. */
  readonly readTimeoutMs: number;
  /** `tt`: total time, including retries. */
  readonly totalTimeoutMs: number;
  /** `rc`: number of retries. */
  readonly retryCount: number;
  /** `rp`: the failures to retry. */
  readonly retryOn: ReadonlySet<RetryPolicy>;
}

const POLICIES: readonly string[] = ['4xx', '5xx', 'ct', 'rt', 'all'];

/**
 * Parses `rc=2&rp=5xx,ct&ct=1000` in the fragment of a URL. Invalid or unknown values keep their defaults.
 */
export function connectionOverrides(url: string): ConnectionOverrides {
  const hash = url.indexOf('#');
  const fragment = new URLSearchParams(hash === -1 ? '' : url.slice(hash + 1));
  const policies = (fragment.get('rp') ?? '').split(',').filter((policy) => POLICIES.includes(policy));
  return {
    connectTimeoutMs: number(fragment.get('ct'), 100, 10_000, 5_000),
    readTimeoutMs: number(fragment.get('rt'), 100, 15_000, 15_000),
    totalTimeoutMs: number(fragment.get('tt'), 100, 15_000, 15_000),
    retryCount: number(fragment.get('rc'), 0, 5, 1),
    retryOn: new Set(policies.length > 0 ? (policies as RetryPolicy[]) : ['ct']),
  };
}

function number(text: string | null, min: number, max: number, fallback: number): number {
  if (text === null || !/^\d+$/.test(text)) return fallback;
  const value = Number(text);
  return value < min || value > max ? fallback : value;
}
