/**
 * Every URL of the operator's API with the type of its response. URLs are relative, because the gateway may
 * be served below a path.
 */
import type {
  CallDetail,
  CallOutcome,
  CallPage,
  CallStatistics,
  GatewayInfo,
  HealthActionId,
  HealthCheckId,
  HealthReport,
  HealthSeries,
  SentPage,
  SessionPage,
  SimulatedCall,
  SimulatorInfo,
  UnconfirmedCalls,
  WebhookDetail,
  WebhookPage,
} from '@hookswitch/protocol';

declare const answer: unique symbol;

/** A path below the gateway's base URL that returns a `T`. The type exists only at compile time. */
export type ResourcePath<T> = string & {readonly [answer]?: T};

type Query = Readonly<Record<string, string | number | readonly string[] | undefined>>;

export interface CallQuery {
  readonly status?: 'active' | 'ended';
  /** Part of a number, or a call sid. */
  readonly q?: string;
  readonly outcome?: CallOutcome | readonly CallOutcome[];
  readonly direction?: 'inbound' | 'outbound';
  /** ISO 8601. */
  readonly from?: string;
  readonly to?: string;
  /** `none` leaves out calls that have a parent. */
  readonly legs?: 'none';
  readonly limit?: number;
  readonly cursor?: string;
}

export interface WebhookQuery {
  /** Webhook ids, exclusive. */
  readonly after?: number;
  readonly before?: string | number;
  readonly outcome?: 'accepted' | 'refused' | 'failed';
  readonly q?: string;
  readonly limit?: number;
}

export interface SessionQuery {
  readonly q?: string;
  readonly phase?: string;
  readonly sort?: string;
  readonly limit?: number;
  readonly cursor?: string;
}

export const endpoints = {
  info: (): ResourcePath<GatewayInfo> => 'api/info',

  calls: (query: CallQuery = {}): ResourcePath<CallPage> => withQuery('api/calls', {...query}),
  call: (callSid: string): ResourcePath<CallDetail> => `api/calls/${encodeURIComponent(callSid)}`,
  unconfirmedCalls: (): ResourcePath<UnconfirmedCalls> => 'api/calls/unconfirmed',
  statistics: (query: {readonly from?: string; readonly to?: string} = {}): ResourcePath<CallStatistics> =>
    withQuery('api/calls/statistics', {...query}),

  webhooks: (query: WebhookQuery = {}): ResourcePath<WebhookPage> => withQuery('api/webhooks', {...query}),
  webhook: (id: number): ResourcePath<WebhookDetail> => `api/webhooks/${id}`,

  sessions: (query: SessionQuery = {}): ResourcePath<SessionPage> => withQuery('api/sessions', {...query}),
  sent: (
    sessionId: string,
    query: {readonly before?: string | number; readonly limit?: number} = {},
  ): ResourcePath<SentPage> => withQuery(`api/sessions/${encodeURIComponent(sessionId)}/sent`, {...query}),

  /** GET: the last results. */
  health: (): ResourcePath<HealthReport> => 'api/health',
  /** POST: runs all checks now, or only one. */
  healthChecks: (id?: HealthCheckId): ResourcePath<HealthReport> =>
    id === undefined ? 'api/health/checks' : `api/health/checks/${id}`,
  /** POST. */
  healthAction: (id: HealthActionId): ResourcePath<HealthReport> => `api/health/actions/${id}`,
  healthSeries: (): ResourcePath<HealthSeries> => 'api/health/series',

  /** GET. 404 if Twilio is not simulated. */
  simulator: (): ResourcePath<SimulatorInfo> => 'api/simulator',
  /** POST. */
  scenario: (id: string): ResourcePath<SimulatedCall> => `api/simulator/scenarios/${encodeURIComponent(id)}`,
  /** PUT `{active: [id…]}`. */
  faults: (): ResourcePath<SimulatorInfo> => 'api/simulator/faults',
} as const;

/** Leaves out undefined and empty values. The server treats an empty parameter as absent. */
function withQuery(path: string, query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    // A list becomes its items with commas in between.
    const text = String(value ?? '');
    if (text !== '') parameters.set(name, text);
  }
  return parameters.size === 0 ? path : `${path}?${parameters}`;
}
