/** Headers that pages of other origins may send and read (CORS). */

/** Seconds that a browser may remember what it may send. Chromium takes two hours at most. */
export const PREFLIGHT_MAX_AGE_S = 7200;

/**
 * What our API reads, and what tools add to every request of a page: tracing, tunnels, HTTP clients. A browser refuses
 * the whole request because of one header that is missing here. Nothing of ours depends on the added ones.
 */
export const allowedHeaders: readonly string[] = [
  ...['Accept', 'Authorization', 'Content-Type', 'Idempotency-Key', 'X-Request-Id', 'X-Correlation-Id'],
  // Clients that ask for an answer that is not cached, and those that say that they are scripts.
  ...['Cache-Control', 'Pragma', 'X-Requested-With'],
  // Tunnels that show a page of their own unless asked not to.
  ...['ngrok-skip-browser-warning', 'bypass-tunnel-reminder'],
  // Tracing: W3C, Sentry, Zipkin, Jaeger, Datadog, New Relic, Elastic, Amazon, Google.
  ...['traceparent', 'tracestate', 'baggage', 'sentry-trace'],
  ...[
    'b3',
    'x-b3-traceid',
    'x-b3-spanid',
    'x-b3-parentspanid',
    'x-b3-sampled',
    'x-b3-flags',
    'uber-trace-id',
  ],
  ...['x-datadog-trace-id', 'x-datadog-parent-id', 'x-datadog-origin', 'x-datadog-sampling-priority'],
  ...['newrelic', 'elastic-apm-traceparent', 'x-amzn-trace-id', 'x-cloud-trace-context'],
];

export const exposedHeaders: readonly string[] = [
  ...['Location', 'Idempotent-Replayed', 'Retry-After', 'X-Request-Id', 'WWW-Authenticate', 'Allow', 'Date'],
];
