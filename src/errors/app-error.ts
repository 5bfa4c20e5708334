/**
 * Errors that are part of the conversation: each carries a code for programs, a status for HTTP, a sentence for
 * people and the field, call or limit at fault. Whatever else is thrown becomes one at the edge (`toAppError`).
 */

/** The code, the HTTP status and the title of every operational error; docs/PROTOCOL.md lists the same. */
export const errorTypes = {
  invalid_message: {status: 400, title: 'The message is not valid'},
  invalid_request: {status: 400, title: 'The request is not valid'},
  unauthorized: {status: 401, title: 'A valid token is needed'},
  forbidden: {status: 403, title: 'Not allowed'},
  invalid_signature: {status: 403, title: 'Not signed by Twilio for this URL'},
  not_found: {status: 404, title: 'No such resource'},
  call_not_found: {status: 404, title: 'No such call'},
  method_not_allowed: {status: 405, title: 'The path does not take this method'},
  call_ended: {status: 409, title: 'The call has ended'},
  idempotency_conflict: {status: 409, title: 'The idempotency key was used for another request'},
  payload_too_large: {status: 413, title: 'The body is too large'},
  unsupported_media_type: {status: 415, title: 'The body has the wrong type'},
  upgrade_required: {status: 426, title: 'This is a WebSocket endpoint'},
  rate_limited: {status: 429, title: 'Too many requests'},
  internal: {status: 500, title: 'Something went wrong'},
  provider_error: {status: 502, title: 'Twilio refused or could not be reached'},
  journal_unavailable: {status: 503, title: 'The journal cannot be written'},
  no_room: {status: 503, title: 'No more sessions are taken in'},
  submission_unknown: {status: 504, title: 'It is not known whether the call was placed'},
} as const satisfies Record<string, {status: number; title: string}>;

export type AppErrorCode = keyof typeof errorTypes;

export interface AppErrorOptions extends ErrorOptions {
  /** What a program needs to know: the field or call at fault, Twilio's code. Never secrets, never a stack. */
  readonly context?: Readonly<Record<string, unknown>>;
  /** HTTP status, where it is not the code's usual one. */
  readonly status?: number;
  /** Seconds after which trying again makes sense; becomes `Retry-After`. */
  readonly retryAfterS?: number;
}

/** An operational error: expected, explained, safe to show. */
export class AppError extends Error {
  override readonly name: string = 'AppError';
  readonly code: AppErrorCode;
  readonly context: Readonly<Record<string, unknown>>;
  /** ISO 8601. */
  readonly timestamp: string;
  readonly retryAfterS: number | undefined;
  /** HTTP status. */
  readonly status: number;

  constructor(code: AppErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, options);
    this.code = code;
    this.context = options.context ?? {};
    this.timestamp = new Date().toISOString();
    this.retryAfterS = options.retryAfterS;
    this.status = options.status ?? errorTypes[code].status;
  }
}

/** The journal could not make something durable; the same request may be made again at any time. */
export class JournalUnavailableError extends AppError {
  override readonly name = 'JournalUnavailableError';

  constructor(message: string, options: ErrorOptions = {}) {
    super('journal_unavailable', message, {...options, retryAfterS: 1});
  }
}

/** An error as an AppError: itself, or `internal` with the original as `cause` and nothing of it shown. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  return new AppError('internal', 'Something went wrong. The request id finds it in the log.', {
    cause: error,
  });
}
