/**
 * Visibility filters: the entries that a session may see. Sessions that see the same entries have the same
 * key and share the bytes that are written to them.
 */
import {hasScope, type Principal} from '../../auth/authenticator.ts';

/** The facts that decide whether an entry is visible. */
export interface Visible {
  readonly callSid: string;
  readonly owner?: string;
}

export interface VisibilityFilter {
  readonly key: string;
  sees(entry: Visible): boolean;
}

/** The calls that a session subscribed to. */
export type Subscription = 'all' | readonly string[];

/** Shared objects, because most sessions have one of these filters. */
const EVERYTHING: VisibilityFilter = {key: 'all', sees: () => true};
const NOTHING: VisibilityFilter = {key: 'none', sees: () => false};

/** The filter of a principal with a subscription. */
export function visibilityOf(principal: Principal, subscription: Subscription): VisibilityFilter {
  const scope = hasScope(principal, 'calls:read:all')
    ? EVERYTHING
    : hasScope(principal, 'calls:read')
      ? {key: `user:${principal.user}`, sees: (entry: Visible) => entry.owner === principal.user}
      : NOTHING;
  if (subscription === 'all') return scope;
  const sids = new Set(subscription);
  // A user name may contain any character. The SIDs come first because their format is known.
  const key = `${[...sids].sort().join(',')}|${scope.key}`;
  return {key, sees: (entry) => sids.has(entry.callSid) && scope.sees(entry)};
}

/** Recreates a filter from its key, for sessions of other nodes; `undefined` if the key is unknown. */
export function visibilityOfKey(key: string): VisibilityFilter | undefined {
  const user = 'user:';
  if (key === 'all') return EVERYTHING;
  if (key === 'none') return NOTHING;
  if (key.startsWith(user)) return {key, sees: ({owner}) => owner === key.slice(user.length)};
  const at = key.indexOf('|');
  const scope = at === -1 ? undefined : visibilityOfKey(key.slice(at + 1));
  if (scope === undefined) return undefined;
  const sids = new Set(key.slice(0, at).split(','));
  return {key, sees: (entry) => sids.has(entry.callSid) && scope.sees(entry)};
}
