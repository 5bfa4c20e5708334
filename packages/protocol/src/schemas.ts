/**
 * The wire as zod schemas: one a message, one union a direction. Types in `messages.ts` are inferred from here, so
 * that a program which needs only the types does not carry zod.
 *
 * Client messages are strict (the server refuses what it does not know); server messages are not (clients ignore
 * fields they do not know).
 */
import {z} from 'zod';
import {callStatuses, failureReasons, providerStatuses} from './call-status.ts';
import {errorCodes} from './error-codes.ts';
import {MAX_CALL_SID_LENGTH, MAX_REQUEST_ID_LENGTH, MAX_SUBSCRIBED_CALLS} from './limits.ts';
import {scopes} from './scopes.ts';

/** Twilio call sid. */
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

/** W7: ends a call, whatever state it is in. */
export const callAction = z.strictObject({
  type: z.literal('call.action'),
  action: z.literal('disconnect'),
  // Whatever names no call is `call_not_found`, as over HTTP: one answer for a call that is not there.
  callSid: z.string().min(1).max(MAX_CALL_SID_LENGTH),
  requestId,
});

/** W8: replaces what the session is told about. */
export const callSubscribe = z.strictObject({
  type: z.literal('call.subscribe'),
  calls: z.union([z.literal('all'), z.array(callSid).max(MAX_SUBSCRIBED_CALLS)], {
    error: `must be "all" or a list of at most ${MAX_SUBSCRIBED_CALLS} call sids`,
  }),
  requestId,
});

/** W9: a sign of life. */
export const clientHeartbeat = z.strictObject({type: z.literal('session.heartbeat'), requestId});

/** W10: extends the session with a fresh token. */
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
  /** Seconds; on the last status of an answered call. */
  duration: z.int().nonnegative().optional(),
  offset,
  providerStatus: z.enum(providerStatuses),
  reason: z.enum(failureReasons).optional(),
  direction: callDirection,
  from: z.string(),
  to: z.string(),
  parentCallSid: z.string().optional(),
  answeredBy: z.string().optional(),
  /** When it happened, ISO 8601. */
  timestamp,
  source: callSource,
});

/** What whoever placed the call wants to find again with it; given back as it came. */
export const callMetadata = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));

/** A call as `call.snapshot` and the HTTP API show it. */
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
  /** The user who started it; absent for inbound calls. */
  user: z.string().optional(),
  metadata: callMetadata.optional(),
  /** When Hookswitch first knew of it. */
  createdAt: timestamp,
  answeredAt: timestamp.optional(),
  endedAt: timestamp.optional(),
  /** When the last evidence of its state arrived. */
  updatedAt: timestamp,
  /** Offset of the entry that brought it to this state. */
  offset,
});

/** W2: always first. */
export const sessionReady = z.object({
  type: z.literal('session.ready'),
  sessionId: z.string(),
  epoch: z.string(),
  /** Where this session stands in the journal: what follows is after it. */
  offset,
  recovered: z.boolean(),
  heartbeatMs: z.int().positive(),
  user: z.string(),
  scopes: z.array(z.enum(scopes)),
  timestamp,
});

/** W3: every call in progress that the session may see, as of `offset`. */
export const callSnapshot = z.object({
  type: z.literal('call.snapshot'),
  offset,
  calls: z.array(call),
  requestId,
});

/** W4: Twilio took the command. */
export const callActionAccepted = z.object({
  type: z.literal('call.action.accepted'),
  requestId,
  action: z.literal('disconnect'),
  callSid: z.string(),
  timestamp,
});

/** W5: something was refused or went wrong. */
export const errorMessage = z.object({
  type: z.literal('error'),
  code: z.enum(errorCodes),
  message: z.string(),
  timestamp,
  context: z.record(z.string(), z.unknown()),
  requestId,
});

/** W6: the server is there, and the session has been told everything up to `offset`. */
export const serverHeartbeat = z.object({type: z.literal('session.heartbeat'), offset, timestamp});

/** A4: the token runs out. */
export const sessionExpiring = z.object({
  type: z.literal('session.expiring'),
  expiresAt: timestamp,
  timestamp,
});

/** W15: the server goes away, and closes this session with 1001 in `afterMs` from now. */
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
