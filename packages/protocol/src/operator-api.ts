/**
 * The HTTP API's responses for the console and other operator tools, except `Call`. These are interfaces only, so
 * importing them costs nothing at run time. Times are ISO 8601 unless a name ends in a unit.
 */
import type {CallStatus, FailureReason, ProviderStatus} from './call-status.ts';
import type {Call, CallSource} from './messages.ts';
import type {Scope} from './scopes.ts';

// --- Calls (H2) ----------------------------------------------------------------------------------------------------

/** `GET /api/calls?status=&q=&outcome=&direction=&from=&to=&limit=&cursor=`, newest first. */
export interface CallPage {
  readonly calls: readonly Call[];
  /** Absent on the last page. */
  readonly nextCursor?: string;
}

/** The outcome of an ended call: `completed`, or why it failed. */
export type CallOutcome = 'completed' | FailureReason;

interface EventBase {
  readonly offset: number;
  /** The sid of the call or leg. */
  readonly callSid: string;
  readonly source: CallSource;
  readonly verdict: 'applied' | 'late' | 'duplicate';
  /** When the event happened. */
  readonly timestamp: string;
  readonly receivedAt: string;
  /** The time from `timestamp` to `receivedAt`. Twilio's timestamps have a resolution of one second. */
  readonly lagMs: number;
  /** How many duplicates of the event arrived. */
  readonly repeats: number;
}

/** An entry of a call's history. */
export type CallHistoryEvent = EventBase &
  (
    | {
        readonly kind: 'status';
        /** Absent if the webhook contained no valid Twilio status. */
        readonly providerStatus?: ProviderStatus;
        readonly status?: CallStatus;
        readonly sequence?: number;
        /** Seconds. */
        readonly duration?: number;
        /** The webhook's fields, unchanged. A repeated field has several values in their original order. */
        readonly parameters?: Readonly<Record<string, string | readonly string[]>>;
      }
    | {readonly kind: 'command'; readonly action: 'disconnect'; readonly user: string}
  );

/** `GET /api/calls/:callSid`. */
export interface CallDetail extends Call {
  readonly legs: readonly Call[];
  readonly events: readonly CallHistoryEvent[];
  /** Set while the call's state has been unconfirmed for longer than that state allows (J6). */
  readonly unconfirmedSince?: string;
}

/** `GET /api/calls/unconfirmed`: active calls without information for longer than their state allows (J6). */
export interface UnconfirmedCalls {
  readonly calls: readonly {readonly callSid: string; readonly since: string}[];
}

/** `GET /api/calls/statistics?from=&to=`: ended calls by the hour of their creation, without legs. */
export interface CallStatistics {
  readonly from: string;
  readonly to: string;
  readonly bucketMs: number;
  /** Every hour between `from` and `to`, including empty hours. */
  readonly buckets: readonly ({
    readonly start: string;
    /** The number of ended calls that were answered. */
    readonly answered: number;
  } & Readonly<Record<CallOutcome, number>>)[];
}

// --- The gateway itself ---------------------------------------------------------------------------------------------

/** `GET /api/info`: the caller's identity and the gateway's configuration. Any valid token. */
export interface GatewayInfo {
  readonly version: string;
  readonly user: string;
  readonly scopes: readonly Scope[];
  readonly publicUrl: string;
  /** The number that outbound calls are placed from, E.164. */
  readonly phoneNumber: string;
  /** How many days ended calls are kept. */
  readonly retentionDays: number;
  /** The time of the gateway's clock, so that a page can measure the difference to its own clock. */
  readonly now: string;
  /** Whether there has been any activity. The console of a new gateway starts on the health page. */
  readonly used: boolean;
  /** Twilio is simulated, so calls do not reach real phones. */
  readonly simulated: boolean;
}

// --- Webhooks (scopes `sessions:read` and `calls:read:all`) ----------------------------------------------------------

