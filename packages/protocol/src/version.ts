/** The version of the wire protocol, and how it is named in the WebSocket handshake (RFC 6455 subprotocols). */

/** Raised with every change of a schema; `test/unit/protocol/protocol-version.test.ts` pins the two together. */
export const PROTOCOL_VERSION = 1;

/** The subprotocol a client offers and the server selects. */
export const SUBPROTOCOL = 'hookswitch.v1';

/** A browser's way to bring a token: offered beside {@link SUBPROTOCOL}, read by the server, never selected. */
export const BEARER_SUBPROTOCOL_PREFIX = 'hookswitch.bearer.';
