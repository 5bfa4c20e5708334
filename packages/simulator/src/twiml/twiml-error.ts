/** Why a document cannot be fetched or run: the fatal errors after which Twilio turns to the FallbackUrl. */
export class TwimlError extends Error {
  override readonly name = 'TwimlError';
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}
