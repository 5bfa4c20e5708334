/** The version of the wire protocol, and its name in the WebSocket handshake (RFC 6455 subprotocols). */

/** Increase this with every schema change. `test/unit/protocol/protocol-version.test.ts` pins both together. */
export const PROTOCOL_VERSION = 1;

/** The subprotocol that clients offer and the server selects. */
export const SUBPROTOCOL = 'hookswitch.v1';

/**
 * The subprotocol prefix with which browsers send a token. Clients offer it together with {@link SUBPROTOCOL}. The
 * server reads it but never selects it.
 */
export const BEARER_SUBPROTOCOL_PREFIX = 'hookswitch.bearer.';
