/** An error response of the API (Twilio docs: "Error and Warning Dictionary"). */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly code: number;
  /** Sent as `detail` where Twilio sends it. */
  readonly detail: string | null;

  constructor(status: number, code: number, message: string, detail: string | null = null) {
    super(message);
    this.status = status;
    this.code = code;
    this.detail = detail;
  }

  toBody(): Record<string, unknown> {
    return {
      code: this.code,
      ...(this.detail === null ? {} : {detail: this.detail}),
      message: this.message,
      more_info: `https://www.twilio.com/docs/errors/${this.code}`,
      status: this.status,
    };
  }
}

/** Creates a 400 response with a code. */
export function badRequest(code: number, message: string): ApiError {
  return new ApiError(400, code, message);
}

/** Creates a 404/20404 response for a path. */
export function notFound(path: string): ApiError {
  return new ApiError(404, 20404, `The requested resource ${path} was not found`);
}
