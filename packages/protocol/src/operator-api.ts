/**
 * What the HTTP API answers beside `Call`: the shapes that the console, and any other tool of an operator, reads.
 * Interfaces only, so that importing them costs nothing. Times are ISO 8601 unless a name ends in a unit.
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

/** What became of a call that has ended: `completed`, or why it failed. */
export type CallOutcome = 'completed' | FailureReason;

interface EventBase {
  readonly offset: number;
  /** The call or the leg it is about. */
  readonly callSid: string;
  readonly source: CallSource;
  readonly verdict: 'applied' | 'late' | 'duplicate';
  /** When it happened. */
  readonly timestamp: string;
  readonly receivedAt: string;
  /** Between the two; Twilio's timestamps have a resolution of one second. */
  readonly lagMs: number;
  /** How often the same came again. */
  readonly repeats: number;
}

/** One line of a call's history. */
export type CallHistoryEvent = EventBase &
  (
    | {
        readonly kind: 'status';
        /** Absent where the webhook named no status that Twilio has. */
        readonly providerStatus?: ProviderStatus;
        readonly status?: CallStatus;
        readonly sequence?: number;
        /** Seconds. */
        readonly duration?: number;
        /** The webhook's fields as they came; the values of a repeated name in their order. */
        readonly parameters?: Readonly<Record<string, string | readonly string[]>>;
      }
    | {readonly kind: 'command'; readonly action: 'disconnect'; readonly user: string}
  );

/** `GET /api/calls/:callSid`. */
export interface CallDetail extends Call {
  readonly legs: readonly Call[];
  readonly events: readonly CallHistoryEvent[];
  /** Set while nothing has confirmed the call's state for longer than that state allows (J6). */
  readonly unconfirmedSince?: string;
}

/** `GET /api/calls/unconfirmed`: calls in progress that were silent for longer than their state allows (J6). */
export interface UnconfirmedCalls {
  readonly calls: readonly {readonly callSid: string; readonly since: string}[];
}

/** `GET /api/calls/statistics?from=&to=`: ended calls by the hour they were created in; legs are not counted. */
export interface CallStatistics {
  readonly from: string;
  readonly to: string;
  readonly bucketMs: number;
  /** Every hour between `from` and `to`, the empty ones too. */
  readonly buckets: readonly ({
    readonly start: string;
    /** Of the calls that ended, those that were answered. */
    readonly answered: number;
  } & Readonly<Record<CallOutcome, number>>)[];
}

// --- The gateway itself ---------------------------------------------------------------------------------------------

/** `GET /api/info`: who is asking, and what they are looking at. Any valid token. */
export interface GatewayInfo {
  readonly version: string;
  readonly user: string;
  readonly scopes: readonly Scope[];
  readonly publicUrl: string;
  /** The number calls are placed from, E.164. */
  readonly phoneNumber: string;
  /** Days that ended calls are kept. */
  readonly retentionDays: number;
  /** The gateway's clock, so that a page can tell how far its own is off. */
  readonly now: string;
  /** Whether anything has ever happened here: a first run starts on the health page. */
  readonly used: boolean;
  /** Twilio is simulated: nothing here reaches a telephone. */
  readonly simulated: boolean;
}

// --- Webhooks (scopes `sessions:read` and `calls:read:all`) ----------------------------------------------------------

/** `GET /api/webhooks?after=&before=&outcome=&q=&limit=`, newest first. Kept in memory, bounded. */
export interface WebhookPage {
  readonly webhooks: readonly WebhookRecord[];
  /** Ask with `before=` this for older ones; absent when there are none. */
  readonly nextCursor?: string;
  /** The highest id so far: ask with `after=` this for what has come since. */
  readonly latest: number;
  /** How many of each have come since the process started, those no longer kept included. */
  readonly counts: {readonly accepted: number; readonly refused: number; readonly failed: number};
}

/** A request to a webhook route. */
export interface WebhookRecord {
  /** Rises with every request since the process started. */
  readonly id: number;
  readonly receivedAt: string;
  readonly route: 'status' | 'voice';
  readonly method: string;
  /** Path and query as they came. */
  readonly path: string;
  readonly remoteAddress: string;
  /** `failed`: authentic, but the journal could not take it (503), so that Twilio brings it again. */
  readonly outcome: 'accepted' | 'refused' | 'failed';
  /** Status of the answer. */
  readonly httpStatus: number;
  readonly tookMs: number;
  readonly verdict?: 'applied' | 'late' | 'duplicate';
  readonly offset?: number;
  readonly callSid?: string;
  readonly providerStatus?: ProviderStatus;
  /** Why it was refused, in the words of the log. */
  readonly reason?: string;
}

/** `GET /api/webhooks/:id`. */
export interface WebhookDetail extends WebhookRecord {
  /** Those that matter here: host, forwarded, content-type, user-agent and Twilio's own. */
  readonly headers: readonly {readonly name: string; readonly value: string}[];
  /** The form's fields in the order they came; of what is no form, none. */
  readonly fields: readonly {readonly name: string; readonly value: string}[];
  readonly bodyBytes: number;
  /**
   * For a refused signature, and for a signed request of the wrong method, path or type, where nothing may have been
   * tried. Never part of the answer to the sender.
   */
  readonly diagnosis?: SignatureDiagnosis;
}

