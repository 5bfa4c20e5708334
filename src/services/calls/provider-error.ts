/** Converts Twilio's refusals and failures into errors that a client can act on. */
import {AppError} from '../../errors/app-error.ts';
import {maskText} from '../../mask.ts';
import type {ProviderFault} from '../../twilio/twilio-client.ts';

/**
 * Contains Twilio's message with masked numbers, and its code and status in the context. A request that
 * Twilio considers invalid, such as a wrong number, becomes 422, so that no client retries it unchanged. 429
 * stays 429 with a `Retry-After`. Everything else becomes 502.
 */
export function providerError(
  fault: ProviderFault,
  context: Readonly<Record<string, unknown>> = {},
): AppError {
  const more = fault.code === undefined ? undefined : `https://www.twilio.com/docs/errors/${fault.code}`;
  return new AppError('provider_error', `Twilio: ${maskText(fault.message)}`, {
    context: {...context, providerCode: fault.code, providerStatus: fault.status, moreInfo: more},
    status: httpStatus(fault.status),
    retryAfterS: fault.status === 429 ? Math.max(1, Math.ceil((fault.retryAfterMs ?? 0) / 1000)) : undefined,
  });
}

function httpStatus(providerStatus: number | undefined): number {
  if (providerStatus === 429) return 429;
  return providerStatus === 400 || providerStatus === 404 ? 422 : 502;
}
