/**
 * The zod schemas of the protocol: one per message and one union per direction. The types in `messages.ts` must match
 * them. They are separate, so that a program that needs only the types does not load zod.
 *
 * Client messages are strict: the server refuses unknown fields. Server messages are not: clients ignore unknown
 * fields.
 */
import {z} from 'zod';
import {callStatuses, failureReasons, providerStatuses} from './call-status.ts';
import {errorCodes} from './error-codes.ts';
import {MAX_CALL_SID_LENGTH, MAX_REQUEST_ID_LENGTH, MAX_SUBSCRIBED_CALLS} from './limits.ts';
import {scopes} from './scopes.ts';

/** A Twilio call sid. */
export const callSid = z
  .string()
  .regex(/^CA[0-9a-fA-F]{32}$/, 'must be a Twilio call sid: CA and 32 hex digits');

const requestId = z.string().max(MAX_REQUEST_ID_LENGTH).optional();
const timestamp = z.iso.datetime();
const offset = z.int().nonnegative();

export const callSource = z.enum(['callback', 'api', 'reconcile']);
export const callDirection = z.enum([
  'inbound',
  'outbound-api',
  'outbound-dial',
  'trunking-terminating',
  'trunking-originating',
]);

// --- Client → server ---------------------------------------------------------------------------------------------

/** W7: ends a call in any state. */
export const callAction = z.strictObject({
  type: z.literal('call.action'),
  action: z.literal('disconnect'),
  // A value that is not a sid gets `call_not_found`, as over HTTP, so that all unknown calls get the same response.
  callSid: z.string().min(1).max(MAX_CALL_SID_LENGTH),
  requestId,
});

/** W8: replaces the session's subscription. */
export const callSubscribe = z.strictObject({
  type: z.literal('call.subscribe'),
  calls: z.union([z.literal('all'), z.array(callSid).max(MAX_SUBSCRIBED_CALLS)], {
    error: `must be "all" or a list of at most ${MAX_SUBSCRIBED_CALLS} call sids`,
  }),
  requestId,
});

/** W9: a heartbeat, so that the server knows that the client is alive. */
export const clientHeartbeat = z.strictObject({type: z.literal('session.heartbeat'), requestId});

/** W10: extends the session with a new token. */
export const sessionRefresh = z.strictObject({
  type: z.literal('session.refresh'),
  token: z.string().min(1).max(4096),
  requestId,
});

export const clientMessage = z.discriminatedUnion('type', [
  callAction,
  callSubscribe,
  clientHeartbeat,
  sessionRefresh,
]);

// --- Server → client ---------------------------------------------------------------------------------------------

/** W1: a call changed. */
export const callStatusMessage = z.object({
  type: z.literal('call.status'),
  callSid: z.string(),
  status: z.enum(callStatuses),
  /** Seconds. Present in the last status of an answered call. */
  duration: z.int().nonnegative().optional(),
  offset,
  providerStatus: z.enum(providerStatuses),
  reason: z.enum(failureReasons).optional(),
  direction: callDirection,
  from: z.string(),
  to: z.string(),
  parentCallSid: z.string().optional(),
  answeredBy: z.string().optional(),
  /** When the change happened, ISO 8601. */
  timestamp,
  source: callSource,
});

/** Data that the application attaches when it places the call. It is returned unchanged. */
export const callMetadata = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));

/** A call in `call.snapshot` and the HTTP API. */
export const call = z.object({
  callSid: z.string(),
  status: z.enum(callStatuses),
  providerStatus: z.enum(providerStatuses),
  reason: z.enum(failureReasons).optional(),
  direction: callDirection,
  from: z.string(),
  to: z.string(),
  parentCallSid: z.string().optional(),
  answeredBy: z.string().optional(),
  /** Seconds. */
  duration: z.int().nonnegative().optional(),
  /** The user who placed the call. Absent for inbound calls. */
  user: z.string().optional(),
  metadata: callMetadata.optional(),
  /** When Hookswitch first saw the call. */
  createdAt: timestamp,
  answeredAt: timestamp.optional(),
  endedAt: timestamp.optional(),
  /** When the last information about the call's state arrived. */
  updatedAt: timestamp,
  /** The offset of the journal entry that caused the current state. */
  offset,
});

/** W2: always the first message. */
export const sessionReady = z.object({
  type: z.literal('session.ready'),
  sessionId: z.string(),
  epoch: z.string(),
  /** The start of this session in the journal. Later messages have higher offsets. */
  offset,
  recovered: z.boolean(),
  heartbeatMs: z.int().positive(),
  user: z.string(),
  scopes: z.array(z.enum(scopes)),
  timestamp,
});

/** W3: every call in progress that is visible to the session, as of `offset`. */
export const callSnapshot = z.object({
  type: z.literal('call.snapshot'),
  offset,
  calls: z.array(call),
  requestId,
});

/** W4: Twilio accepted the command. */
export const callActionAccepted = z.object({
  type: z.literal('call.action.accepted'),
  requestId,
  action: z.literal('disconnect'),
  callSid: z.string(),
  timestamp,
});

/** W5: a message was refused, or an error occurred. */
export const errorMessage = z.object({
  type: z.literal('error'),
  code: z.enum(errorCodes),
  message: z.string(),
  timestamp,
  context: z.record(z.string(), z.unknown()),
  requestId,
});

/** W6: the server is alive, and the session has received everything up to `offset`. */
export const serverHeartbeat = z.object({type: z.literal('session.heartbeat'), offset, timestamp});

/** A4: the token expires soon. */
export const sessionExpiring = z.object({
  type: z.literal('session.expiring'),
  expiresAt: timestamp,
  timestamp,
});

/** W15: the server shuts down, and closes this session with 1001 in `afterMs`. */
export const sessionDraining = z.object({
  type: z.literal('session.draining'),
  afterMs: z.int().nonnegative(),
  timestamp,
});

export const serverMessage = z.discriminatedUnion('type', [
  callStatusMessage,
  sessionReady,
  callSnapshot,
  callActionAccepted,
  errorMessage,
  serverHeartbeat,
  sessionExpiring,
  sessionDraining,
]);
