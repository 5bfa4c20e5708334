/** The one error class of the SDK: a code for programs, a sentence for people, and what to do next. */
import type {Retry} from '@hookswitch/protocol';

export interface HookswitchErrorOptions extends ErrorOptions {
  readonly status?: number | undefined;
  readonly context?: Readonly<Record<string, unknown>> | undefined;
  readonly retry?: Retry | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly whatToDo?: string | undefined;
}

/** What went wrong, and what to do about it. */
export class HookswitchError extends Error {
  override readonly name = 'HookswitchError';
  /**
   * The gateway's code (docs/PROTOCOL.md, H6), or one of the SDK's own: `network`, `timeout`, `aborted`, `invalid_response`,
   * `token_failed`, `unsupported`, `stopped`, `disposed`, `events_overflow`, `events_reset`.
   */
  readonly code: string;
  /** HTTP status, where there was an answer. */
  readonly status: number | undefined;
  /** What a program needs to know: the field or call at fault, Twilio's code; of `place`, the `idempotencyKey`. */
  readonly context: Readonly<Record<string, unknown>>;
  /** Whether the same may be tried again, and how. */
  readonly retry: Retry;
  /** Milliseconds the gateway asked to wait before that. */
  readonly retryAfterMs: number | undefined;
  /** One sentence. */
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
