/**
 * The wire's types, written out so that an editor and a packed package show them as they are; importing them costs nothing
 * at run time. `schemas.ts` is the authority: a test holds each of these against the schema it stands for.
 */
import type {CallStatus, FailureReason, ProviderStatus} from './call-status.ts';
import type {ErrorCode} from './error-codes.ts';
import type {Scope} from './scopes.ts';

/** Who said so: a signed callback, Twilio's answer to a command, or a look-up. */
export type CallSource = 'callback' | 'api' | 'reconcile';

/** Twilio's word for who called whom. */
export type CallDirection =
  | 'inbound'
  | 'outbound-api'
  | 'outbound-dial'
  | 'trunking-terminating'
  | 'trunking-originating';

/** What whoever placed the call wants to find again with it; given back as it came. */
export type CallMetadata = Readonly<Record<string, string | number | boolean>>;

/** A call as `call.snapshot` and the HTTP API show it. Times are ISO 8601. */
export interface Call {
  callSid: string;
  status: CallStatus;
  /** Twilio's own word. */
  providerStatus: ProviderStatus;
  /** Why it `failed`. */
  reason?: FailureReason;
  direction: CallDirection;
  from: string;
  to: string;
  /** The call this one is a leg of. */
  parentCallSid?: string;
  /** What machine detection heard. */
  answeredBy?: string;
  /** Seconds. */
  duration?: number;
  /** The user who started it; absent for inbound calls. */
  user?: string;
  metadata?: Record<string, string | number | boolean>;
  /** When Hookswitch first knew of it. */
  createdAt: string;
  answeredAt?: string;
  endedAt?: string;
  /** When the last evidence of its state arrived. */
  updatedAt: string;
  /** Offset of the entry that brought it to this state. */
  offset: number;
}

// --- Client → server ---------------------------------------------------------------------------------------------

/** W7: ends a call, whatever state it is in. */
export interface CallActionMessage {
  type: 'call.action';
  action: 'disconnect';
  callSid: string;
  /** At most 64 characters; the answer repeats it. */
  requestId?: string;
}

/** W8: replaces what the session is told about. */
export interface CallSubscribeMessage {
  type: 'call.subscribe';
  /** At most 100 sids. */
  calls: 'all' | string[];
  /** At most 64 characters; the answer repeats it. */
  requestId?: string;
}

/** W9: a sign of life. */
export interface ClientHeartbeatMessage {
  type: 'session.heartbeat';
  requestId?: string;
}

/** W10: extends the session with a fresh token. */
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
  /** Seconds; on the last status of an answered call. */
  duration?: number;
  /** Where in the journal it stands. */
  offset: number;
  /** Twilio's own word. */
  providerStatus: ProviderStatus;
  /** Why it `failed`. */
  reason?: FailureReason;
  direction: CallDirection;
  from: string;
  to: string;
  /** The call this one is a leg of. */
  parentCallSid?: string;
  /** What machine detection heard. */
  answeredBy?: string;
  /** When it happened, ISO 8601. */
  timestamp: string;
  source: CallSource;
}

/** W2: always first. */
export interface SessionReadyMessage {
  type: 'session.ready';
  sessionId: string;
  /** Names the journal's history; an offset of another epoch says nothing. */
  epoch: string;
  /** Where this session stands in the journal: what follows is after it. */
  offset: number;
  /** Nothing is missing since the offset that was asked for. */
  recovered: boolean;
  heartbeatMs: number;
  user: string;
  scopes: Scope[];
  timestamp: string;
}

/** W3: every call in progress that the session may see, as of `offset`. */
export interface CallSnapshotMessage {
  type: 'call.snapshot';
  offset: number;
  calls: Call[];
  /** That of the subscription it answers. */
  requestId?: string;
}

/** W4: Twilio took the command. */
export interface CallActionAcceptedMessage {
  type: 'call.action.accepted';
  requestId?: string;
  action: 'disconnect';
  callSid: string;
  timestamp: string;
}

/** W5: something was refused or went wrong. */
export interface ErrorMessage {
  type: 'error';
  code: ErrorCode;
  message: string;
  timestamp: string;
  /** The field or call at fault, Twilio's code. */
  context: Record<string, unknown>;
  requestId?: string;
}

/** W6: the server is there, and the session has been told everything up to `offset`. */
export interface ServerHeartbeatMessage {
  type: 'session.heartbeat';
  offset: number;
  timestamp: string;
}

/** A4: the token runs out. */
export interface SessionExpiringMessage {
  type: 'session.expiring';
  expiresAt: string;
  timestamp: string;
}

/** W15: the server goes away; the session goes on, and is to be opened again in `afterMs` from now. */
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
