/** The errors of the operator's HTTP API. */

export interface ApiErrorDetails {
  /** HTTP status of the response; 0 if there was no response. */
  readonly status: number;
  /** The gateway's code, or one of the console's own: `unreachable`, `bad_answer`. */
  readonly code: string;
  readonly context?: Readonly<Record<string, unknown>>;
  /** Identifies the request in the gateway's log. */
  readonly requestId?: string;
  /** Seconds to wait before a retry, as the gateway asks. */
  readonly retryAfterS?: number;
  readonly cause?: unknown;
}

/** A problem response (RFC 9457), or no response at all. `message` is a sentence to show. */
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

  /** Whether the same request may succeed later. */
  get mayPass(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** Converts anything thrown into an {@link ApiError}. */
export function toApiError(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown;
  return new ApiError('The gateway could not be reached.', {status: 0, code: 'unreachable', cause: thrown});
}

/** Reads a problem from a response body. Proxies on the way may respond with pages of their own. */
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
