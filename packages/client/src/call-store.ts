/**
 * The calls and the cursor they are as of: always changed together, so that a resume continues both and a snapshot replaces
 * both. Everything shown is immutable, and what did not change keeps its object.
 */
import type {Call, CallSnapshotMessage, CallStatusMessage} from '@hookswitch/protocol';
import type {CallState, TimelineEntry} from './client-api.ts';
import {Listeners} from './value-store.ts';

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

export class CallStore {
  /** Undefined: nothing is known, so there is nothing to resume from. */
  cursor: Cursor | undefined;
  readonly changed = new Listeners();
  /** Listeners of one call, by sid. */
  readonly #watched = new Map<string, Listeners>();
  /** Calls in progress, oldest first. */
  #active = new Map<string, CallState>();
  /** The last that ended, in the order they did. */
  readonly #ended = new Map<string, CallState>();
  /** What is known of calls whose first message has not come yet. */
  readonly #details = new Map<string, Pick<Call, 'user' | 'metadata' | 'createdAt'>>();
  #list: readonly CallState[] = [];

  readonly list = (): readonly CallState[] => this.#list;

  get(callSid: string): CallState | undefined {
    return this.#active.get(callSid) ?? this.#ended.get(callSid);
  }

  /** The listeners of one call; kept only while there are any. */
  watch(callSid: string, listener: () => void): () => void {
    const listeners = this.#watched.get(callSid) ?? new Listeners();
    this.#watched.set(callSid, listeners);
    const remove = listeners.add(listener);
    return () => {
      remove();
      if (listeners.empty && this.#watched.get(callSid) === listeners) this.#watched.delete(callSid);
    };
  }

  /** Everything up to here has come. */
  advance(offset: number): void {
    if (this.cursor !== undefined && offset > this.cursor.offset) this.cursor = {...this.cursor, offset};
  }

  /** @returns `false` for what is known already: late, or sent twice */
  apply(message: CallStatusMessage): boolean {
    if (this.cursor === undefined || !(message.offset > this.cursor.offset)) return false;
    this.advance(message.offset);
    const {type: _type, timestamp, source, ...fields} = message;
    const {callSid, status} = fields;
    const known = this.get(callSid);
    const ended = isOver(status);
    const details = this.#details.get(callSid);
    this.#details.delete(callSid);
    this.#put([
      {
        createdAt: timestamp,
        ...known,
        ...details,
        ...fields,
        answeredAt: known?.answeredAt ?? (status === 'in-progress' ? timestamp : undefined),
        endedAt: ended ? timestamp : undefined,
        updatedAt: timestamp,
        timeline: extend(known, {...fields, timestamp, source}),
        ended,
        outcomeUnknown: undefined,
      },
    ]);
    return true;
  }

  /**
   * Replaces what is in progress.
   * @returns calls that are gone: they ended, and nobody here saw how
   */
  replace(
    {offset, calls}: Pick<CallSnapshotMessage, 'offset' | 'calls'>,
    epoch: string,
  ): readonly CallState[] {
    this.cursor = {epoch, offset};
    // The gateway lists the oldest first; sorting is stable, so that its order decides among those of one moment.
    const next = calls.toSorted((a, b) =>
      a.createdAt < b.createdAt ? -1 : a.createdAt > b.createdAt ? 1 : 0,
    );
    const sids = new Set(next.map(({callSid}) => callSid));
    const gone = [...this.#active.values()]
      .filter(({callSid}) => !sids.has(callSid))
      .map((call): CallState => ({...call, ended: true, outcomeUnknown: true}));
    const before = this.#active;
    this.#active = new Map();
    this.#put(
      [...gone, ...next.map((call) => merge(before.get(call.callSid) ?? this.get(call.callSid), call))],
      before,
    );
    return gone;
  }

  /** Takes in what HTTP says of a call: how it ended, and what `call.status` does not carry. */
  learn(call: Call): void {
    const {callSid, user, metadata, createdAt} = call;
    const known = this.get(callSid);
    if (isOver(call.status)) {
      if (known?.ended !== true || known.outcomeUnknown) this.#put([merge(known, call)]);
    } else if (known !== undefined) {
      this.#put([{...known, user, metadata, createdAt}]);
    } else {
      // Its first message is still on the way. A call must not be shown before the cursor has come to it.
      this.#details.set(callSid, {user, metadata, createdAt});
      for (const oldest of this.#details.keys()) {
        if (this.#details.size <= MAX_DETAILS) break;
        this.#details.delete(oldest);
      }
    }
  }

  /** What an earlier page held, newest first. */
  restore(calls: readonly CallState[], cursor: Cursor): void {
    this.cursor = cursor;
    this.#put(calls.toReversed());
  }

  /** What was held is somebody else's, or of a journal that is gone. */
  clear(): void {
    const before = [...this.#active.keys(), ...this.#ended.keys()];
    this.cursor = undefined;
    this.#active.clear();
    this.#ended.clear();
    this.#tell(before);
  }

  #put(calls: readonly CallState[], before?: ReadonlyMap<string, CallState>): void {
    const changed: string[] = [];
    for (const call of calls) {
      const {callSid} = call;
      if ((before?.get(callSid) ?? this.get(callSid)) !== call) changed.push(callSid);
      // A call that ended goes to the end of those that did.
      this.#ended.delete(callSid);
      if (call.ended) this.#active.delete(callSid);
      (call.ended ? this.#ended : this.#active).set(callSid, call);
    }
    for (const callSid of this.#ended.keys()) {
      if (this.#ended.size <= MAX_ENDED_CALLS) break;
      this.#ended.delete(callSid);
      changed.push(callSid);
    }
    this.#tell(changed);
  }

  #tell(changed: readonly string[]): void {
    const list = [...this.#active.values()].reverse();
    const same = list.length === this.#list.length && list.every((call, at) => call === this.#list[at]);
    if (!same) this.#list = list;
    for (const callSid of changed) this.#watched.get(callSid)?.emit();
    if (!same) this.changed.emit();
  }
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
  return keys.every((key) => a[key] === b[key] || JSON.stringify(a[key]) === JSON.stringify(b[key]));
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
