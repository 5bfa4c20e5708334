/** The action `point-number-here`: sets the number's URLs at Twilio to this gateway. */
import type {Logger} from 'pino';
import {AppError} from '../../errors/app-error.ts';
import {numberUrls} from '../../twilio/callback-urls.ts';
import type {TwilioAccountClient} from '../../twilio/twilio-account.ts';
import {providerError} from '../calls/provider-error.ts';

export interface PointNumberOptions {
  readonly account: TwilioAccountClient;
  readonly phoneNumber: string;
  readonly publicUrl: string;
  readonly logger: Logger;
}

/**
 * Sets the Voice URL and the status callback. Leaves an application or a trunk of the number unchanged,
 * because others may depend on it. @throws AppError `not_found` if the account has no such number,
 * `provider_error`
 */
export async function pointNumberHere(
  {account, phoneNumber, publicUrl, logger}: PointNumberOptions,
  user: string,
): Promise<void> {
  const found = await account.findNumber(phoneNumber);
  if (found.kind === 'failed') throw providerError(found.fault);
  if (found.kind === 'missing') throw noNumber(phoneNumber);
  const {sid, voiceUrl, statusCallback} = found.number;
  const updated = await account.updateNumber(sid, {
    ...numberUrls(publicUrl),
    voiceMethod: 'POST',
    statusCallbackMethod: 'POST',
  });
  if (updated.kind === 'failed') throw providerError(updated.fault);
  if (updated.kind === 'missing') throw noNumber(phoneNumber);
  // Logs the previous URLs, so that the change can be reverted.
  logger.info({user, sid, before: {voiceUrl, statusCallback}}, 'the number now points here');
}

function noNumber(phoneNumber: string): AppError {
  return new AppError('not_found', 'The account has no such number.', {context: {phoneNumber}});
}
