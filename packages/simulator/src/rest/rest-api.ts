import {API_VERSION} from '../calls/call-parameters.ts';
import type {CallRecorder} from '../calls/call-recorder.ts';
import type {Recording, Recordings} from '../calls/recordings.ts';
import type {ApiOperation, FaultPlan} from '../faults/faults.ts';
import type {DeliveryLog} from '../webhooks/delivery-log.ts';
import {accountResource} from './account-resource.ts';
import {ApiError, notFound} from './api-error.ts';
import type {ApiReply} from './api-reply.ts';
import {authenticate, type Credentials, unauthorized} from './authentication.ts';
import {callEventResource} from './call-events.ts';
import {type CallerId, callerIdResource} from './caller-ids.ts';
import type {CallsApi} from './calls-api.ts';
import {page} from './paging.ts';
import {configureNumber, filterNumbers, numberResource, type PhoneNumbers} from './phone-numbers.ts';
import {recordingResource, startRecording, updateRecording} from './recordings-api.ts';

export interface RestApiOptions {
  readonly credentials: Credentials;
  readonly accountType: 'Full' | 'Trial';
  readonly createdAt: Date;
  readonly calls: CallsApi;
  readonly numbers: PhoneNumbers;
  readonly callerIds: readonly CallerId[];
  readonly recordings: Recordings;
  readonly recorder: CallRecorder;
  readonly deliveries: DeliveryLog;
  readonly faults: FaultPlan;
}

export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly form: URLSearchParams;
  readonly authorization: string | undefined;
}

/** A request struck by the `hang` fault is never answered. */
export type ApiResult = ApiReply | 'hang';

type Handler = (request: ApiRequest, number: number) => ApiReply | Promise<ApiReply>;
type Methods = Partial<Record<string, Handler>>;

/** Routes the part of api.twilio.com that is simulated. Paths are case-sensitive and end in `.json`. */
export class RestApi {
  readonly #options: RestApiOptions;

  constructor(options: RestApiOptions) {
    this.#options = options;
  }

  /** Answers a request; errors are answers too. */
  async handle(request: ApiRequest): Promise<ApiResult> {
    const {credentials, faults} = this.#options;
    try {
      const principal = authenticate(request.authorization, credentials);
      const operation = operationOf(request);
      const number = faults.nextRequest(operation);
      const struck = this.#fault(number, operation);
      if (struck !== null) return struck;
      const {accountSid} = credentials;
      const accountPath = `/${API_VERSION}/Accounts/${accountSid}`;
      if (request.path === `${accountPath}.json` && principal === 'api-key') throw unauthorized();
      const methods = request.path.startsWith(accountPath)
        ? this.#route(request.path.slice(accountPath.length), request.path)
        : null;
      if (methods === null) throw notFound(request.path);
      const handler = methods[request.method];
      if (handler === undefined) throw new ApiError(405, 20004, 'Method not allowed');
      return await handler(request, number);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const headers = error.status === 401 ? {'WWW-Authenticate': 'Basic realm="Twilio API"'} : undefined;
      return {status: error.status, body: error.toBody(), ...(headers === undefined ? {} : {headers})};
    }
  }

