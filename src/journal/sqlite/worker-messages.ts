/** Messages between the main thread and the two worker threads of the SQLite journal. */
import type {Offset} from '../call-event.ts';
import type {DialIntent} from '../dial-intent.ts';
import type {CallQuery, StatisticsQuery} from '../queryable-journal.ts';

/** Requests to the writer, which performs them in the order in which they were sent. */
export type WriterRequest =
  /** With `epoch`, the journal was open before, and its history must be the same. */
  | {readonly kind: 'open'; readonly epoch?: string}
  /**
   * The event without its parameters, and the parameters, both as the JSON to store. Objects would have to be
   * cloned.
   */
  | {readonly kind: 'append'; readonly event: string; readonly parameters?: string}
  | {readonly kind: 'open-intent'; readonly intent: DialIntent; readonly keysSince: number}
  | {readonly kind: 'reject-intent'; readonly reference: string}
  | {readonly kind: 'trim'; readonly endedBefore: number; readonly limit: number}
  | {readonly kind: 'probe'}
  | {readonly kind: 'close'};

/** A request that shares a transaction with others. */
export type GroupRequest = Exclude<WriterRequest, {kind: 'open' | 'close'}>;

/** Requests to the reader. */
export type ReaderRequest =
  | {readonly kind: 'read'; readonly after: Offset; readonly upTo: Offset; readonly limit: number}
  | {readonly kind: 'active-calls'}
  | {readonly kind: 'find-call'; readonly callSid: string}
  | {readonly kind: 'call-history'; readonly callSid: string}
  | {readonly kind: 'list-calls'; readonly query: CallQuery}
  | {readonly kind: 'call-statistics'; readonly query: StatisticsQuery}
  | {readonly kind: 'find-intent'; readonly reference: string}
  | {
      readonly kind: 'find-intent-by-key';
      readonly user: string;
      readonly idempotencyKey: string;
      readonly since: number;
    }
  | {readonly kind: 'close'};

export interface Numbered<Request> {
  readonly id: number;
  readonly request: Request;
}

/**
 * `unavailable`: the journal could not be written or read, so try again. `fault`: this request can never
 * succeed.
 */
export interface Failure {
  readonly kind: 'unavailable' | 'fault';
  readonly message: string;
  /** The message of the database or the system: for the log, not for clients. */
  readonly detail?: string;
}

/**
 * Values cross threads as JSON text. The worker has most of them as text already, and parsing is cheaper for
 * the main thread than a structured clone. A missing text stands for `undefined`.
 */
export type Outcome =
  | {readonly ok: true; readonly json?: string}
  | {readonly ok: false; readonly failure: Failure};

/** The durable head, and the offset after which the journal has no gaps. */
export interface JournalBounds {
  readonly head: Offset;
  /** The highest offset that was ever trimmed. */
  readonly trimmedTo: Offset;
}

export interface WorkerReply {
  readonly outcomes: readonly {readonly id: number; readonly outcome: Outcome}[];
  /** Present in the writer's replies. */
  readonly bounds?: JournalBounds;
}

/** Start settings of both workers. */
export interface WorkerSettings {
  readonly file: string;
  /** Number of WAL pages after which a commit checkpoints. */
  readonly autocheckpointPages: number;
}
