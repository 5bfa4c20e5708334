/** Entries of the journal as they are sent: each encoded once, as a complete frame, and joined for whoever sees the same ones. */
import type {JournalEntry, Offset} from '../../journal/call-event.ts';
import {toCallStatusMessage} from './call-messages.ts';
import {encodeTextFrame} from './text-frame.ts';
import type {VisibilityFilter} from './visibility.ts';

/** An entry as it is sent. */
export interface FeedEntry {
  readonly offset: Offset;
  readonly callSid: string;
  readonly owner?: string;
  /** When it happened, milliseconds since 1970. */
  readonly happenedAt: number;
  /** The complete frame; absent where there is nothing to push. */
  readonly frame?: Buffer;
}

/** What an audience is sent for a stretch of the journal. */
export interface Batch {
  /** The cursor afterwards. */
  readonly to: Offset;
  readonly messages: number;
  /** Complete frames; absent when the audience sees none of the entries. */
  readonly frames?: Buffer;
}

/** One write to a socket is at most about this many bytes, so that a slow reader's debt is bounded (W13). */
const MAX_BATCH_BYTES = 64 * 1024;

/** Entries that are not pushed are held too, and weigh something. */
const BARE_ENTRY_BYTES = 64;

/** A journal entry with its frame, encoded here and nowhere else. */
export function toFeedEntry(entry: JournalEntry): FeedEntry {
  const message = toCallStatusMessage(entry);
  return {
    offset: entry.offset,
    // Not the event's, which is a piece of the webhook's body and would keep all of it.
    callSid: entry.call?.callSid ?? entry.event.callSid,
    owner: entry.owner,
    happenedAt: entry.event.happenedAt,
    frame: message === undefined ? undefined : encodeTextFrame(JSON.stringify(message)),
  };
}

/** The frames of `entries` from index `start` that `audience` sees, joined, up to the size of one write. */
export function joinFrames(
  entries: readonly FeedEntry[],
  start: number,
  visibility: VisibilityFilter,
): Batch {
  const frames: Buffer[] = [];
  let bytes = 0;
  let to: Offset = 0;
  for (let index = start; index < entries.length && bytes < MAX_BATCH_BYTES; index += 1) {
    const entry = entries[index];
    if (entry === undefined) break;
    to = entry.offset;
    if (entry.frame === undefined || !visibility.sees(entry)) continue;
    frames.push(entry.frame);
    bytes += entry.frame.length;
  }
  const [only] = frames;
  if (only === undefined) return {to, messages: 0};
  const joined = frames.length === 1 ? only : Buffer.concat(frames, bytes);
  return {to, messages: frames.length, frames: joined};
}

/** What an entry that is held takes, in bytes. */
export function weight(entry: FeedEntry): number {
  return BARE_ENTRY_BYTES + (entry.frame?.length ?? 0);
}
