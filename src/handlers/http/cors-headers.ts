/** CORS: the headers that pages of other origins may send and read. */

/** Seconds that a browser may cache a preflight response. Chromium caches at most two hours. */
export const PREFLIGHT_MAX_AGE_S = 7200;

/**
 * Headers that our API reads, and headers that tools add to every request of a page: tracing, tunnels, HTTP
 * clients. A browser blocks the whole request if one header is missing here. The gateway does not use the
 * added headers.
 */
export const allowedHeaders: readonly string[] = [
  ...['Accept', 'Authorization', 'Content-Type', 'Idempotency-Key', 'X-Request-Id', 'X-Correlation-Id'],
  // Clients that bypass caches, and clients that identify themselves as scripts.
  ...['Cache-Control', 'Pragma', 'X-Requested-With'],
  // Tunnels that show an interstitial page unless this header is present.
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
