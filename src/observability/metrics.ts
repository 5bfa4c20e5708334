/**
 * The Prometheus metrics. Each server has its own registry, so that two servers in one process stay separate.
 */
import {Counter, collectDefaultMetrics, Gauge, Histogram, Registry} from 'prom-client';
import {NEVER_MS, replaceEventLoopLag} from './event-loop-delay.ts';

/** Read at each scrape, so that a gauge always equals its source. */
export interface MetricSources {
  readonly openSessions: () => number;
  readonly laggingSessions: () => number;
  readonly activeCalls: () => number;
}

/**
 * Metrics of the process (event loop delay, heap, garbage collection, CPU). They belong to the process
 * instead of a server. Their observers are created once, with the first server, and cannot be removed.
 */
let processRegistry: Registry | undefined;

const LATENCY_BUCKETS_S = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
/** Twilio's timestamps have a resolution of 1 s, so finer buckets would be useless. */
const EVENT_AGE_BUCKETS_S = [0.1, 0.25, 0.5, 1, 1.5, 2, 3, 5, 10, 30, 60, 300, 3600];

export type Metrics = ReturnType<typeof createMetrics>;

/** Creates counters, histograms and their registry. Starts nothing. */
export function createMetrics() {
  const registry = new Registry();
  const registers = [registry];
  return {
    registry,
    sessionsOpened: new Counter({
      name: 'hookswitch_sessions_opened_total',
      help: 'WebSocket sessions opened.',
      registers,
    }),
    sessionsClosed: new Counter({
      name: 'hookswitch_sessions_closed_total',
      help: 'WebSocket sessions closed, by close code.',
      labelNames: ['code'],
      registers,
    }),
    callbacks: new Counter({
      name: 'hookswitch_callbacks_total',
      help: 'Twilio webhooks by verdict: applied, late, duplicate, refused or unavailable.',
      labelNames: ['verdict'],
      registers,
    }),
    appendSeconds: new Histogram({
      name: 'hookswitch_journal_append_seconds',
      help: 'Time until an entry was durable.',
      buckets: LATENCY_BUCKETS_S,
      registers,
    }),
    messagesSent: new Counter({
      name: 'hookswitch_messages_sent_total',
      help: 'call.status messages written to sockets.',
      registers,
    }),
    eventAgeSeconds: new Histogram({
      name: 'hookswitch_event_age_seconds',
      help: "Time from Twilio's own timestamp of an event to its write to the sockets.",
      buckets: EVENT_AGE_BUCKETS_S,
      registers,
    }),
    lookups: new Counter({
      name: 'hookswitch_reconciler_lookups_total',
      help: 'Silent calls looked up at Twilio, by outcome: found, missing or failed.',
      labelNames: ['outcome'],
      registers,
    }),
    lookupRequests: new Counter({
      name: 'hookswitch_reconciler_requests_total',
      help: 'Requests to Twilio that look up silent calls (one call or one page of a list), by outcome.',
      labelNames: ['kind', 'outcome'],
      registers,
    }),
    callsPlaced: new Counter({
      name: 'hookswitch_calls_placed_total',
      help: 'Requests to place a call that reached Twilio, by outcome.',
      labelNames: ['outcome'],
      registers,
    }),
  };
}

/** Adds the gauges, and starts collecting the metrics of the process. */
export function observe({registry}: Metrics, sources: MetricSources): void {
  const registers = [registry];
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  gauge('hookswitch_sessions_open', 'WebSocket sessions open now.', sources.openSessions);
  gauge('hookswitch_sessions_lagging', 'Sessions behind the head of the journal.', sources.laggingSessions);
  gauge('hookswitch_calls_active', 'Calls in progress.', sources.activeCalls);
  if (processRegistry === undefined) {
    processRegistry = new Registry();
    collectDefaultMetrics({register: processRegistry, eventLoopMonitoringPrecision: NEVER_MS});
    replaceEventLoopLag(processRegistry);
  }
}

/** All metrics in Prometheus' text format. */
export async function printMetrics({registry}: Metrics): Promise<{contentType: string; text: string}> {
  const registries = processRegistry === undefined ? [registry] : [registry, processRegistry];
  const texts = await Promise.all(registries.map((each) => each.metrics()));
  return {contentType: registry.contentType, text: texts.join('\n')};
}