/** What would have made a refused signature pass, and which one setting to change. */
export interface SignatureDiagnosis {
  readonly expectedUrl: string;
  /** Everything that was tried. `matches`: signed with this URL and this token it would have passed. */
  readonly candidates: readonly {
    readonly url: string;
    readonly token: 'primary' | 'alternate';
    /** In a few words what it differs in, such as “http instead of https”. */
    readonly difference: string;
    readonly matches: boolean;
  }[];
  /** One sentence: what happened. */
  readonly finding: string;
  /** One sentence: what to do about it. */
  readonly remedy: string;
  /** What to change, a variable or a field of the Twilio console, and the value it should have, where one would do. */
  readonly setting?: {readonly name: string; readonly value?: string};
}

// --- Sessions (scope `sessions:read`, H4) ---------------------------------------------------------------------------

/** `GET /api/sessions?q=&phase=&sort=&limit=&cursor=`. */
export interface SessionPage {
  readonly sessions: readonly SessionInfo[];
  readonly nextCursor?: string;
  /** Of those that `q` and `phase` ask for. */
  readonly total: number;
  readonly counts: SessionCounts;
  /** Where several nodes share a journal: those alive, whose sessions these are. */
  readonly nodes?: readonly NodeInfo[];
  /** The database is away, and these are the sessions of the node that was asked. */
  readonly onlyThisNode?: true;
}

/** A node of several. */
export interface NodeInfo {
  readonly nodeId: string;
  /** The one that answers. */
  readonly isSelf: boolean;
  readonly version: string;
  /** By the database's clock, as the heartbeat. */
  readonly startedAt: string;
  readonly heartbeatAt: string;
  /** Milliseconds since then. */
  readonly heartbeatAgeMs: number;
  /** Where it is in the journal. */
  readonly offset: number;
  /** Entries behind the node that is furthest. */
  readonly lag: number;
  readonly sessions: number;
  /** How far its clock is ahead of the database's, milliseconds. */
  readonly clockAheadMs: number;
}

export interface SessionCounts {
  readonly open: number;
  readonly lagging: number;
  readonly byPhase: Readonly<Record<string, number>>;
  /** Since the process started, by close code; the most frequent first. */
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
  /** Entries behind the head of the journal. */
  readonly lag: number;
  readonly unsentBytes: number;
  readonly connectedAt: string;
  readonly lastActivityAt: string;
  readonly address: string;
  readonly origin?: string;
  readonly protocol: string;
  /** Where several nodes share a journal: whose it is. */
  readonly nodeId?: string;
}

/** `GET /api/sessions/:sessionId/sent?before=&limit=` (also needs `calls:read:all`), newest first. */
export interface SentPage {
  readonly session: SessionInfo;
  /** The `call.status` messages it was sent, read from the journal as the session itself is. */
  readonly messages: readonly {readonly offset: number; readonly message: unknown}[];
  /** Ask with `before=` this for older ones. */
  readonly nextCursor?: string;
  /** Offset at which the session began; it has seen nothing of before but a snapshot. */
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

/** `GET /api/health` (the last results), `POST /api/health/checks` (all, now), `POST /api/health/checks/:id` (one, now). */
export interface HealthReport {
  readonly checks: readonly HealthCheck[];
}

export interface HealthCheck {
  readonly id: HealthCheckId;
  readonly title: string;
  readonly status: 'not-run' | 'ok' | 'warning' | 'failed';
  /** One sentence: what was found. */
  readonly summary: string;
  /** What that is based on. */
  readonly evidence: readonly {readonly label: string; readonly value: string}[];
  /** What to do about it. */
  readonly remedy?: string;
  /** What the gateway can do about it by itself, with `POST /api/health/actions/:id`; else the button checks again. */
  readonly action?: {readonly id: HealthActionId; readonly label: string; readonly consequence: string};
  readonly checkedAt?: string;
  readonly tookMs?: number;
}

/** Needs `calls:control:all`. */
export type HealthActionId = 'point-number-here';

/** `GET /api/health/series`: the last quarter of an hour, oldest first. */
export interface HealthSeries {
  readonly intervalMs: number;
  readonly samples: readonly HealthSample[];
}

/** Counts are of the interval that ends at `time`; gauges as of `time`. */
export interface HealthSample {
  readonly time: string;
  readonly webhooks: number;
  readonly refused: number;
  readonly messagesSent: number;
  readonly sessions: number;
  readonly activeCalls: number;
  /** Until an entry was durable; absent when nothing was written. */
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
    /** What the button says. */
    readonly label: string;
    /** One sentence. */
    readonly description: string;
    readonly direction: 'inbound' | 'outbound';
    /** The simulated other end. */
    readonly number: string;
  }[];
  readonly faults: readonly {
    readonly id: string;
    readonly label: string;
    readonly description: string;
    readonly active: boolean;
  }[];
}

/** `POST /api/simulator/scenarios/:id` answers 201 with this. `PUT /api/simulator/faults` `{active: [id…]}` answers `SimulatorInfo`. */
export interface SimulatedCall {
  readonly callSid: string;
}
