/** React bindings: hooks over the client's stores, for React 18 and 19. */
export type {ReadableStore} from '../client-api.ts';
export {type CallFilter, matchesFilter} from './call-filter.ts';
export {HookswitchProvider, type HookswitchProviderProps, useHookswitch} from './provider.ts';
export {useCall} from './use-call.ts';
export {useCallDuration} from './use-call-duration.ts';
export {useCalls} from './use-calls.ts';
export {useConnection} from './use-connection.ts';
export {useGatewayTime} from './use-gateway-time.ts';
