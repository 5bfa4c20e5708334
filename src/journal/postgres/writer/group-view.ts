/**
 * The rows of one transaction, in memory: the loaded rows and the changes so far. Requests run in order. Each
 * sees the changes of the requests before it, as if each were a transaction of its own.
 */
import {numberOf, type Row} from '../../../postgres/rows.ts';
import {type CallChange, decideAppend, type JournalView} from '../../append-decision.ts';
import type {AppendResult, FencedAppend} from '../../appendable-journal.ts';
import type {CallRecord, JournalEntry, Offset} from '../../call-event.ts';
import type {DialIntent, DialIntentRecord} from '../../dial-intent.ts';
import type {OpenIntentResult} from '../../dial-intent-store.ts';
import type {Fence} from '../../fence.ts';
import {trimmedCallKey} from '../../trimmed-call-key.ts';
import {callOf, entryOf, intentOf} from '../journal-rows.ts';
import type {GroupRequest} from './write-requests.ts';

/** An entry to insert. */
export interface NewEntry {
  readonly entry: JournalEntry;
  /** JSON of the event and of the call, as stored. */
  readonly event: string;
  readonly call: string | null;
  readonly parameters: string | null;
  /** Number of times that the same event was repeated within the group. */
  repeats: number;
}

interface CallState {
  /** The call as it was loaded. Absent if the call is new. */
  readonly loaded?: CallRecord;
  current: CallRecord;
  json: string;
  changed: boolean;
}

interface IntentState {
  current: DialIntentRecord;
  changed: boolean;
}

type KnownEntry =
  | {readonly kind: 'stored'; readonly row: Row}
  | {readonly kind: 'new'; readonly entry: NewEntry};

export class GroupView implements JournalView {
  readonly newEntries: NewEntry[] = [];
  /** Number of repetitions of stored entries, by offset. */
  readonly repeats = new Map<Offset, number>();
  #head: Offset;
  #probed = false;
  readonly #entries = new Map<string, KnownEntry>();
  readonly #calls = new Map<string, CallState>();
  readonly #legs = new Map<string, Set<string>>();
  readonly #intents = new Map<string, IntentState>();
  readonly #byKey = new Map<string, Set<string>>();
  readonly #trimmed = new Set<bigint>();
  readonly #fences: ReadonlyMap<string, Fence>;

  /** @param fences current holders of the duties that requests are fenced with */
  constructor(head: Offset, fences: ReadonlyMap<string, Fence> = new Map()) {
    this.#head = head;
    this.#fences = fences;
  }

  /** Offset of the last entry, including entries of the group. */
  get head(): Offset {
    return this.#head;
  }

  get probed(): boolean {
    return this.#probed;
  }

  loadEntry(dedupeKey: string, row: Row): void {
    this.#entries.set(dedupeKey, {kind: 'stored', row});
  }

