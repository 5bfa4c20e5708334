/**
 * The messages that a session was sent, reconstructed from the journal. Nothing is stored per message: the
 * journal entry and the session's visibility history (`visibility-history.ts`) determine whether the session
 * saw it.
 */
import type {CallStatusMessage} from '@hookswitch/protocol';
import type {JournalEntry, Offset} from '../../journal/call-event.ts';
import type {FollowableJournal} from '../../journal/followable-journal.ts';
import {toCallStatusMessage} from '../feed/call-messages.ts';
import {spanOf, type VisibilitySpan} from './visibility-history.ts';

/** The data needed to reconstruct the delivered messages of a session. */
export interface SentRecord {
  readonly spans: readonly VisibilitySpan[];
  /** Every visible entry up to here has been written to the session's socket. */
  readonly cursor: Offset;
}

export interface SentQuery {
  /** Only messages of entries before this offset. */
  readonly before?: Offset;
  readonly limit: number;
}

export interface DeliveredMessages {
  /** Newest first. */
  readonly messages: readonly {readonly offset: Offset; readonly message: CallStatusMessage}[];
  /** The `before` of the next page; absent once everything after `from` has been read. */
  readonly nextBefore?: Offset;
  /** Messages of entries up to here cannot be reconstructed. */
  readonly from: Offset;
}

/** Entries read at once. */
const PAGE = 250;

/**
 * Entries read for one response, so that a session that sees one entry in a thousand costs no more than
 * others.
 */
export const MAX_SCANNED = 2000;

/**
 * A page of delivered messages, newest first. It can be short or empty although more follow, because the
 * journal is read in bounded steps. `nextBefore` is the start of the next step.
 * @throws JournalUnavailableError
 */
export async function readDeliveredMessages(
  journal: FollowableJournal,
  {spans, cursor}: SentRecord,
  {before = cursor + 1, limit}: SentQuery,
): Promise<DeliveredMessages> {
  const messages: {offset: Offset; message: CallStatusMessage}[] = [];
  let from = await oldestReadable(journal, spans[0]?.after ?? cursor);
  // Everything after `end` has been read.
  let end = Math.min(before - 1, cursor);
  const scanTo = end - MAX_SCANNED;
  while (end > Math.max(from, scanTo) && messages.length < limit) {
    const start = Math.max(from, scanTo, end - PAGE);
    const page = await journal.read(start, end - start);
    if (page.kind === 'too-old') {
      // The journal was trimmed in the meantime. That only ever raises the limit.
      from = page.oldest;
      continue;
    }
    end = start;
    for (const entry of page.entries.toReversed()) {
      const message = messageOf(entry, spans);
      if (message === undefined) continue;
      messages.push({offset: entry.offset, message});
      if (messages.length < limit) continue;
      end = entry.offset - 1;
      break;
    }
  }
  return {messages, from, nextBefore: end > from ? end + 1 : undefined};
}

/** `from`, or the offset up to which the journal has since been trimmed. */
async function oldestReadable(journal: FollowableJournal, from: Offset): Promise<Offset> {
  const page = await journal.read(from, 1);
  return page.kind === 'too-old' ? page.oldest : from;
}

/** Repeats the decision of `joinFrames`: visibility at that time, and whether the entry had a message. */
function messageOf(entry: JournalEntry, spans: readonly VisibilitySpan[]): CallStatusMessage | undefined {
  const {owner, event} = entry;
  const seen = spanOf(spans, entry.offset)?.visibility.sees({callSid: event.callSid, owner}) ?? false;
  return seen ? toCallStatusMessage(entry) : undefined;
}
