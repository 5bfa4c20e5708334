/**
 * Operational errors. Each has a code for programs, an HTTP status, a message for people, and the field, call
 * or limit at fault. Any other thrown value is converted at the edge (`toAppError`).
 */

/**
 * The code, HTTP status and title of every operational error. The reference of errors documents the same
 * list.
 */
export const errorTypes = {
  invalid_message: {status: 400, title: 'The message is not valid'},
  invalid_request: {status: 400, title: 'The request is not valid'},
  unauthorized: {status: 401, title: 'A valid token is required'},
  forbidden: {status: 403, title: 'Not allowed'},
  invalid_signature: {status: 403, title: 'Not signed by Twilio for this URL'},
  not_found: {status: 404, title: 'No such resource'},
  call_not_found: {status: 404, title: 'No such call'},
  method_not_allowed: {status: 405, title: 'The path does not support this method'},
  call_ended: {status: 409, title: 'The call has ended'},
  idempotency_conflict: {status: 409, title: 'The idempotency key was used for another request'},
  payload_too_large: {status: 413, title: 'The body is too large'},
  unsupported_media_type: {status: 415, title: 'The body has the wrong type'},
  upgrade_required: {status: 426, title: 'This is a WebSocket endpoint'},
  rate_limited: {status: 429, title: 'Too many requests'},
  internal: {status: 500, title: 'Something went wrong'},
  provider_error: {status: 502, title: 'Twilio refused or could not be reached'},
  journal_unavailable: {status: 503, title: 'The journal is not writable'},
  no_room: {status: 503, title: 'No more sessions are accepted'},
  submission_unknown: {status: 504, title: 'It is unknown whether the call was placed'},
} as const satisfies Record<string, {status: number; title: string}>;

export type AppErrorCode = keyof typeof errorTypes;

export interface AppErrorOptions extends ErrorOptions {
  /**
   * Details for programs: the field or call at fault, Twilio's code. Never contains secrets or a stack trace.
   */
  readonly context?: Readonly<Record<string, unknown>>;
  /** HTTP status, if it differs from the code's default. */
  readonly status?: number;
  /** Seconds after which a retry makes sense. Sent as `Retry-After`. */
  readonly retryAfterS?: number;
}

/** An operational error: expected, explained, safe to send to a client. */
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

/** The journal could not make an entry durable. The request may be retried at any time. */
export class JournalUnavailableError extends AppError {
  override readonly name = 'JournalUnavailableError';

  constructor(message: string, options: ErrorOptions = {}) {
    super('journal_unavailable', message, {...options, retryAfterS: 1});
  }
}

/**
 * Converts any error: an AppError stays as it is, everything else becomes `internal` with the original as
 * `cause`.
 */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  return new AppError('internal', 'Something went wrong. The request id identifies the log entry.', {
    cause: error,
  });
}
