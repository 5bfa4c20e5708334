/** What the main thread and the two worker threads of the SQLite journal say to each other. */
import type {Offset} from '../call-event.ts';
import type {DialIntent} from '../dial-intent.ts';
import type {CallQuery, StatisticsQuery} from '../journal.ts';

/** Asked of the writer. Requests are done in the order in which they were sent. */
export type WriterRequest =
  /** With `epoch`: it was open before, and must be the same history now. */
  | {readonly kind: 'open'; readonly epoch?: string}
  /** JSON of the event without its parameters, and of those: the texts that are stored. Objects would be cloned first. */
  | {readonly kind: 'append'; readonly event: string; readonly parameters?: string}
  | {readonly kind: 'open-intent'; readonly intent: DialIntent; readonly keysSince: number}
  | {readonly kind: 'reject-intent'; readonly reference: string}
  | {readonly kind: 'trim'; readonly endedBefore: number; readonly limit: number}
  | {readonly kind: 'probe'}
  | {readonly kind: 'close'};

/** What becomes part of a transaction, together with its neighbours. */
export type GroupRequest = Exclude<WriterRequest, {kind: 'open' | 'close'}>;

/** Asked of the reader. */
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

/** `unavailable`: the journal could not be written or read, try again. `fault`: this request cannot be done at all. */
export interface Failure {
  readonly kind: 'unavailable' | 'fault';
  readonly message: string;
  /** What the database or the system said: for the log, not for clients. */
  readonly detail?: string;
}

/**
 * Values cross as JSON text: the worker has most of it as text already, and parsing it is cheaper for the main thread
 * than taking in a structured clone. No text stands for `undefined`.
 */
export type Outcome =
  | {readonly ok: true; readonly json?: string}
  | {readonly ok: false; readonly failure: Failure};

/** How far the journal is durable, and from where on it is whole. */
export interface JournalBounds {
  readonly head: Offset;
  /** The highest offset that was ever trimmed. */
  readonly trimmedTo: Offset;
}

export interface WorkerReply {
  readonly outcomes: readonly {readonly id: number; readonly outcome: Outcome}[];
  /** The writer's replies say how far it is. */
  readonly bounds?: JournalBounds;
}

/** Given to both workers when they are started. */
export interface WorkerSettings {
  readonly file: string;
  /** Pages in the WAL after which a commit checkpoints. */
  readonly autocheckpointPages: number;
}
