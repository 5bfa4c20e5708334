/** What the protocol allows; the server enforces these and the SDK keeps to them. */

/** Bytes of one client message; a larger one closes with 1009 (W14). */
export const MAX_MESSAGE_BYTES = 16_384;

/** Client messages a minute once the burst is used up (W14). */
export const MESSAGES_PER_MINUTE = 120;

/** Client messages at once (W14). */
export const MESSAGE_BURST = 20;

/** Bytes unsent at which a session stops being pushed to (W13). */
export const MAX_UNSENT_BYTES = 262_144;

/** Milliseconds without any progress after which a slow reader is closed with 4413 (W13). */
export const STALLED_AFTER_MS = 30_000;

/** Sids in one `call.subscribe` (W8). */
export const MAX_SUBSCRIBED_CALLS = 100;

/** Characters of a `requestId`. */
export const MAX_REQUEST_ID_LENGTH = 64;

/** Characters of what a `call.action` names as its call. */
export const MAX_CALL_SID_LENGTH = 64;