/** `GET /api/webhooks?after=&before=&outcome=&q=&limit=`, newest first. Kept in memory, with a limit. */
export interface WebhookPage {
  readonly webhooks: readonly WebhookRecord[];
  /** Pass this as `before` to get older webhooks. Absent on the last page. */
  readonly nextCursor?: string;
  /** The highest id so far. Pass this as `after` to get newer webhooks. */
  readonly latest: number;
  /** Totals since the process started, including webhooks that are no longer kept. */
  readonly counts: {readonly accepted: number; readonly refused: number; readonly failed: number};
}

/** A request to a webhook route. */
export interface WebhookRecord {
  /** Increases with every request since the process started. */
  readonly id: number;
  readonly receivedAt: string;
  readonly route: 'status' | 'voice';
  readonly method: string;
  /** Path and query, unchanged. */
  readonly path: string;
  readonly remoteAddress: string;
  /** `failed`: the webhook was authentic, but the journal could not store it (503), so Twilio sends it again. */
  readonly outcome: 'accepted' | 'refused' | 'failed';
  /** The response's status. */
  readonly httpStatus: number;
  readonly tookMs: number;
  readonly verdict?: 'applied' | 'late' | 'duplicate';
  readonly offset?: number;
  readonly callSid?: string;
  readonly providerStatus?: ProviderStatus;
  /** Why the webhook was refused, as in the log. */
  readonly reason?: string;
}

/** `GET /api/webhooks/:id`. */
export interface WebhookDetail extends WebhookRecord {
  /** Only relevant headers: host, forwarded, content-type, user-agent and Twilio's own. */
  readonly headers: readonly {readonly name: string; readonly value: string}[];
  /** The form's fields in their original order. Empty if the body is not a form. */
  readonly fields: readonly {readonly name: string; readonly value: string}[];
  readonly bodyBytes: number;
  /**
   * Present for a refused signature, and for a signed request with a wrong method, path or type. In the latter case
   * `candidates` may be empty. Never part of the response to the sender.
   */
  readonly diagnosis?: SignatureDiagnosis;
}

/** Why a signature was refused, and which setting to change. */
export interface SignatureDiagnosis {
  readonly expectedUrl: string;
  /** All combinations that were tried. `matches`: this URL and token produce the request's signature. */
  readonly candidates: readonly {
    readonly url: string;
    readonly token: 'primary' | 'alternate';
    /** A short description of the difference, such as “http instead of https”. */
    readonly difference: string;
    readonly matches: boolean;
  }[];
  /** The cause in one sentence. */
  readonly finding: string;
  /** The fix in one sentence. */
  readonly remedy: string;
  /** The variable or Twilio console field to change and its correct value, if one change is enough. */
  readonly setting?: {readonly name: string; readonly value?: string};
}

// --- Sessions (scope `sessions:read`, H4) ---------------------------------------------------------------------------

/** `GET /api/sessions?q=&phase=&sort=&limit=&cursor=`. */
export interface SessionPage {
  readonly sessions: readonly SessionInfo[];
  readonly nextCursor?: string;
  /** The number of sessions that match `q` and `phase`. */
  readonly total: number;
  readonly counts: SessionCounts;
  /** The live nodes, if several nodes share a journal. */
  readonly nodes?: readonly NodeInfo[];
  /** The database is unavailable, and only the sessions of this node are included. */
  readonly onlyThisNode?: true;
}

/** A node of a cluster. */
export interface NodeInfo {
  readonly nodeId: string;
  /** Whether this node sent the response. */
  readonly isSelf: boolean;
  readonly version: string;
  /** By the database's clock, like `heartbeatAt`. */
  readonly startedAt: string;
  readonly heartbeatAt: string;
  /** Milliseconds since the last heartbeat. */
  readonly heartbeatAgeMs: number;
  /** The node's position in the journal. */
  readonly offset: number;
  /** How many entries the node is behind the most advanced node. */
  readonly lag: number;
  readonly sessions: number;
  /** How far the node's clock is ahead of the database's clock, in milliseconds. */
  readonly clockAheadMs: number;
}

export interface SessionCounts {
  readonly open: number;
  readonly lagging: number;
  readonly byPhase: Readonly<Record<string, number>>;
  /** Closes since the process started, by close code, the most frequent first. */
  readonly closes: readonly {readonly code: number; readonly text: string; readonly count: number}[];
  readonly opened: number;
}

