/**
 * The visibility filters through which a session was sent the journal. The filter changes with a subscription
 * or a token. Each change is stored with its offset, because earlier entries were sent through the earlier
 * filter.
 */
import type {Offset} from '../../journal/call-event.ts';
import type {VisibilityFilter} from '../feed/visibility.ts';

/**
 * Entries after `after`, up to the next span's `after` or the session's cursor, were sent through
 * `visibility`.
 */
export interface VisibilitySpan {
  readonly after: Offset;
  readonly visibility: VisibilityFilter;
}

/** Changes that are remembered. A client can change its subscription any number of times. */
export const MAX_SPANS = 16;

/** Total length of the keys of earlier filters. The longest possible subscription fits. */
export const MAX_KEYS_LENGTH = 4096;

/**
 * The spans after a change of the filter at cursor `at`. Above the limits the oldest spans are dropped.
 * Messages sent through them can no longer be reconstructed, and the first remaining span marks where
 * reconstruction starts.
 */
export function withVisibility(
  spans: readonly VisibilitySpan[],
  at: Offset,
  visibility: VisibilityFilter,
): readonly VisibilitySpan[] {
  const last = spans.at(-1);
  if (last?.visibility.key === visibility.key) return spans;
  // Nothing was sent through a filter that was replaced at the offset where it started.
  if (last?.after === at) return withVisibility(spans.slice(0, -1), at, visibility);
  const changed = [...spans, {after: at, visibility}];
  while (changed.length > MAX_SPANS || pastLength(changed) > MAX_KEYS_LENGTH) changed.shift();
  return changed;
}

/** The span in which entry `offset` was sent; `undefined` for entries before the first span. */
export function spanOf(spans: readonly VisibilitySpan[], offset: Offset): VisibilitySpan | undefined {
  return spans.findLast(({after}) => after < offset);
}

function pastLength(spans: readonly VisibilitySpan[]): number {
  let length = 0;
  for (const {visibility} of spans.slice(0, -1)) length += visibility.key.length;
  return length;
}