  #fault(request: number, operation: ApiOperation): ApiResult | null {
    const {faults} = this.#options;
    if (faults.strikesRequest('hang', request, operation)) return 'hang';
    if (faults.strikesRequest('tooManyRequests', request, operation)) {
      throw new ApiError(429, 20429, 'Too Many Requests');
    }
    if (faults.strikesRequest('serverError', request, operation)) {
      const status = faults.serverErrorStatus();
      const isUnavailable = status === 503;
      throw new ApiError(
        status,
        isUnavailable ? 20503 : 20500,
        isUnavailable ? 'Service Unavailable' : 'An internal server error has occurred',
      );
    }
    return null;
  }

  /** The handlers of a path below the account, null when there is nothing. */
  #route(rest: string, path: string): Methods | null {
    const {calls} = this.#options;
    if (rest === '.json') return {GET: () => this.#account()};
    if (rest === '/Calls.json') {
      return {
        POST: ({form}, number) => calls.create(form, number),
        GET: ({query}) => calls.list(query, path),
      };
    }
    if (rest === '/IncomingPhoneNumbers.json') return {GET: ({query}) => this.#listNumbers(query, path)};
    if (rest === '/OutgoingCallerIds.json') return {GET: ({query}) => this.#listCallerIds(query, path)};
    const match = /^\/(Calls|IncomingPhoneNumbers)\/([^/.]+)(?:\/(\w+)(?:\/([\w.]+?))?)?\.json$/.exec(rest);
    if (match === null) return null;
    const [, collection, sid = '', subresource, item] = match;
    if (collection === 'IncomingPhoneNumbers')
      return subresource === undefined ? this.#number(sid, path) : null;
    if (subresource !== undefined) return this.#subresource({sid, subresource, item, path});
    return {
      GET: () => calls.fetch(sid, path),
      POST: ({form}) => calls.update(sid, form, path),
      DELETE: () => calls.delete(sid, path),
    };
  }

  #account(): ApiReply {
    const {credentials, accountType, createdAt} = this.#options;
    return {status: 200, body: accountResource({...credentials, type: accountType, createdAt})};
  }

  #listNumbers(query: URLSearchParams, path: string): ApiReply {
    const {numbers, credentials} = this.#options;
    const body = page({
      key: 'incoming_phone_numbers',
      items: filterNumbers(numbers.all(), query),
      sidOf: ({sid}) => sid,
      render: (number) => numberResource(number, credentials.accountSid),
      path,
      query,
    });
    return {status: 200, body};
  }

  #listCallerIds(query: URLSearchParams, path: string): ApiReply {
    const {callerIds, credentials} = this.#options;
    const wanted = query.get('PhoneNumber');
    const body = page({
      key: 'outgoing_caller_ids',
      items: callerIds.filter(({phoneNumber}) => !wanted || phoneNumber === wanted),
      sidOf: ({sid}) => sid,
      render: (callerId) => callerIdResource(callerId, credentials.accountSid),
      path,
      query,
    });
    return {status: 200, body};
  }

  #number(sid: string, path: string): Methods {
    const {numbers, credentials} = this.#options;
    const number = numbers.get(sid);
    if (number === null) throw notFound(path);
    const reply = (): ApiReply => ({status: 200, body: numberResource(number, credentials.accountSid)});
    return {
      GET: reply,
      POST: ({form}) => {
        configureNumber(number, form);
        return reply();
      },
      DELETE: () => {
        numbers.delete(sid);
        return {status: 204, body: null};
      },
    };
  }

  #subresource({sid, subresource, item, path}: SubresourcePath): Methods | null {
    if (subresource === 'Recordings')
      return item === undefined ? this.#recordings(sid, path) : this.#recording({sid, item, path});
    if (item !== undefined) return null;
    const {calls, deliveries} = this.#options;
    const list =
      (key: string, items: readonly Record<string, unknown>[]): Handler =>
      ({query}) => ({
        status: 200,
        body: page({key, items, sidOf: String, render: (entry) => entry, path, query}),
      });
    const {isOver} = calls.find(sid, path);
    if (subresource === 'Notifications') return {GET: list('notifications', [])};
    if (subresource !== 'Events') return null;
    // What was requested becomes readable only after the call.
    const sent = deliveries.list().filter((delivery) => delivery.callSid === sid && isOver);
    return {GET: list('events', sent.flatMap(callEventResource))};
  }

  #recordings(sid: string, path: string): Methods {
    const {calls, recordings, recorder, credentials} = this.#options;
    const {accountSid} = credentials;
    const call = calls.find(sid, path);
    return {
      GET: ({query}) => {
        const items = recordings.of(sid).toReversed();
        const render = (recording: Recording) => recordingResource(recording, accountSid);
        return {
          status: 200,
          body: page({key: 'recordings', items, sidOf: (entry) => entry.sid, render, path, query}),
        };
      },
      POST: ({form}) => ({
        status: 201,
        body: recordingResource(startRecording(call, form, recorder), accountSid),
      }),
    };
  }

  #recording({sid, item, path}: {sid: string; item: string; path: string}): Methods {
    const {calls, recordings, recorder, credentials} = this.#options;
    const running = recorder.running(calls.find(sid, path));
    if (item === 'Twilio.CURRENT' && running.length > 1) {
      throw new ApiError(400, 16108, 'More than one recording is active');
    }
    const recording = item === 'Twilio.CURRENT' ? (running[0] ?? null) : recordings.get(item);
    if (recording === null || recording.callSid !== sid) throw notFound(path);
    const reply = (): ApiReply => ({status: 200, body: recordingResource(recording, credentials.accountSid)});
    return {
      GET: reply,
      POST: ({form}) => {
        updateRecording(recording, form, recorder);
        return reply();
      },
      DELETE: () => {
        recordings.delete(recording.sid);
        return {status: 204, body: null};
      },
    };
  }
}

interface SubresourcePath {
  readonly sid: string;
  readonly subresource: string;
  readonly item: string | undefined;
  readonly path: string;
}

function operationOf({method, path}: ApiRequest): ApiOperation {
  if (path.endsWith('/Calls.json')) return method === 'POST' ? 'create' : 'list';
  if (!/\/Calls\/[^/]+\.json$/.test(path)) return 'other';
  return method === 'POST' ? 'update' : method === 'DELETE' ? 'delete' : 'fetch';
}
