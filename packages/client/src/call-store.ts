/**
 * The calls and the cursor they are as of: always changed together, so that a resume continues both and a snapshot replaces
 * both. Everything shown is immutable, and what did not change keeps its object.
 */
import type {Call, CallStatusMessage} from '@hookswitch/protocol';
import type {CallState, TimelineEntry} from './client-api.ts';

/** Where the journal was read up to. */
export interface Cursor {
  readonly epoch: string;
  readonly offset: number;
}

/** Calls that ended are kept so long: a page may still show them. */
export const MAX_ENDED_CALLS = 200;
/** More than any call has; a bound all the same. */
const MAX_TIMELINE = 50;
/** Calls placed here whose first message may still be on the way. */
const MAX_DETAILS = 100;

export interface CallStore {
  /** Undefined: nothing is known, so there is nothing to resume from. */
  readonly cursor: () => Cursor | undefined;
  /** In progress, newest first. */
  readonly list: () => readonly CallState[];
  get(callSid: string): CallState | undefined;
  /** Everything up to here has come. */
  advance(offset: number): void;
  /** @returns `false` for what is known already: late, or sent twice */
  apply(message: CallStatusMessage): boolean;
  /**
   * Replaces what is in progress.
   * @returns calls that are gone: they ended, and nobody here saw how
   */
  replace(next: Cursor, calls: readonly Call[]): readonly CallState[];
  /** Takes in what HTTP says of a call: how it ended, and what `call.status` does not carry. */
  learn(call: Call): void;
  /** What an earlier page held, newest first. */
  restore(calls: readonly CallState[], next: Cursor): void;
  /** What was held is somebody else's. */
  clear(): void;
}

/** @param tell is called with the sids of calls that changed, and then with `calls` where the list did */
export function createCallStore(tell: (what: string) => void): CallStore {
  let cursor: Cursor | undefined;
  /** In progress, oldest first. */
  let active = new Map<string, CallState>();
  /** The last that ended, in the order they did. */
  const ended = new Map<string, CallState>();
  /** What is known of calls whose first message has not come yet. */
  const details = new Map<string, Pick<Call, 'user' | 'metadata' | 'createdAt'>>();
  let list: readonly CallState[] = [];

  const get = (callSid: string) => active.get(callSid) ?? ended.get(callSid);

  const advance = (offset: number) => {
    if (cursor !== undefined && offset > cursor.offset) cursor = {...cursor, offset};
  };

  const notify = (changed: Iterable<string>) => {
    const next = [...active.values()].reverse();
    const same = next.length === list.length && next.every((call, at) => call === list[at]);
    if (!same) list = next;
    for (const callSid of changed) tell(callSid);
    if (!same) tell('calls');
  };

  const put = (calls: readonly CallState[], before?: ReadonlyMap<string, CallState>) => {
    const changed = new Set<string>();
    for (const call of calls) {
      const {callSid} = call;
      if ((before?.get(callSid) ?? get(callSid)) !== call) changed.add(callSid);
      // A call that ended goes to the end of those that did.
      ended.delete(callSid);
      if (call.ended) active.delete(callSid);
      (call.ended ? ended : active).set(callSid, call);
    }
    for (const callSid of bound(ended, MAX_ENDED_CALLS)) changed.add(callSid);
    notify(changed);
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
      const over = isOver(status);
      // A call that had ended and goes on is one of another journal: nothing of the first is true of it.
      const held = get(callSid);
      const known = held?.ended === true && !over ? undefined : held;
      const {user, metadata, createdAt} = details.get(callSid) ?? known ?? {createdAt: timestamp};
      details.delete(callSid);
      put([
        {
          user,
          metadata,
          createdAt,
          ...fields,
          answeredAt: known?.answeredAt ?? (status === 'in-progress' ? timestamp : undefined),
          endedAt: over ? timestamp : undefined,
          updatedAt: timestamp,
          timeline: extend(known, {...fields, timestamp, source}),
          ended: over,
        },
      ]);
      return true;
    },
    replace: (next, calls) => {
      cursor = next;
      // The gateway lists the oldest first; sorting is stable, so that its order decides among those of one moment.
      const current = [...calls].sort((a, b) => Date.parse(a.createdAt) - Date.parse(b.createdAt));
      const sids = new Set(current.map(({callSid}) => callSid));
      const before = active;
      const gone = [...before.values()]
        .filter(({callSid}) => !sids.has(callSid))
        .map((call): CallState => ({...call, ended: true, outcomeUnknown: true}));
      active = new Map();
      put(
        [...gone, ...current.map((call) => merge(before.get(call.callSid) ?? get(call.callSid), call))],
        before,
      );
      return gone;
    },
    learn: (call) => {
      const {callSid, user, metadata, createdAt} = call;
      const known = get(callSid);
      if (isOver(call.status)) {
        if (known?.ended !== true || known.outcomeUnknown) put([merge(known, call)]);
      } else if (known !== undefined) {
        put([{...known, user, metadata, createdAt}]);
      } else {
        // Its first message is still on the way. A call must not be shown before the cursor has come to it.
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
      notify(before);
    },
  };
}

/** Takes the oldest out until there are at most `max`; returns which. */
export function bound(map: Map<string, unknown>, max: number): readonly string[] {
  const dropped = [...map.keys()].slice(0, Math.max(0, map.size - max));
  for (const key of dropped) map.delete(key);
  return dropped;
}

function isOver(status: Call['status']): boolean {
  return status === 'completed' || status === 'failed';
}

/** The call as a snapshot or an answer has it; the same object when it says nothing new. */
function merge(known: CallState | undefined, call: Call): CallState {
  const ended = isOver(call.status);
  const timeline = extend(known, {...call, timestamp: call.endedAt ?? call.updatedAt});
  const next: CallState = {...call, timeline, ended};
  return known !== undefined && known.outcomeUnknown === undefined && alike(known, next) ? known : next;
}

function alike(a: CallState, b: CallState): boolean {
  const keys = Object.keys({...a, ...b}) as (keyof CallState)[];
  return keys.every((key) => JSON.stringify(a[key]) === JSON.stringify(b[key]));
}

/** The timeline with one more entry; the same one when it has that already. */
function extend(
  known: CallState | undefined,
  {status, providerStatus, reason, timestamp, source, offset}: TimelineEntry,
): readonly TimelineEntry[] {
  const timeline = known?.timeline ?? [];
  const last = timeline.at(-1);
  if (last?.offset === offset && last.providerStatus === providerStatus) return timeline;
  return [...timeline, {status, providerStatus, reason, timestamp, source, offset}].slice(-MAX_TIMELINE);
}
