/**
 * Journal entries as sessions get them: each encoded once as a complete frame, and joined for sessions that
 * see the same.
 */
import type {JournalEntry, Offset} from '../../journal/call-event.ts';
import {toCallStatusMessage} from './call-messages.ts';
import {encodeTextFrame} from './text-frame.ts';
import type {VisibilityFilter} from './visibility.ts';

/** An entry as it is sent to sessions. */
export interface FeedEntry {
  readonly offset: Offset;
  readonly callSid: string;
  readonly owner?: string;
  /** Time of the event, milliseconds since 1970. */
  readonly happenedAt: number;
  /** The complete frame; absent if the entry has no message. */
  readonly frame?: Buffer;
}

/** The frames of a range of the journal for one visibility filter. */
export interface Batch {
  /** The cursor after the batch. */
  readonly to: Offset;
  readonly messages: number;
  /** Complete frames; absent if the filter shows none of the entries. */
  readonly frames?: Buffer;
}

/** Approximate maximum of one socket write, so that the unsent data of a slow reader is bounded (W13). */
const MAX_BATCH_BYTES = 64 * 1024;

/** Memory of an entry without a frame. */
const BARE_ENTRY_BYTES = 64;

/** Encodes a journal entry as a frame. No other code does this. */
export function toFeedEntry(entry: JournalEntry): FeedEntry {
  const message = toCallStatusMessage(entry);
  return {
    offset: entry.offset,
    // The event's own string is a slice of the webhook's body and would keep the whole body in memory.
    callSid: entry.call?.callSid ?? entry.event.callSid,
    owner: entry.owner,
    happenedAt: entry.event.happenedAt,
    frame: message === undefined ? undefined : encodeTextFrame(JSON.stringify(message)),
  };
}

/** Joins the frames of `entries` from index `start` that `visibility` shows, up to the size of one write. */
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

/** Memory of an entry, in bytes. */
export function weight(entry: FeedEntry): number {
  return BARE_ENTRY_BYTES + (entry.frame?.length ?? 0);
}
