import {rfc2822} from '../dates.ts';
import type {Delivery, DeliveryLog} from '../webhooks/delivery-log.ts';
import type {CallsApi} from './calls-api.ts';
import {page} from './paging.ts';
import type {Route} from './routes.ts';

export interface CallEventRoutesOptions {
  readonly accountPath: string;
  readonly calls: CallsApi;
  readonly deliveries: DeliveryLog;
}

/**
 * `/Calls/{sid}/Events.json`: Twilio's requests about a call and the responses (Twilio docs: "Events
 * subresource").
 */
export function callEventRoutes({accountPath, calls, deliveries}: CallEventRoutesOptions): Route[] {
  return [
    {
      path: `${accountPath}/Calls/:call/Events.json`,
      GET: ({params: {call = ''}, path, query}) => {
        const {sid, isOver} = calls.find(call, path);
        // Events become readable only after the call.
        const sent = isOver ? deliveries.list().filter(({callSid}) => callSid === sid) : [];
        const items = sent.flatMap(eventsOf);
        return {status: 200, body: page({key: 'events', items, render: ({event}) => event, path, query})};
      },
    },
  ];
}

/** Twilio's events have no sid. Here it identifies them in page tokens. */
function eventsOf({id, method, params, attempts}: Delivery) {
  return attempts.map(({url, status, startedAt, endedAt, responseBody}, index) => ({
    sid: `${id}-${index}`,
    event: {
      request: {method, url, parameters: params},
      response: {
        response_code: status,
        request_duration: endedAt.getTime() - startedAt.getTime(),
        response_body: responseBody,
        date_created: rfc2822(endedAt),
      },
    },
  }));
}
