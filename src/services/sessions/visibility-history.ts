/**
 * Through which audiences a session was sent the journal. An audience changes with a subscription or a token; what was
 * sent before goes by the audience of then, so each change is kept with the offset at which it took effect.
 */
import type {Offset} from '../../journal/call-event.ts';
import type {VisibilityFilter} from '../feed/visibility.ts';

/** Entries after `after`, up to the next span's `after` or the session's cursor, were sent through `audience`. */
export interface VisibilitySpan {
  readonly after: Offset;
  readonly visibility: VisibilityFilter;
}

/** Changes that are remembered. A client may change its subscription all day. */
export const MAX_SENT_SPANS = 16;

/** Characters of audience keys, which is what subscriptions weigh: one of the longest, beside the current one. */
export const MAX_SENT_KEYS_LENGTH = 4096;

/**
 * The spans after a change of audience at cursor `at`. Beyond the limits the oldest go: what was sent through them
 * cannot be told any more, and the first span that is left says from where on it can.
 */
export function withVisibility(
  spans: readonly VisibilitySpan[],
  at: Offset,
  visibility: VisibilityFilter,
): readonly VisibilitySpan[] {
  const last = spans.at(-1);
  if (last?.visibility.key === visibility.key) return spans;
  // Nothing was sent through an audience that was replaced where it began.
  if (last?.after === at) return withVisibility(spans.slice(0, -1), at, visibility);
  const changed = [...spans, {after: at, visibility}];
  while (changed.length > MAX_SENT_SPANS || pastLength(changed) > MAX_SENT_KEYS_LENGTH) changed.shift();
  return changed;
}

/** The span that entry `offset` was sent in; `undefined` for what came before the first. */
export function spanOf(spans: readonly VisibilitySpan[], offset: Offset): VisibilitySpan | undefined {
  return spans.findLast(({after}) => after < offset);
}

function pastLength(spans: readonly VisibilitySpan[]): number {
  let length = 0;
  for (const {visibility} of spans.slice(0, -1)) length += visibility.key.length;
  return length;
}
