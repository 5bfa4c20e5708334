/**
 * WebSocket messages: count, parse, validate and dispatch to a service. Errors become `error` messages
 * (W5–W10).
 */
import {randomUUID} from 'node:crypto';
import {type ClientMessage, type ErrorCode, errorCodes} from '@hookswitch/protocol';
import {clientMessage} from '@hookswitch/protocol/schemas';
import type {Logger} from 'pino';
import type {Authenticator} from '../auth/authenticator.ts';
import type {Clock} from '../clock.ts';
import {AppError, toAppError} from '../errors/app-error.ts';
import type {CallService} from '../services/calls/call-service.ts';
import {toIso} from '../services/feed/call-messages.ts';
import type {SessionService} from '../services/session-service.ts';
import type {Session} from '../services/sessions/session.ts';
import {describeIssue, fieldOf} from './http/validation-messages.ts';

export interface EventHandlerOptions {
  readonly sessions: SessionService;
  readonly calls: CallService;
  readonly authenticator: Authenticator;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Characters of a client's own text that an error repeats. */
const MAX_ECHO_LENGTH = 200;

export type EventHandler = (session: Session, data: Buffer, isBinary: boolean) => Promise<void>;

/** Handles one message of one session. Never rejects. */
export function createEventHandler(options: EventHandlerOptions): EventHandler {
  const {sessions, clock} = options;
  return async (session, data, isBinary) => {
    if (session.state.phase === 'closing') return;
    const admission = session.admitMessage(clock.monotonic());
    if (admission === 'closed') {
      sessions.close(session, 'too-many');
      return;
    }
    const json = isBinary ? undefined : parseObject(data);
    if (json === undefined) {
      sessions.close(session, 'not-a-message');
      return;
    }
    const requestId = requestIdOf(json);
    try {
      if (admission === 'refused') {
        throw new AppError('rate_limited', 'Too many messages; slow down, or the session is closed.');
      }
      await dispatch(options, session, parseMessage(json));
    } catch (error) {
      report(options, session, error, requestId);
    }
  };
}

async function dispatch(
  options: EventHandlerOptions,
  session: Session,
  message: ClientMessage,
): Promise<void> {
  const {sessions, calls, clock} = options;
  sessions.handleActivity(session, message.type === 'session.heartbeat' ? 'heartbeat' : 'message');
  switch (message.type) {
    case 'session.heartbeat':
      return;
    case 'call.subscribe':
      sessions.subscribe(session, message.calls, message.requestId);
      return;
    case 'session.refresh':
      await refresh(options, session, message.token);
      return;
    case 'call.action': {
      const {requestId, action, callSid} = message;
      await calls.disconnect(session.principal, callSid);
      const timestamp = toIso(clock.now());
      sessions.send(session, {type: 'call.action.accepted', requestId, action, callSid, timestamp});
      return;
    }
  }
}

async function refresh(
  {sessions, authenticator}: EventHandlerOptions,
  session: Session,
  token: string,
): Promise<void> {
  session.refreshes += 1;
  const turn = session.refreshes;
  const principal = await authenticator.verify(token);
  if (principal === undefined) sessions.close(session, 'unauthorized');
  // A session belongs to one user, because its cursor and the calls it has seen are theirs.
  else if (principal.user !== session.principal.user) sessions.close(session, 'forbidden');
  // Verification takes time, so only the latest token that the client sent takes effect.
  else if (turn === session.refreshes) sessions.refresh(session, principal);
}

function report(
  {sessions, clock, logger}: EventHandlerOptions,
  session: Session,
  thrown: unknown,
  requestId?: string,
) {
  const error = toAppError(thrown);
  const {code, message} = error;
  // This id finds the log line of the error. The client's own request id may not be unique.
  const context = code === 'internal' ? {...error.context, requestId: randomUUID()} : error.context;
  const details = {sessionId: session.id, code, context};
  if (code === 'internal')
    logger.error({...details, requestId: context['requestId'], err: error.cause}, 'unexpected error');
  else logger.debug(details, message);
  sessions.send(session, {
    type: 'error',
    code: toErrorCode(code),
    message,
    timestamp: toIso(clock.now()),
    context,
    requestId,
  });
}

/** Codes that exist only in HTTP become `internal`. The client causes none of them. */
function toErrorCode(code: string): ErrorCode {
  return errorCodes.find((known) => known === code) ?? 'internal';
}

/** The message as a JSON object; `undefined` for anything else. */
function parseObject(data: Buffer): object | undefined {
  try {
    const value: unknown = JSON.parse(data.toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** @throws AppError `invalid_message` naming the field at fault */
function parseMessage(json: object): ClientMessage {
  const parsed = clientMessage.safeParse(json, {error: describeIssue});
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = shorten(fieldOf(issue));
  const fault = shorten(issue?.message ?? 'is not valid');
  throw new AppError('invalid_message', `${field === '' ? 'The message' : field}: ${fault}.`, {
    context: {field},
  });
}

/** The names of unknown fields are the client's own text and can be as long as a message. */
function shorten(text: string): string {
  return text.length <= MAX_ECHO_LENGTH ? text : `${text.slice(0, MAX_ECHO_LENGTH)}…`;
}

/** Read separately, so that an error about an invalid message carries its id as well. */
function requestIdOf(json: object): string | undefined {
  const id = 'requestId' in json ? json.requestId : undefined;
  return typeof id === 'string' && id.length <= 64 ? id : undefined;
}
