/** Twilio's refusals and failures, as errors that a client can act on. */
import {AppError} from '../../errors/app-error.ts';
import {maskText} from '../../mask.ts';
import type {ProviderFault} from '../../twilio/twilio-client.ts';

/**
 * What Twilio said, numbers masked as everywhere outside of the call itself, with its own code and status in the context. A request that Twilio finds wrong (a number that is
 * none) is answered 422, so that nobody tries it again as it is; 429 says when to; everything else is 502.
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