  loadCall(callSid: string, json: string): void {
    if (this.#calls.has(callSid)) return;
    const record = callOf(json);
    this.#calls.set(callSid, {loaded: record, current: record, json, changed: false});
    this.#noteLeg(record);
  }

  /** Records a trimmed call, so that a late event does not create it again. */
  loadTrimmed(key: bigint): void {
    this.#trimmed.add(key);
  }

  loadIntent(reference: string, row: Row): void {
    if (!this.#intents.has(reference)) this.#setIntent({current: intentOf(row), changed: false});
  }

  call(callSid: string): CallRecord | undefined {
    return this.#calls.get(callSid)?.current;
  }

  intent(reference: string): DialIntent | undefined {
    return this.#intents.get(reference)?.current;
  }

  legsWithoutOwner(callSid: string): readonly CallRecord[] {
    return [...(this.#legs.get(callSid) ?? [])]
      .map((leg) => this.call(leg))
      .filter((leg) => leg !== undefined)
      .filter((leg) => leg.owner === undefined);
  }

  /** New and changed calls, with their state before the group. */
  *changedCalls(): Generator<{
    readonly before?: CallRecord;
    readonly after: CallRecord;
    readonly json: string;
  }> {
    for (const {loaded, current, json, changed} of this.#calls.values()) {
      if (changed) yield {...(loaded === undefined ? {} : {before: loaded}), after: current, json};
    }
  }

  *changedIntents(): Generator<DialIntentRecord> {
    for (const {current, changed} of this.#intents.values()) if (changed) yield current;
  }

  /** Performs one request and returns its result. */
  perform(request: GroupRequest): AppendResult | FencedAppend | OpenIntentResult | undefined {
    switch (request.kind) {
      case 'append':
        if (request.fence === undefined) return this.#append(request);
        if (!isHeld(request.fence, this.#fences.get(request.fence.name))) return {kind: 'stale'};
        return {kind: 'appended', ...this.#append(request)};
      case 'open-intent':
        return this.#open(request.intent, request.keysSince);
      case 'reject-intent':
        this.#reject(request.reference);
        return undefined;
      case 'probe':
        this.#probed = true;
        return undefined;
    }
  }

  #append({event, parameters}: Extract<GroupRequest, {kind: 'append'}>): AppendResult {
    const known = this.#entries.get(event.dedupeKey);
    if (known !== undefined) return {entry: this.#repeat(known), repeated: true};
    const offset = this.#head + 1;
    const decision = decideAppend(this, event, offset);
    const {verdict, owner, changes, carriesCall, binding} = decision;
    if (this.#recreatesTrimmed(changes)) {
      // The call was trimmed, so its first entry no longer exists.
      return {entry: {offset: 0, event, verdict: 'duplicate'}, repeated: true};
    }
    const written = changes.map(({after}) => this.#writeCall(after));
    if (binding !== undefined) this.#bind(binding.reference, binding.rootCallSid);
    const call = carriesCall ? changes[0]?.after : undefined;
    const entry: JournalEntry = {
      offset,
      event,
      verdict,
      ...(owner === undefined ? {} : {owner}),
      ...(call === undefined ? {} : {call}),
    };
    const added: NewEntry = {
      entry,
      event: JSON.stringify(event),
      call: call === undefined ? null : (written[0] ?? null),
      parameters: parameters ?? null,
      repeats: 0,
    };
    this.#head = offset;
    this.newEntries.push(added);
    this.#entries.set(event.dedupeKey, {kind: 'new', entry: added});
    return {entry, repeated: false};
  }

  #recreatesTrimmed(changes: readonly CallChange[]): boolean {
    if (this.#trimmed.size === 0) return false;
    return changes.some(
      ({before, after}) => before === undefined && this.#trimmed.has(trimmedCallKey(after.callSid)),
    );
  }

  #repeat(known: KnownEntry): JournalEntry {
    if (known.kind === 'new') {
      known.entry.repeats += 1;
      return known.entry.entry;
    }
    const offset = numberOf(known.row['offset']);
    this.repeats.set(offset, (this.repeats.get(offset) ?? 0) + 1);
    return entryOf(known.row);
  }

  /** Returns the call's JSON. */
  #writeCall(call: CallRecord): string {
    const json = JSON.stringify(call);
    const state = this.#calls.get(call.callSid);
    if (state === undefined) this.#calls.set(call.callSid, {current: call, json, changed: true});
    else Object.assign(state, {current: call, json, changed: true});
    this.#noteLeg(call);
    return json;
  }

  #noteLeg({callSid, parentCallSid}: CallRecord): void {
    if (parentCallSid === undefined) return;
    const legs = this.#legs.get(parentCallSid) ?? new Set();
    this.#legs.set(parentCallSid, legs.add(callSid));
  }

  #open(intent: DialIntent, keysSince: number): OpenIntentResult {
    const {reference, user, idempotencyKey} = intent;
    const earlier =
      idempotencyKey === undefined ? undefined : this.#firstOfKey(user, idempotencyKey, keysSince);
    if (earlier !== undefined && earlier.reference !== reference) return {kind: 'exists', intent: earlier};
    // The same intent again means that a request was repeated because its response was lost. It is stored
    // already.
    if (!this.#intents.has(reference)) {
      // Equal to the intent after a round trip through JSON.
      const stored = JSON.parse(JSON.stringify(intent)) as DialIntent;
      this.#setIntent({current: {...stored, state: 'open'}, changed: true});
    }
    return {kind: 'opened'};
  }

  #firstOfKey(user: string, key: string, since: number): DialIntentRecord | undefined {
    const intents = [...(this.#byKey.get(keyOf(user, key)) ?? [])]
      .map((reference) => this.#intents.get(reference)?.current)
      .filter((intent) => intent !== undefined)
      .filter(({state, createdAt}) => state !== 'rejected' && createdAt >= since);
    return intents.sort((a, b) => a.createdAt - b.createdAt)[0];
  }

  #reject(reference: string): void {
    const state = this.#intents.get(reference);
    // An intent with a call cannot be rejected: Twilio's callback is more reliable than its response.
    if (state?.current.state !== 'open') return;
    state.current = {...state.current, state: 'rejected'};
    state.changed = true;
  }

  /** Binds the intent to the first root call that names it. */
  #bind(reference: string, callSid: string): void {
    const state = this.#intents.get(reference);
    if (state === undefined || state.current.callSid !== undefined) return;
    state.current = {...state.current, state: 'placed', callSid};
    state.changed = true;
  }

  #setIntent(state: IntentState): void {
    const {reference, user, idempotencyKey} = state.current;
    this.#intents.set(reference, state);
    if (idempotencyKey === undefined) return;
    const key = keyOf(user, idempotencyKey);
    this.#byKey.set(key, (this.#byKey.get(key) ?? new Set()).add(reference));
  }
}

function keyOf(user: string, key: string): string {
  return JSON.stringify([user, key]);
}

function isHeld({token, holder}: Fence, now: Fence | undefined): boolean {
  return now?.token === token && (holder === undefined || now.holder === holder);
}
