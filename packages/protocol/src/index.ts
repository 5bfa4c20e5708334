/** The Hookswitch wire protocol: types and constants. The schemas are under `@hookswitch/protocol/schemas`. */
export * from './call-status.ts';
export * from './close-codes.ts';
export * from './close-reasons.ts';
export * from './error-codes.ts';
export * from './limits.ts';
export type * from './messages.ts';
export * from './operator-api.ts';
export * from './scopes.ts';
export * from './version.ts';
