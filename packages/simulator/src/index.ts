/** A Twilio Voice simulator: REST API, TwiML, signed status callbacks and faults on demand, without an account. */
export type {CallEvent, CallStatus, Direction, EndedStatus} from './calls/call.ts';
export type {Notification} from './calls/notifications.ts';
export type {RecordingStatus} from './calls/recordings.ts';
export type {TwimlStep} from './calls/twiml-log.ts';
export type {
  ApiOperation,
  Chance,
  ChanceDetails,
  DelayDetails,
  FaultName,
  Faults,
  ServerErrorDetails,
} from './faults/faults.ts';
export type {LogEvent, Logger} from './log.ts';
export {
  defaultAccountSid,
  defaultApiKeySecret,
  defaultApiKeySid,
  defaultAuthToken,
  defaultPhoneNumber,
  type SimulatorOptions,
} from './options.ts';
export {type NumberRange, numberTable} from './scenarios/number-table.ts';
export {type Scenario, type ScenarioDetails, type ScenarioName, scenarioNames} from './scenarios/scenario.ts';
export type {InboundCallOptions, SimulatedCall, SimulatedRecording} from './simulated-call.ts';
export {type ClockState, createSimulator, type Simulator} from './simulator.ts';
export type {Delivery, DeliveryAttempt, DeliveryKind} from './webhooks/delivery-log.ts';
export {signatureFor, type WebhookParameters} from './webhooks/signature.ts';
