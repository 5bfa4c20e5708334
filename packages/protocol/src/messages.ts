/**
 * The message types, written out so that editors and the packed package show them readably. They cost nothing at run
 * time. `schemas.ts` is authoritative: a test compares each type with its schema.
 */
import type {CallStatus, FailureReason, ProviderStatus} from './call-status.ts';
import type {ErrorCode} from './error-codes.ts';
import type {Scope} from './scopes.ts';

/** The source of a status: a signed callback, Twilio's response to a command, or a lookup. */
export type CallSource = 'callback' | 'api' | 'reconcile';

/** Twilio's value for the direction of a call. */
export type CallDirection =
  | 'inbound'
  | 'outbound-api'
  | 'outbound-dial'
  | 'trunking-terminating'
  | 'trunking-originating';

/** Data that the application attaches when it places the call. It is returned unchanged. */
export type CallMetadata = Readonly<Record<string, string | number | boolean>>;

/** A call in `call.snapshot` and the HTTP API. Times are ISO 8601. */
export interface Call {
  callSid: string;
  status: CallStatus;
  /** Twilio's status. */
  providerStatus: ProviderStatus;
  /** The reason of the status `failed`. */
  reason?: FailureReason;
  direction: CallDirection;
  from: string;
  to: string;
  /** The sid of the parent call, if this call is a leg. */
  parentCallSid?: string;
  /** The result of answering machine detection. */
  answeredBy?: string;
  /** Seconds. */
  duration?: number;
  /** The user who placed the call. Absent for inbound calls. */
  user?: string;
  metadata?: Record<string, string | number | boolean>;
  /** When Hookswitch first saw the call. */
  createdAt: string;
  answeredAt?: string;
  endedAt?: string;
  /** When the last information about the call's state arrived. */
  updatedAt: string;
  /** The offset of the journal entry that caused the current state. */
  offset: number;
}

// --- Client → server ---------------------------------------------------------------------------------------------

/** W7: ends a call in any state. */
export interface CallActionMessage {
  type: 'call.action';
  action: 'disconnect';
  callSid: string;
  /** At most 64 characters. The response contains it. */
  requestId?: string;
}

/** W8: replaces the session's subscription. */
export interface CallSubscribeMessage {
  type: 'call.subscribe';
  /** At most 100 sids. */
  calls: 'all' | string[];
  /** At most 64 characters. The response contains it. */
  requestId?: string;
}

/** W9: a heartbeat, so that the server knows that the client is alive. */
export interface ClientHeartbeatMessage {
  type: 'session.heartbeat';
  requestId?: string;
}

/** W10: extends the session with a new token. */
export interface SessionRefreshMessage {
  type: 'session.refresh';
  token: string;
  requestId?: string;
}

export type ClientMessage =
  | CallActionMessage
  | CallSubscribeMessage
  | ClientHeartbeatMessage
  | SessionRefreshMessage;

// --- Server → client ---------------------------------------------------------------------------------------------

/** W1: a call changed. */
export interface CallStatusMessage {
  type: 'call.status';
  callSid: string;
  status: CallStatus;
  /** Seconds. Present in the last status of an answered call. */
  duration?: number;
  /** The offset of the journal entry. */
  offset: number;
  /** Twilio's status. */
  providerStatus: ProviderStatus;
  /** The reason of the status `failed`. */
  reason?: FailureReason;
  direction: CallDirection;
  from: string;
  to: string;
  /** The sid of the parent call, if this call is a leg. */
  parentCallSid?: string;
  /** The result of answering machine detection. */
  answeredBy?: string;
  /** When the change happened, ISO 8601. */
  timestamp: string;
  source: CallSource;
}

/** W2: always the first message. */
export interface SessionReadyMessage {
  type: 'session.ready';
  sessionId: string;
  /** Identifies the journal's history. Offsets of different epochs cannot be compared. */
  epoch: string;
  /** The start of this session in the journal. Later messages have higher offsets. */
  offset: number;
  /** Whether nothing was missed since the requested offset. */
  recovered: boolean;
  heartbeatMs: number;
  user: string;
  scopes: Scope[];
  timestamp: string;
}

/** W3: every call in progress that is visible to the session, as of `offset`. */
export interface CallSnapshotMessage {
  type: 'call.snapshot';
  offset: number;
  calls: Call[];
  /** The `requestId` of the `call.subscribe` that requested the snapshot. */
  requestId?: string;
}

/** W4: Twilio accepted the command. */
export interface CallActionAcceptedMessage {
  type: 'call.action.accepted';
  requestId?: string;
  action: 'disconnect';
  callSid: string;
  timestamp: string;
}

/** W5: a message was refused, or an error occurred. */
export interface ErrorMessage {
  type: 'error';
  code: ErrorCode;
  message: string;
  timestamp: string;
  /** Details, such as the invalid field, the call or Twilio's code. */
  context: Record<string, unknown>;
  requestId?: string;
}

/** W6: the server is alive, and the session has received everything up to `offset`. */
export interface ServerHeartbeatMessage {
  type: 'session.heartbeat';
  offset: number;
  timestamp: string;
}

/** A4: the token expires soon. */
export interface SessionExpiringMessage {
  type: 'session.expiring';
  expiresAt: string;
  timestamp: string;
}

/** W15: the server shuts down. The session continues, and the client should reconnect in `afterMs`. */
export interface SessionDrainingMessage {
  type: 'session.draining';
  afterMs: number;
  timestamp: string;
}

export type ServerMessage =
  | CallStatusMessage
  | SessionReadyMessage
  | CallSnapshotMessage
  | CallActionAcceptedMessage
  | ErrorMessage
  | ServerHeartbeatMessage
  | SessionExpiringMessage
  | SessionDrainingMessage;
