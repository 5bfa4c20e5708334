/**
 * What a session was sent, read from the journal once more: nothing is recorded of a message but the entry it was made
 * of, and the audiences (`sent-spans.ts`) that decide which entries the session saw.
 */
import type {CallStatusMessage} from '@hookswitch/protocol';
import type {JournalEntry, Offset} from '../../journal/call-event.ts';
import type {FollowableJournal} from '../../journal/followable-journal.ts';
import {toCallStatusMessage} from '../feed/call-messages.ts';
import {spanOf, type VisibilitySpan} from './visibility-history.ts';

/** What it takes to tell what a session was sent. */
export interface SentRecord {
  readonly spans: readonly VisibilitySpan[];
  /** Every entry up to here that the session may see was written to its socket. */
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
  /** Where to go on with `before`; absent once everything after `from` was looked at. */
  readonly nextBefore?: Offset;
  /** It cannot be told what was sent of entries up to here. */
  readonly from: Offset;
}

/** Entries read at once. */
const PAGE = 250;

/** Entries looked at for one answer: a session that sees one in a thousand costs no more than others. */
export const MAX_SCANNED = 2000;

/**
 * A page of what was sent, from the newest to the oldest. It can be short, or empty, although there is more: the
 * journal is looked at in bounded steps, and `nextBefore` says where the next begins.
 * @throws JournalUnavailableError
 */
export async function readDeliveredMessages(
  journal: FollowableJournal,
  {spans, cursor}: SentRecord,
  {before = cursor + 1, limit}: SentQuery,
): Promise<DeliveredMessages> {
  const messages: {offset: Offset; message: CallStatusMessage}[] = [];
  let from = await oldestReadable(journal, spans[0]?.after ?? cursor);
  // Everything after `end` was looked at.
  let end = Math.min(before - 1, cursor);
  const scanTo = end - MAX_SCANNED;
  while (end > Math.max(from, scanTo) && messages.length < limit) {
    const start = Math.max(from, scanTo, end - PAGE);
    const page = await journal.read(start, end - start);
    if (page.kind === 'too-old') {
      // Trimmed since the last look, which only ever raises it.
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

/** `from`, or the offset up to which the journal has been trimmed since. */
async function oldestReadable(journal: FollowableJournal, from: Offset): Promise<Offset> {
  const page = await journal.read(from, 1);
  return page.kind === 'too-old' ? page.oldest : from;
}

/** As the session decided it (`joinFrames`): the audience of then, and whether there was anything to push. */
function messageOf(entry: JournalEntry, spans: readonly VisibilitySpan[]): CallStatusMessage | undefined {
  const {owner, event} = entry;
  const seen = spanOf(spans, entry.offset)?.visibility.sees({callSid: event.callSid, owner}) ?? false;
  return seen ? toCallStatusMessage(entry) : undefined;
}
