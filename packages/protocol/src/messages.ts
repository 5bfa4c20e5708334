/** The wire's types, inferred from the schemas; importing this costs nothing at run time. */
import type {z} from 'zod';
import type * as schemas from './schemas.ts';

export type CallActionMessage = z.infer<typeof schemas.callAction>;
export type CallSubscribeMessage = z.infer<typeof schemas.callSubscribe>;
export type ClientHeartbeatMessage = z.infer<typeof schemas.clientHeartbeat>;
export type SessionRefreshMessage = z.infer<typeof schemas.sessionRefresh>;
export type ClientMessage = z.infer<typeof schemas.clientMessage>;

export type CallStatusMessage = z.infer<typeof schemas.callStatusMessage>;
export type SessionReadyMessage = z.infer<typeof schemas.sessionReady>;
export type CallSnapshotMessage = z.infer<typeof schemas.callSnapshot>;
export type CallActionAcceptedMessage = z.infer<typeof schemas.callActionAccepted>;
export type ErrorMessage = z.infer<typeof schemas.errorMessage>;
export type ServerHeartbeatMessage = z.infer<typeof schemas.serverHeartbeat>;
export type SessionExpiringMessage = z.infer<typeof schemas.sessionExpiring>;
export type ServerMessage = z.infer<typeof schemas.serverMessage>;

export type Call = z.infer<typeof schemas.call>;
export type CallMetadata = Readonly<z.infer<typeof schemas.callMetadata>>;
export type CallSource = z.infer<typeof schemas.callSource>;
export type CallDirection = z.infer<typeof schemas.callDirection>;
