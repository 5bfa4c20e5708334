/** A class of failure that a webhook may be retried on. */
export type RetryPolicy = '4xx' | '5xx' | 'ct' | 'rt' | 'all';

/** How a webhook is delivered, after the URL's fragment (Twilio docs: "Webhooks: Connection Overrides"). Real milliseconds. */
export interface ConnectionOverrides {
  /** `ct`: time to connect, TLS handshake included. */
  readonly connectTimeoutMs: number;
  /** `rt`: time to the first packet, and between packets. */
  readonly readTimeoutMs: number;
  /** `tt`: everything, retries included. */
  readonly totalTimeoutMs: number;
  /** `rc`: attempts after the first one. */
  readonly retryCount: number;
  /** `rp`: what is retried. */
  readonly retryOn: ReadonlySet<RetryPolicy>;
}

const POLICIES: readonly string[] = ['4xx', '5xx', 'ct', 'rt', 'all'];

/** Reads `rc=2&rp=5xx,ct&ct=1000` from the fragment of a URL. What is out of range or unknown keeps its default. */
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
