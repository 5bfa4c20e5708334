/** The limits of the protocol. The server enforces them, and the SDK stays within them. */

/** Maximum size of a client message in bytes. The server closes with 1009 if a message is larger (W14). */
export const MAX_MESSAGE_BYTES = 16_384;

/** Maximum client messages per minute after the burst (W14). */
export const MESSAGES_PER_MINUTE = 120;

/** Maximum client messages in a burst (W14). */
export const MESSAGE_BURST = 20;

/** When this many bytes are unsent, the server pauses pushing to the session (W13). */
export const MAX_UNSENT_BYTES = 262_144;

/** A slow reader that makes no progress for this many milliseconds is closed with 4413 (W13). */
export const STALLED_AFTER_MS = 30_000;

/** Maximum number of call sids in a `call.subscribe` (W8). */
export const MAX_SUBSCRIBED_CALLS = 100;

/** Maximum length of a `requestId` in characters. */
export const MAX_REQUEST_ID_LENGTH = 64;

/** Maximum length of the call sid in a `call.action` in characters. */
export const MAX_CALL_SID_LENGTH = 64;
