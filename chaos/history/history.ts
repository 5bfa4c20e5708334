/**
 * What was seen from outside while things broke: what was asked, what was answered, what sessions were told, and what
 * lies on the disk afterwards. Plain data, so that what is wrong with it can be told without a gateway.
 */
import type {ProviderStatus} from '@hookswitch/protocol';

/** `unknown`: it was asked and nobody can say whether it was done. */
export type Outcome = 'ok' | 'fail' | 'unknown';

/** A webhook that was signed and sent. */
export interface WebhookRecord {
  /** `<call sid>/<sequence>`, or `<call sid>/voice`. */
  readonly key: string;
  readonly callSid: string;
  readonly status: ProviderStatus;
  /** Of the chapter in which it was answered 2xx first; absent: never. */
  readonly answeredIn?: number;
}

/** One request to place a call. A client that does not know asks again with the same key. */
export interface DialRecord {
  readonly key: string;
  readonly user: string;
  /** Every key dials a number of its own: that tells whose a call of Twilio's is. */
  readonly to: string;
  readonly outcome: Outcome;
  /** Where the outcome is `ok`. */
  readonly callSid?: string;
}

/** A request to end a call. */
export interface HangUpRecord {
  readonly user: string;
  readonly callSid: string;
  readonly outcome: Outcome;
}

/** A call as it was shown or told. */
export interface SeenCall {
  readonly callSid: string;
  readonly providerStatus: ProviderStatus;
}

/** One connection of a session, as its client saw it. */
export interface ConnectionRecord {
  readonly user: string;
  /** Whether it may see everybody's calls. */
  readonly seesAll: boolean;
  /** The chapter in which it was opened. */
  readonly chapter: number;
  /** Where it asked to resume. */
  readonly asked?: {readonly epoch: string; readonly offset: number};
  readonly ready: {readonly epoch: string; readonly offset: number; readonly recovered: boolean};
  readonly snapshot?: {readonly offset: number; readonly calls: readonly SeenCall[]};
  readonly told: readonly (SeenCall & {readonly offset: number})[];
  /** The last offset it was brought to, by whatever message. */
  readonly position: number;
}

/** An entry as it lies on the disk. */
export interface EntryRecord {
  readonly offset: number;
  /** `status` or `command`. */
  readonly kind: string;
  /** `callback`, `api` or `reconcile`. */
  readonly source: string;
  readonly callSid: string;
  /** Of the webhook it came from. */
  readonly webhook?: string;
  readonly verdict: string;
  readonly providerStatus?: ProviderStatus;
  readonly owner?: string;
  /** Everything of it as text: two readings of an entry are the same or they are not. */
  readonly text: string;
}

/**
 * The journal at the end of a chapter. A chapter ends where the files were replaced or damaged by a fault; without
 * such a fault there is one.
 */
export interface Chapter {
  readonly epoch: string;
  readonly entries: readonly EntryRecord[];
  /** Status by call, as the table of calls has it. */
  readonly calls: ReadonlyMap<string, ProviderStatus>;
}

/** A call as Twilio knows it. */
export interface ProviderCall {
  readonly callSid: string;
  readonly to: string;
  readonly status: ProviderStatus;
  /** Its last callback was answered 2xx, so that the gateway has to know its end. */
  readonly endAcknowledged: boolean;
}

export interface History {
  readonly webhooks: readonly WebhookRecord[];
  readonly dials: readonly DialRecord[];
  readonly hangUps: readonly HangUpRecord[];
  readonly connections: readonly ConnectionRecord[];
  /** In order; the last is how the journal is now. */
  readonly chapters: readonly Chapter[];
  readonly providerCalls: readonly ProviderCall[];
}

/**
 * `lost`: acknowledged, and gone. `doubled`: one webhook, two entries. `invented`: nobody signed or asked for it.
 * `dialled-twice`. `session`: somebody was told what they may not see, or has a gap, or a repetition. `corrupt`: the
 * journal contradicts itself or what it was, and did not say so. `stuck`: what was broken is mended, and the gateway
 * does not work again. `not-durable`: acknowledged before it was on the disk. `disturbed`: others were held up.
 */
export type ViolationKind =
  | 'lost'
  | 'doubled'
  | 'invented'
  | 'dialled-twice'
  | 'session'
  | 'corrupt'
  | 'stuck'
  | 'not-durable'
  | 'disturbed';

export interface Violation {
  readonly kind: ViolationKind;
  readonly detail: string;
}
