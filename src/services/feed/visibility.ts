/**
 * Which entries a session is told about. Sessions that see the same entries have the same audience key, and share
 * the bytes that are written to them.
 */
import {hasScope, type Principal} from '../../auth/authenticator.ts';

/** What decides whether an entry is seen. */
export interface Visible {
  readonly callSid: string;
  readonly owner?: string;
}

export interface VisibilityFilter {
  readonly key: string;
  sees(entry: Visible): boolean;
}

/** What a session asked to be told about. */
export type Subscription = 'all' | readonly string[];

/** The two that most sessions have are one object each. */
const EVERYTHING: VisibilityFilter = {key: 'all', sees: () => true};
const NOTHING: VisibilityFilter = {key: 'none', sees: () => false};

/** The audience of a principal with a subscription. */
export function visibilityOf(principal: Principal, subscription: Subscription): VisibilityFilter {
  const scope = hasScope(principal, 'calls:read:all')
    ? EVERYTHING
    : hasScope(principal, 'calls:read')
      ? {key: `user:${principal.user}`, sees: (entry: Visible) => entry.owner === principal.user}
      : NOTHING;
  if (subscription === 'all') return scope;
  const sids = new Set(subscription);
  // A user's name may hold any character: the sids come first, where their form is known.
  const key = `${[...sids].sort().join(',')}|${scope.key}`;
  return {key, sees: (entry) => sids.has(entry.callSid) && scope.sees(entry)};
}

/** The audience that has a key: how another node's sessions see the journal. `undefined`: no audience of ours has it. */
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
