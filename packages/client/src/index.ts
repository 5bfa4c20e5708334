/** The Hookswitch client: live calls in browsers and Node, in order, through reconnects and restarts. */
export type {
  Call,
  CallDirection,
  CallMetadata,
  CallSource,
  CallStatus,
  CallStatusMessage,
  FailureReason,
  ProviderStatus,
  Retry,
  Scope,
} from '@hookswitch/protocol';
export type * from './client-api.ts';
export type * from './connection-state.ts';
export {createClient} from './create-client.ts';
export {HookswitchError} from './errors.ts';
export {liveDuration} from './live-duration.ts';
