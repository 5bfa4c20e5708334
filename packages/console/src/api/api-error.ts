/** What an operator's request can come to, other than its answer. */

export interface ApiErrorDetails {
  /** Of the answer; 0 when there was none. */
  readonly status: number;
  /** The gateway's code, or one of our own: `unreachable`, `bad_answer`. */
  readonly code: string;
  readonly context?: Readonly<Record<string, unknown>>;
  /** By which the log has the whole story. */
  readonly requestId?: string;
  /** Seconds the gateway asks us to wait. */
  readonly retryAfterS?: number;
  readonly cause?: unknown;
}

/** An answer that is a problem (RFC 9457), or no answer at all. `message` is a sentence to show. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly code: string;
  readonly context: Readonly<Record<string, unknown>>;
  readonly requestId: string | undefined;
  readonly retryAfterS: number | undefined;

  constructor(message: string, {status, code, context = {}, requestId, retryAfterS, cause}: ApiErrorDetails) {
    super(message, {cause});
    this.status = status;
    this.code = code;
    this.context = context;
    this.requestId = requestId;
    this.retryAfterS = retryAfterS;
  }

  /** Whether asking again, unchanged, may end differently. */
  get mayPass(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** What went wrong, as an {@link ApiError} whatever it was. */
export function toApiError(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown;
  return new ApiError('The gateway could not be reached.', {status: 0, code: 'unreachable', cause: thrown});
}

/** Reads a problem from an answer's text; proxies in between answer with pages of their own. */
export function fromProblem(status: number, text: string, retryAfter: string | null): ApiError {
  const problem = parseObject(text);
  const {detail, title, code, context, requestId} = problem;
  const message = [detail, title].find((part) => typeof part === 'string' && part !== '');
  const retryAfterS = retryAfter === null ? Number.NaN : Number(retryAfter);
  return new ApiError(typeof message === 'string' ? message : `The gateway answered ${status}.`, {
    status,
    code: typeof code === 'string' ? code : 'bad_answer',
    context: isObject(context) ? context : {},
    ...(typeof requestId === 'string' ? {requestId} : {}),
    ...(Number.isFinite(retryAfterS) ? {retryAfterS} : {}),
  });
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
