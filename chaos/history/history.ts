/**
 * Everything observed from outside during a round: requests, responses, messages to sessions, and the files afterwards.
 * It is plain data, so that it can be checked without a gateway.
 */
import type {ProviderStatus} from '@hookswitch/protocol';

/** `unknown`: requested, but nobody knows whether it was done. */
export type Outcome = 'ok' | 'fail' | 'unknown';

/** A webhook that was signed and sent. */
export interface WebhookRecord {
  /** `<call sid>/<sequence>`, or `<call sid>/voice`. */
  readonly key: string;
  readonly callSid: string;
  readonly status: ProviderStatus;
  /** Index of the chapter with the first 2xx; absent if there was none. */
  readonly answeredIn?: number;
}

/** A request to place a call. After an unknown outcome, the client retries with the same key. */
export interface DialRecord {
  readonly key: string;
  readonly user: string;
  /** Every key dials a different number, which identifies the call at Twilio. */
  readonly to: string;
  readonly outcome: Outcome;
  /** Present if the outcome is `ok`. */
  readonly callSid?: string;
}

/** A request to end a call. */
export interface HangUpRecord {
  readonly user: string;
  readonly callSid: string;
  readonly outcome: Outcome;
}

/** A call in a snapshot or message. */
export interface SeenCall {
  readonly callSid: string;
  readonly providerStatus: ProviderStatus;
}

/** One connection of a session, as its client recorded it. */
export interface ConnectionRecord {
  readonly user: string;
  /** Whether it may see the calls of all users. */
  readonly seesAll: boolean;
  /** The chapter in which it was opened. */
  readonly chapter: number;
  /** The position it requested to resume from. */
  readonly requested?: {readonly epoch: string; readonly offset: number};
  readonly ready: {readonly epoch: string; readonly offset: number; readonly recovered: boolean};
  readonly snapshot?: {readonly offset: number; readonly calls: readonly SeenCall[]};
  readonly received: readonly (SeenCall & {readonly offset: number})[];
  /** The last offset in any message. */
  readonly position: number;
}

/** An entry on disk. */
export interface EntryRecord {
  readonly offset: number;
  /** `status` or `command`. */
  readonly kind: string;
  /** `callback`, `api` or `reconcile`. */
  readonly source: string;
  readonly callSid: string;
  /** Key of the webhook it came from. */
  readonly webhook?: string;
  readonly verdict: string;
  readonly providerStatus?: ProviderStatus;
  readonly owner?: string;
  /** The whole entry as text, to compare two readings. */
  readonly text: string;
}

/**
 * The journal at the end of a chapter. A chapter ends when a fault replaces or damages the files. Without such a fault
 * there is one chapter.
 */
export interface Chapter {
  readonly epoch: string;
  readonly entries: readonly EntryRecord[];
  /** Status by call, from the calls table. */
  readonly calls: ReadonlyMap<string, ProviderStatus>;
}

/** A call as Twilio knows it. */
export interface ProviderCall {
  readonly callSid: string;
  readonly to: string;
  readonly status: ProviderStatus;
  /** Whether its last callback got a 2xx, so that the gateway must know the end. */
  readonly endAcknowledged: boolean;
}

export interface History {
  readonly webhooks: readonly WebhookRecord[];
  readonly dials: readonly DialRecord[];
  readonly hangUps: readonly HangUpRecord[];
  readonly connections: readonly ConnectionRecord[];
  /** In order. The last chapter is the journal's current state. */
  readonly chapters: readonly Chapter[];
  readonly providerCalls: readonly ProviderCall[];
}

/**
 * - `lost`: acknowledged, but missing
 * - `doubled`: two entries for one webhook
 * - `invented`: neither signed nor requested
 * - `dialed-twice`: two calls for one idempotency key
 * - `session`: a session received an entry it may not see, or has a gap or a duplicate
 * - `corrupt`: the journal contradicts itself or its earlier state without a new epoch
 * - `stuck`: the gateway does not work after the repair
 * - `not-durable`: acknowledged before it was on disk
 * - `disturbed`: the fault delayed others
 */
export type ViolationKind =
  | 'lost'
  | 'doubled'
  | 'invented'
  | 'dialed-twice'
  | 'session'
  | 'corrupt'
  | 'stuck'
  | 'not-durable'
  | 'disturbed';

export interface Violation {
  readonly kind: ViolationKind;
  readonly detail: string;
}
