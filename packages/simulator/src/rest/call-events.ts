import {rfc2822} from '../dates.ts';
import type {Delivery} from '../webhooks/delivery-log.ts';

/** What Twilio requested about a call and how it was answered (Twilio docs: "Events subresource"). */
export function callEventResource({method, params, attempts}: Delivery): Record<string, unknown>[] {
  return attempts.map(({url, status, startedAt, endedAt, responseBody}) => ({
    request: {method, url, parameters: params},
    response: {
      response_code: status,
      request_duration: endedAt.getTime() - startedAt.getTime(),
      response_body: responseBody,
      date_created: rfc2822(endedAt),
    },
  }));
}
