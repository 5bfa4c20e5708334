/** CORS: the headers that pages of other origins may send and read. */

/** Seconds that a browser may cache a preflight response. Chromium caches at most two hours. */
export const PREFLIGHT_MAX_AGE_S = 7200;

const apiHeaders = [
  'Accept',
  'Authorization',
  'Content-Type',
  'Idempotency-Key',
  'X-Request-Id',
  'X-Correlation-Id',
];

/** Sent by clients that bypass caches, and by clients that identify themselves as scripts. */
const clientHeaders = ['Cache-Control', 'Pragma', 'X-Requested-With'];

/** Sent to tunnels, so that they do not show their own page. */
const tunnelHeaders = ['ngrok-skip-browser-warning', 'bypass-tunnel-reminder'];

/** W3C, Sentry, Zipkin, Jaeger, Datadog, New Relic, Elastic, Amazon, Google. */
const tracingHeaders = [
  'traceparent',
  'tracestate',
  'baggage',
  'sentry-trace',
  'b3',
  'x-b3-traceid',
  'x-b3-spanid',
  'x-b3-parentspanid',
  'x-b3-sampled',
  'x-b3-flags',
  'uber-trace-id',
  'x-datadog-trace-id',
  'x-datadog-parent-id',
  'x-datadog-origin',
  'x-datadog-sampling-priority',
  'newrelic',
  'elastic-apm-traceparent',
  'x-amzn-trace-id',
  'x-cloud-trace-context',
];

/**
 * Headers that our API reads, and headers that tools add to every request of a page. A browser blocks the whole
 * request if one header is missing here. The gateway itself only uses those of the API.
 */
export const allowedHeaders: readonly string[] = [
  apiHeaders,
  clientHeaders,
  tunnelHeaders,
  tracingHeaders,
].flat();

export const exposedHeaders: readonly string[] = [
  'Location',
  'Idempotent-Replayed',
  'Retry-After',
  'X-Request-Id',
  'WWW-Authenticate',
  'Allow',
  'Date',
];
