/** Checks that the types of `messages.ts` match the schemas. The check happens at compile time. */
import {test} from 'node:test';
import type * as messages from '@hookswitch/protocol';
import type * as schemas from '@hookswitch/protocol/schemas';
import type {z} from 'zod';

/** Expands a type, so that an interface and an inferred type are compared by their fields. */
type Plain<T> = T extends readonly (infer Item)[]
  ? Plain<Item>[]
  : T extends object
    ? {[Key in keyof T]: Plain<T[Key]>}
    : T;

/** `true` only if both types are the same, including optional and readonly fields. */
type Same<A, B> =
  (<T>() => T extends Plain<A> ? 1 : 2) extends <T>() => T extends Plain<B> ? 1 : 2 ? true : false;

type Infer<Name extends keyof typeof schemas> = z.infer<(typeof schemas)[Name]>;

interface Checks {
  callActionMessage: Same<messages.CallActionMessage, Infer<'callAction'>>;
  callSubscribeMessage: Same<messages.CallSubscribeMessage, Infer<'callSubscribe'>>;
  clientHeartbeatMessage: Same<messages.ClientHeartbeatMessage, Infer<'clientHeartbeat'>>;
  sessionRefreshMessage: Same<messages.SessionRefreshMessage, Infer<'sessionRefresh'>>;
  clientMessage: Same<messages.ClientMessage, Infer<'clientMessage'>>;
  callStatusMessage: Same<messages.CallStatusMessage, Infer<'callStatusMessage'>>;
  sessionReadyMessage: Same<messages.SessionReadyMessage, Infer<'sessionReady'>>;
  callSnapshotMessage: Same<messages.CallSnapshotMessage, Infer<'callSnapshot'>>;
  callActionAcceptedMessage: Same<messages.CallActionAcceptedMessage, Infer<'callActionAccepted'>>;
  errorMessage: Same<messages.ErrorMessage, Infer<'errorMessage'>>;
  serverHeartbeatMessage: Same<messages.ServerHeartbeatMessage, Infer<'serverHeartbeat'>>;
  sessionExpiringMessage: Same<messages.SessionExpiringMessage, Infer<'sessionExpiring'>>;
  sessionDrainingMessage: Same<messages.SessionDrainingMessage, Infer<'sessionDraining'>>;
  serverMessage: Same<messages.ServerMessage, Infer<'serverMessage'>>;
  call: Same<messages.Call, Infer<'call'>>;
  callMetadata: Same<messages.CallMetadata, Readonly<Infer<'callMetadata'>>>;
  callSource: Same<messages.CallSource, Infer<'callSource'>>;
  callDirection: Same<messages.CallDirection, Infer<'callDirection'>>;
}

const checks: Checks = {
  callActionMessage: true,
  callSubscribeMessage: true,
  clientHeartbeatMessage: true,
  sessionRefreshMessage: true,
  clientMessage: true,
  callStatusMessage: true,
  sessionReadyMessage: true,
  callSnapshotMessage: true,
  callActionAcceptedMessage: true,
  errorMessage: true,
  serverHeartbeatMessage: true,
  sessionExpiringMessage: true,
  sessionDrainingMessage: true,
  serverMessage: true,
  call: true,
  callMetadata: true,
  callSource: true,
  callDirection: true,
};

test('each message type equals the type inferred from its schema', () => {
  // `tsc` refuses this file if one of them differs.
  for (const [name, same] of Object.entries(checks)) if (!same) throw new Error(name);
});
