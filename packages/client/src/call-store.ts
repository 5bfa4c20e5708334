/**
 * Stores the calls and the cursor they belong to. Both always change together, so that a resume continues both and a
 * snapshot replaces both. Snapshots are immutable, and an unchanged call keeps its object.
 */
import type {Call, CallStatusMessage} from '@hookswitch/protocol';
import type {CallState, TimelineEntry} from './client-api.ts';

/** The position in the journal up to which this client has read. */
export interface Cursor {
  readonly epoch: string;
  readonly offset: number;
}

/** How many ended calls to keep, because a page may still show them. */
export const MAX_ENDED_CALLS = 200;
/** A bound on memory. No real call has so many changes. */
const MAX_TIMELINE = 50;
/** How many placed calls to remember until their first message arrives. */
const MAX_DETAILS = 100;

export interface CallStore {
  /** `undefined` before the first snapshot: there is no position to resume from. */
  readonly cursor: () => Cursor | undefined;
  /** The calls in progress, newest first. */
  readonly list: () => readonly CallState[];
  get(callSid: string): CallState | undefined;
  /** Moves the cursor, because every message up to `offset` has arrived. */
  advance(offset: number): void;
  /** Applies a status. @returns `false` if it is already known: late, or a duplicate */
  apply(message: CallStatusMessage): boolean;
  /**
   * Replaces the calls in progress with a snapshot.
   * @returns the calls that the snapshot no longer contains: they ended unseen
   */
  replace(next: Cursor, calls: readonly Call[]): readonly CallState[];
  /** Adds the HTTP API's data of a call: its outcome, and the fields that `call.status` does not contain. */
  addDetails(call: Call): void;
  /** Restores the previous page's calls, newest first. */
  restore(calls: readonly CallState[], next: Cursor): void;
  /** Removes everything, because the stored calls belong to another user. */
  clear(): void;
}

/** @param notify is called with the sid of each changed call, and then with `calls` if the list changed */
export function createCallStore(notify: (name: string) => void): CallStore {
  let cursor: Cursor | undefined;
  /** The calls in progress, oldest first. */
  let active = new Map<string, CallState>();
  /** The calls that ended last, in the order in which they ended. */
  const ended = new Map<string, CallState>();
  /** Details of placed calls whose first message has not arrived yet. */
  const details = new Map<string, Pick<Call, 'user' | 'metadata' | 'createdAt'>>();
  let list: readonly CallState[] = [];

  const get = (callSid: string) => active.get(callSid) ?? ended.get(callSid);

  const advance = (offset: number) => {
    if (cursor !== undefined && offset > cursor.offset) cursor = {...cursor, offset};
  };

  const update = (changed: Iterable<string>) => {
    const next = [...active.values()].reverse();
    const same = next.length === list.length && next.every((call, at) => call === list[at]);
    if (!same) list = next;
    for (const callSid of changed) notify(callSid);
    if (!same) notify('calls');
  };

  const put = (calls: readonly CallState[], before?: ReadonlyMap<string, CallState>) => {
    const changed = new Set<string>();
    for (const call of calls) {
      const {callSid} = call;
      if ((before?.get(callSid) ?? get(callSid)) !== call) changed.add(callSid);
      // Re-insert an ended call at the end, so that the map keeps the order in which calls ended.
      ended.delete(callSid);
      if (call.ended) active.delete(callSid);
      (call.ended ? ended : active).set(callSid, call);
    }
    for (const callSid of bound(ended, MAX_ENDED_CALLS)) changed.add(callSid);
    update(changed);
  };

  return {
    cursor: () => cursor,
    list: () => list,
    get,
    advance,
    apply: (message) => {
      if (cursor === undefined || !(message.offset > cursor.offset)) return false;
      advance(message.offset);
      const {type: _type, timestamp, source, ...fields} = message;
      const {callSid, status} = fields;
      const ended = hasEnded(status);
      // If an ended call continues, it belongs to another journal, and the stored state is not valid for it.
      const stored = get(callSid);
      const known = stored?.ended === true && !ended ? undefined : stored;
      const {user, metadata, createdAt} = details.get(callSid) ?? known ?? {createdAt: timestamp};
      details.delete(callSid);
      put([
        {
          user,
          metadata,
          createdAt,
          ...fields,
          answeredAt: known?.answeredAt ?? (status === 'in-progress' ? timestamp : undefined),
          endedAt: ended ? timestamp : undefined,
          updatedAt: timestamp,
          timeline: extend(known, {...fields, timestamp, source}),
          ended,
        },
      ]);
      return true;
    },
    replace: (next, calls) => {
      cursor = next;
      // The gateway lists the oldest call first. The sort is stable and keeps its order for equal timestamps.
      const current = [...calls].sort((a, b) => Date.parse(a.createdAt) - Date.parse(b.createdAt));
      const sids = new Set(current.map(({callSid}) => callSid));
      const before = active;
      const endedUnseen = [...before.values()]
        .filter(({callSid}) => !sids.has(callSid))
        .map((call): CallState => ({...call, ended: true, outcomeUnknown: true}));
      active = new Map();
      put(
        [
          ...endedUnseen,
          ...current.map((call) => merge(before.get(call.callSid) ?? get(call.callSid), call)),
        ],
        before,
      );
      return endedUnseen;
    },
    addDetails: (call) => {
      const {callSid, user, metadata, createdAt} = call;
      const known = get(callSid);
      if (hasEnded(call.status)) {
        if (known?.ended !== true || known.outcomeUnknown) put([merge(known, call)]);
      } else if (known !== undefined) {
        put([{...known, user, metadata, createdAt}]);
      } else {
        // The first message is still on its way. The call must not be shown before the cursor has reached it.
        details.set(callSid, {user, metadata, createdAt});
        bound(details, MAX_DETAILS);
      }
    },
    restore: (calls, next) => {
      cursor = next;
      put([...calls].reverse());
    },
    clear: () => {
      const before = [...active.keys(), ...ended.keys()];
      cursor = undefined;
      active.clear();
      ended.clear();
      update(before);
    },
  };
}

/** Removes the oldest entries until at most `max` remain. Returns the removed keys. */
export function bound(map: Map<string, unknown>, max: number): readonly string[] {
  const dropped = [...map.keys()].slice(0, Math.max(0, map.size - max));
  for (const key of dropped) map.delete(key);
  return dropped;
}

function hasEnded(status: Call['status']): boolean {
  return status === 'completed' || status === 'failed';
}

/** Merges a call from a snapshot or response. Returns the same object if nothing changed. */
function merge(known: CallState | undefined, call: Call): CallState {
  const ended = hasEnded(call.status);
  const timeline = extend(known, {...call, timestamp: call.endedAt ?? call.updatedAt});
  const next: CallState = {...call, timeline, ended};
  return known !== undefined && known.outcomeUnknown === undefined && isEqual(known, next) ? known : next;
}

function isEqual(a: CallState, b: CallState): boolean {
  const keys = Object.keys({...a, ...b}) as (keyof CallState)[];
  return keys.every((key) => JSON.stringify(a[key]) === JSON.stringify(b[key]));
}

/** Appends an entry to the timeline. Returns the same array if the entry is already there. */
function extend(
  known: CallState | undefined,
  {status, providerStatus, reason, timestamp, source, offset}: TimelineEntry,
): readonly TimelineEntry[] {
  const timeline = known?.timeline ?? [];
  const last = timeline.at(-1);
  if (last?.offset === offset && last.providerStatus === providerStatus) return timeline;
  return [...timeline, {status, providerStatus, reason, timestamp, source, offset}].slice(-MAX_TIMELINE);
}
