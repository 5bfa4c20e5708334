/** Every address of the operator's API and what it answers; relative, since the gateway may be below a path. */
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

/** A path below the gateway's base that answers a `T`; the type is there for the compiler only. */
export type ResourcePath<T> = string & {readonly [answer]?: T};

type Query = Readonly<Record<string, string | number | readonly string[] | undefined>>;

export interface CallQuery {
  readonly status?: 'active' | 'ended';
  /** Part of a number, or a sid. */
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
  /** Ids: later than, earlier than. */
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
  /** POST: all checks now, or one. */
  healthChecks: (id?: HealthCheckId): ResourcePath<HealthReport> =>
    id === undefined ? 'api/health/checks' : `api/health/checks/${id}`,
  /** POST. */
  healthAction: (id: HealthActionId): ResourcePath<HealthReport> => `api/health/actions/${id}`,
  healthSeries: (): ResourcePath<HealthSeries> => 'api/health/series',

  /** GET; 404 where Twilio is not simulated. */
  simulator: (): ResourcePath<SimulatorInfo> => 'api/simulator',
  /** POST. */
  scenario: (id: string): ResourcePath<SimulatedCall> => `api/simulator/scenarios/${encodeURIComponent(id)}`,
  /** PUT `{active: [id…]}`. */
  faults: (): ResourcePath<SimulatorInfo> => 'api/simulator/faults',
} as const;

/** Leaves out what is undefined or empty: the server takes an empty parameter as absent, and the address stays short. */
function withQuery(path: string, query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    // Several of them stand with commas between.
    const text = String(value ?? '');
    if (text !== '') parameters.set(name, text);
  }
  return parameters.size === 0 ? path : `${path}?${parameters}`;
}
