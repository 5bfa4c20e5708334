import {Activity} from './activity.ts';
import type {Call} from './calls/call.ts';
import {CallQueue} from './calls/call-queue.ts';
import {CallRecorder} from './calls/call-recorder.ts';
import {CallRegistry} from './calls/call-registry.ts';
import {CallSwitch} from './calls/call-switch.ts';
import {CallbackDispatcher} from './calls/callback-dispatcher.ts';
import {Notifications} from './calls/notifications.ts';
import {Recordings} from './calls/recordings.ts';
import {TwimlLog} from './calls/twiml-log.ts';
import {Clock} from './clock.ts';
import {FaultPlan} from './faults/faults.ts';
import type {LogEvent} from './log.ts';
import type {SimulatorSettings} from './options.ts';
import {accountPathOf} from './rest/account-path.ts';
import {accountRoutes} from './rest/accounts.ts';
import {ApiKeys, apiKeyRoutes} from './rest/api-keys.ts';
import {Applications, applicationRoutes} from './rest/applications.ts';
import {Authenticator} from './rest/authentication.ts';
import {callEventRoutes} from './rest/call-events.ts';
import {callerIdRoutes, createCallerIds} from './rest/caller-ids.ts';
import {CallsApi} from './rest/calls-api.ts';
import {notificationRoutes} from './rest/notifications-api.ts';
import {PhoneNumbers, phoneNumberRoutes} from './rest/phone-numbers.ts';
import {recordingRoutes} from './rest/recordings-api.ts';
import {RestApi} from './rest/rest-api.ts';
import {ScenarioBook} from './scenarios/scenario-book.ts';
import {DocumentLoader} from './twiml/document-loader.ts';
import {DeliveryLog} from './webhooks/delivery-log.ts';
import {WebhookSender} from './webhooks/webhook-sender.ts';

/** Creates and connects the parts of a simulator. */
export type SimulatorParts = ReturnType<typeof createParts>;

export interface PartsContext {
  /** The API's origin, once it is known. */
  readonly apiUrl: () => string;
  /** Aborts when the simulator stops. */
  readonly signal: AbortSignal;
}

export function createParts(settings: SimulatorSettings, context: PartsContext) {
  const state = createState(settings, context);
  const running = createRunning(settings, state, context);
  return {...state, ...running, rest: createRest(settings, {...state, ...running}, context)};
}

/** The state: calls, resources and logs. */
function createState(settings: SimulatorSettings, {apiUrl}: PartsContext) {
  const {accountSid, historyLimit: limit} = settings;
  return {
    activity: new Activity(),
    clock: new Clock({speed: settings.speed, manual: settings.manualClock}),
    registry: new CallRegistry({limit}),
    numbers: new PhoneNumbers(),
    applications: new Applications(),
    keys: new ApiKeys(),
    callerIds: createCallerIds(settings.verifiedNumbers),
    faults: new FaultPlan({seed: settings.seed}),
    scenarios: new ScenarioBook({fallback: settings.scenario}),
    deliveries: new DeliveryLog({limit}),
    notifications: new Notifications({limit}),
    twimlLog: new TwimlLog({limit}),
    recordings: new Recordings({accountSid, apiUrl, limit}),
  };
}

/** The parts that run calls. */
function createRunning(
  settings: SimulatorSettings,
  state: ReturnType<typeof createState>,
  {signal}: PartsContext,
) {
  const {accountSid, authToken, callsPerSecond} = settings;
  const {activity, clock, faults, recordings, notifications} = state;
  const log = (event: LogEvent) => {
    notifications.keep(event);
    settings.logger(event);
  };
  const sender = new WebhookSender({authToken, clock, log: state.deliveries});
  const callbacks = new CallbackDispatcher({accountSid, sender, faults, clock, activity, log});
  const recorder = new CallRecorder({recordings, callbacks, clock, activity, signal});
  const documents = new DocumentLoader({accountSid, sender});
  const callSwitch = new CallSwitch({...state, accountSid, log, recorder, callbacks, documents, signal});
  const dispatch = (call: Call, expired: boolean) => {
    if (expired) callSwitch.end(call, 'canceled', {silent: true});
    else callSwitch.dial(call);
  };
  const queue = new CallQueue({clock, callsPerSecond, dispatch});
  return {log, sender, callbacks, recorder, callSwitch, queue};
}

/** Creates the REST API with all its routes. */
function createRest(
  settings: SimulatorSettings,
  parts: ReturnType<typeof createState> & ReturnType<typeof createRunning>,
  {signal}: PartsContext,
): RestApi {
  const {accountSid, authToken, accountType, endedUpdate, verifiedNumbers, mediaAuth} = settings;
  const accountPath = accountPathOf(accountSid);
  const verified = new Set(verifiedNumbers);
  const calls = new CallsApi({...parts, accountSid, accountType, verified, endedUpdate, signal});
  const context = {...parts, accountSid, accountPath, calls};
  return new RestApi({
    authenticator: new Authenticator({accountSid, authToken, keys: parts.keys}),
    faults: parts.faults,
    routes: [
      ...calls.routes(accountPath),
      ...recordingRoutes({...context, publicMedia: mediaAuth === 'none'}),
      ...notificationRoutes(context),
      ...callEventRoutes(context),
      ...phoneNumberRoutes(context),
      ...callerIdRoutes(context),
      ...applicationRoutes(context),
      ...apiKeyRoutes(context),
      ...accountRoutes({sid: accountSid, authToken, type: accountType, createdAt: new Date()}),
    ],
  });
}
