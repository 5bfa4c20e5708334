/** A fatal error: the document cannot be fetched or run, and Twilio requests the FallbackUrl. */
export class TwimlError extends Error {
  override readonly name = 'TwimlError';
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}
