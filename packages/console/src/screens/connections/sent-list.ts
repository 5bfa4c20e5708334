/** The messages that a session was sent, page by page, newest first. Pure. */
import type {SentPage} from '@hookswitch/protocol';

export interface SentList {
  readonly messages: SentPage['messages'];
  /** The `before` parameter for older messages. */
  readonly nextCursor?: string;
  readonly from: number;
}

export function beginSent({messages, nextCursor, from}: SentPage): SentList {
  return {messages, from, ...(nextCursor !== undefined && {nextCursor})};
}

/** Appends a page that was requested with the `nextCursor` of `list`. */
export function withOlder(list: SentList, page: SentPage): SentList {
  const {messages, ...rest} = beginSent(page);
  const lowest = list.messages.at(-1)?.offset ?? Number.POSITIVE_INFINITY;
  return {...rest, messages: [...list.messages, ...messages.filter(({offset}) => offset < lowest)]};
}

/**
 * Number of messages on the newest page that are missing in the list. `more`: there are further ones below
 * that page.
 */
export function countNewer(
  list: SentList,
  newest: SentPage,
): {readonly count: number; readonly more: boolean} {
  const highest = list.messages[0]?.offset ?? list.from;
  const newer = newest.messages.filter(({offset}) => offset > highest);
  return {
    count: newer.length,
    more: newer.length > 0 && newer.length === newest.messages.length && newest.nextCursor !== undefined,
  };
}

/** Prepends the newest page. Starts the list over if there is a gap between the two. */
export function withNewest(list: SentList, newest: SentPage): SentList {
  const {count, more} = countNewer(list, newest);
  // A first page without a next cursor is complete.
  if (more || list.messages.length === 0) return beginSent(newest);
  return {...list, from: newest.from, messages: [...newest.messages.slice(0, count), ...list.messages]};
}

/** The fields of a message that the closed row shows. A newer gateway may send unknown messages. */
export interface MessageSummary {
  readonly type: string;
  readonly callSid?: string;
  readonly status?: string;
  readonly reason?: string;
  readonly timestamp?: string;
}

export function summaryOf(message: unknown): MessageSummary {
  if (typeof message !== 'object' || message === null) return {type: typeof message};
  const fields: Readonly<Record<string, unknown>> = {...message};
  const text = (name: string) => {
    const value = fields[name];
    return typeof value === 'string' ? {[name]: value} : {};
  };
  const {type} = fields;
  return {
    type: typeof type === 'string' ? type : 'no type',
    ...text('callSid'),
    ...text('status'),
    ...text('reason'),
    ...text('timestamp'),
  };
}
