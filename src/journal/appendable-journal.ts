/** The part of the journal that writes events. */
import type {CallEvent, JournalEntry} from './call-event.ts';
import type {Fence} from './fence.ts';

export interface AppendResult {
  readonly entry: JournalEntry;
  /**
   * The journal already had an event with this `dedupeKey`, so nothing was added and `entry` is the first
   * one. An event of a trimmed call is also `repeated`. Its entry has offset 0, because the first entry is
   * gone.
   */
  readonly repeated: boolean;
}

/** `stale`: another node has taken over the duty, and nothing was written. */
export type FencedAppend = ({readonly kind: 'appended'} & AppendResult) | {readonly kind: 'stale'};

/** Appends events, for webhooks, placement, hang-ups and corrections. */
export interface AppendableJournal {
  /**
   * Decides the event's effect on its call and writes it. Once the promise resolves, the entry is durable
   * (J1). Entries are in commit order without gaps (J3). An event with a known `dedupeKey` returns the first
   * entry (J2). An event with a `reference` binds the call to that intent in the same transaction.
   * @throws JournalUnavailableError — either nothing was written, or the same append will find it: retrying
   * is safe
   */
  append(event: CallEvent): Promise<AppendResult>;

  /**
   * Appends if the duty is still held with this token at the moment of the write. Another node takes over
   * before or after the write, never during it. A journal with a single node accepts every fence.
   * @throws JournalUnavailableError
   */
  appendFenced(event: CallEvent, fence: Fence): Promise<FencedAppend>;
}