export interface SessionInfo {
  readonly sessionId: string;
  readonly user: string;
  readonly scopes: readonly Scope[];
  readonly phase: string;
  readonly subscription: 'all' | readonly string[];
  readonly offset: number;
  /** How many entries the session is behind the head of the journal. */
  readonly lag: number;
  readonly unsentBytes: number;
  readonly connectedAt: string;
  readonly lastActivityAt: string;
  readonly address: string;
  readonly origin?: string;
  readonly protocol: string;
  /** The session's node, if several nodes share a journal. */
  readonly nodeId?: string;
}

/** `GET /api/sessions/:sessionId/sent?before=&limit=` (also needs `calls:read:all`), newest first. */
export interface SentPage {
  readonly session: SessionInfo;
  /** The `call.status` messages sent to the session, reconstructed from the journal. */
  readonly messages: readonly {readonly offset: number; readonly message: unknown}[];
  /** Pass this as `before` to get older messages. */
  readonly nextCursor?: string;
  /** The offset at which the session started. It received older state only as a snapshot. */
  readonly from: number;
}

// --- Health (scope `sessions:read`) ---------------------------------------------------------------------------------

export const healthCheckIds = [
  'credentials',
  'number',
  'public-url',
  'public-websocket',
  'origins',
  'clock',
  'journal',
] as const;
export type HealthCheckId = (typeof healthCheckIds)[number];

/** `GET /api/health` (last results), `POST /api/health/checks` (run all), `POST /api/health/checks/:id` (run one). */
export interface HealthReport {
  readonly checks: readonly HealthCheck[];
}

export interface HealthCheck {
  readonly id: HealthCheckId;
  readonly title: string;
  readonly status: 'not-run' | 'ok' | 'warning' | 'failed';
  /** The result in one sentence. */
  readonly summary: string;
  /** The facts behind the result. */
  readonly evidence: readonly {readonly label: string; readonly value: string}[];
  /** How to fix the problem. */
  readonly remedy?: string;
  /** A fix that the gateway can apply with `POST /api/health/actions/:id`. Without it, the button repeats the check. */
  readonly action?: {readonly id: HealthActionId; readonly label: string; readonly consequence: string};
  readonly checkedAt?: string;
  readonly tookMs?: number;
}

/** Needs `calls:control:all`. */
export type HealthActionId = 'point-number-here';

/** `GET /api/health/series`: the last 15 minutes, oldest first. */
export interface HealthSeries {
  readonly intervalMs: number;
  readonly samples: readonly HealthSample[];
}

/** Counts cover the interval that ends at `time`. Gauges are measured at `time`. */
export interface HealthSample {
  readonly time: string;
  readonly webhooks: number;
  readonly refused: number;
  readonly messagesSent: number;
  readonly sessions: number;
  readonly activeCalls: number;
  /** The time until an entry was durable. Absent if nothing was written. */
  readonly appendP50Ms?: number;
  readonly appendP99Ms?: number;
  readonly eventLoopP99Ms: number;
  readonly cpuPercent: number;
  readonly rssBytes: number;
}

// --- The simulator (scope `calls:control:all`; 404 where Twilio is not simulated) -------------------------------------

/** `GET /api/simulator`. */
export interface SimulatorInfo {
  readonly scenarios: readonly {
    readonly id: string;
    /** The text of the button. */
    readonly label: string;
    /** A description in one sentence. */
    readonly description: string;
    readonly direction: 'inbound' | 'outbound';
    /** The number of the simulated far end. */
    readonly number: string;
  }[];
  readonly faults: readonly {
    readonly id: string;
    readonly label: string;
    readonly description: string;
    readonly active: boolean;
  }[];
}

/**
 * The 201 response of `POST /api/simulator/scenarios/:id`. `PUT /api/simulator/faults` with `{active: [id…]}` returns
 * `SimulatorInfo`.
 */
export interface SimulatedCall {
  readonly callSid: string;
}
