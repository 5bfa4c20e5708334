/**
 * What appending one event means: its entry, the calls it changes, the intent it binds. Pure, over whatever a journal has
 * looked up of the calls concerned; the same in every adapter, and within a transaction of theirs, so that two callbacks of
 * one call agree wherever they arrive.
 */
import type {CallEvent, CallRecord, Offset, StatusEvent, Verdict} from './call-event.ts';
import type {DialIntent} from './dial-intent.ts';
import {type Provenance, transition} from './transition.ts';

/** What the journal knows before the event. */
export interface JournalView {
  call(callSid: string): CallRecord | undefined;
  intent(reference: string): DialIntent | undefined;
  /** Legs of the call that nobody owns yet. */
  legsWithoutOwner(callSid: string): readonly CallRecord[];
}

export interface CallChange {
  /** Absent: the call is new. */
  readonly before?: CallRecord;
  readonly after: CallRecord;
}

export interface AppendDecision {
  readonly verdict: Verdict;
  /** The call's owner now. */
  readonly owner?: string;
  /** The call the event is about first, then legs that got an owner; none for a command. */
  readonly changes: readonly CallChange[];
  /** The entry carries the call as it is now. */
  readonly carriesCall: boolean;
  /** This intent has led to this root call, unless it has one already. */
  readonly binding?: {readonly reference: string; readonly rootCallSid: string};
}

/** Decides what `event`, about to be written at `offset`, is and does. */
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
  // A leg's callback can overtake its parent's first one; then its owner is known only now.
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

/** Where the call comes from: the intent its callback URL names, or the call it is a leg of. */
function provenanceOf(view: JournalView, event: StatusEvent, before: CallRecord | undefined): Provenance {
  const parentCallSid = event.parentCallSid ?? before?.parentCallSid;
  const intent = event.reference === undefined ? undefined : view.intent(event.reference);
  if (intent !== undefined && parentCallSid === undefined) {
    const {user, metadata, from, to} = intent;
    return {owner: user, from, to, ...(metadata === undefined ? {} : {metadata})};
  }
  // The numbers and the metadata of the intent are about the root call; of a leg it knows only whose it is.
  const owner = intent?.user ?? (parentCallSid === undefined ? undefined : view.call(parentCallSid)?.owner);
  return owner === undefined ? {} : {owner};
}

/** As it is after it was written as JSON and read again. */
function withoutUndefined(call: CallRecord): CallRecord {
  const kept: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(call)) if (value !== undefined) kept[name] = value;
  return kept as unknown as CallRecord;
}
