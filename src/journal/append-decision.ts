/**
 * Decides the effect of appending one event: the entry, the changed calls and the bound intent.
 *
 * The decision is pure, and every adapter uses it. The adapter looks up the calls concerned and decides
 * inside its own transaction, so that two callbacks of one call never contradict each other, even at
 * different nodes.
 */
import type {CallEvent, CallRecord, Offset, StatusEvent, Verdict} from './call-event.ts';
import type {DialIntent} from './dial-intent.ts';
import {type Provenance, transition} from './transition.ts';

/** The state of the journal before the event. */
export interface JournalView {
  call(callSid: string): CallRecord | undefined;
  intent(reference: string): DialIntent | undefined;
  /** Legs of the call that have no owner yet. */
  legsWithoutOwner(callSid: string): readonly CallRecord[];
}

export interface CallChange {
  /** Absent if the call is new. */
  readonly before?: CallRecord;
  readonly after: CallRecord;
}

export interface AppendDecision {
  readonly verdict: Verdict;
  /** The call's owner after the event. */
  readonly owner?: string;
  /** The event's call first, then legs that got an owner. Empty for a command. */
  readonly changes: readonly CallChange[];
  /** Whether the entry carries the call's new state. */
  readonly carriesCall: boolean;
  /** Binds the intent to this root call, unless the intent already has a call. */
  readonly binding?: {readonly reference: string; readonly rootCallSid: string};
}

/** Decides the effect of `event`, which will be written at `offset`. */
export function decideAppend(view: JournalView, event: CallEvent, offset: Offset): AppendDecision {
  return event.kind === 'command' ? decideCommand(view, event) : decideStatus(view, event, offset);
}

function decideCommand(view: JournalView, {callSid}: CallEvent): AppendDecision {
  const owner = view.call(callSid)?.owner;
  return {verdict: 'applied', changes: [], carriesCall: false, ...(owner === undefined ? {} : {owner})};
}

function decideStatus(view: JournalView, event: StatusEvent, offset: Offset): AppendDecision {
  const before = view.call(event.callSid);
  const provenance = provenanceOf(view, event, before);
  const decided = transition(before, event, offset, provenance);
  const call = withoutUndefined(decided.call);
  const {owner} = call;
  // A leg's callback can overtake the first callback of its parent. Then the leg's owner is known only now.
  const legs = owner !== undefined && before?.owner === undefined ? view.legsWithoutOwner(call.callSid) : [];
  const binding =
    event.reference === undefined
      ? undefined
      : {reference: event.reference, rootCallSid: event.parentCallSid ?? event.callSid};
  return {
    verdict: decided.verdict,
    changes: [
      {...(before === undefined ? {} : {before}), after: call},
      ...legs.map((leg) => ({before: leg, after: {...leg, ...(owner === undefined ? {} : {owner})}})),
    ],
    carriesCall: decided.verdict === 'applied',
    ...(owner === undefined ? {} : {owner}),
    ...(binding === undefined ? {} : {binding}),
  };
}

/** Finds the call's origin: the intent that its callback URL names, or the parent of a leg. */
function provenanceOf(view: JournalView, event: StatusEvent, before: CallRecord | undefined): Provenance {
  const parentCallSid = event.parentCallSid ?? before?.parentCallSid;
  const intent = event.reference === undefined ? undefined : view.intent(event.reference);
  if (intent !== undefined && parentCallSid === undefined) {
    const {user, metadata, from, to} = intent;
    return {owner: user, from, to, ...(metadata === undefined ? {} : {metadata})};
  }
  // The numbers and the metadata of an intent describe the root call. A leg inherits only the owner.
  const owner = intent?.user ?? (parentCallSid === undefined ? undefined : view.call(parentCallSid)?.owner);
  return owner === undefined ? {} : {owner};
}

/** Drops `undefined` values, so that the call equals its own JSON after a round trip. */
function withoutUndefined(call: CallRecord): CallRecord {
  const kept: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(call)) if (value !== undefined) kept[name] = value;
  return kept as unknown as CallRecord;
}
