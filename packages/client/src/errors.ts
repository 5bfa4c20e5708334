/** The SDK's error class: a code for programs, a message for people, and the next step. */
import type {Retry} from '@hookswitch/protocol';

export interface HookswitchErrorOptions extends ErrorOptions {
  readonly status?: number | undefined;
  readonly context?: Readonly<Record<string, unknown>> | undefined;
  readonly retry?: Retry | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly whatToDo?: string | undefined;
}

/** An error of the client or the gateway. */
export class HookswitchError extends Error {
  override readonly name = 'HookswitchError';
  /**
   * The gateway's code (docs/PROTOCOL.md, H6) or one of the SDK's own codes: `network`, `timeout`, `aborted`,
   * `invalid_response`, `token_failed`, `unsupported`, `stopped`, `disposed`, `events_overflow`, `events_reset`.
   */
  readonly code: string;
  /** The HTTP status, if the gateway responded. */
  readonly status: number | undefined;
  /** Details for programs: the invalid field, the call, Twilio's code, or the `idempotencyKey` of `place`. */
  readonly context: Readonly<Record<string, unknown>>;
  /** Whether and how the same request may be retried. */
  readonly retry: Retry;
  /** How long to wait before a retry, in milliseconds, if the gateway specified it. */
  readonly retryAfterMs: number | undefined;
  /** The next step for a person, in one sentence. */
  readonly whatToDo: string;

  constructor(code: string, message: string, options: HookswitchErrorOptions = {}) {
    super(message, options);
    this.code = code;
    this.status = options.status;
    this.context = options.context ?? {};
    this.retry = options.retry ?? 'never';
    this.retryAfterMs = options.retryAfterMs;
    this.whatToDo = options.whatToDo ?? '';
  }
}
