/** Compares the journal with the pure function `transition()`, entry by entry. */
import assert from 'node:assert/strict';
import type {CallRecord, StatusEvent} from '../../../src/journal/call-event.ts';
import {transition} from '../../../src/journal/transition.ts';
import type {JournalFile} from '../crash/crash-journal-file.ts';

/** [J4] Every verdict and call is the result of `transition()`. For calls without an owner only. */
export function checkTransitions({entries, calls}: JournalFile): void {
  const reached = new Map<string, CallRecord>();
  for (const {offset, callSid, event, verdict, call} of entries) {
    // The event has all fields; the type names only those that most checks need.
    const decided = transition(reached.get(callSid), event as unknown as StatusEvent, offset);
    assert.equal(verdict, decided.verdict, `[J4] the verdict on entry ${offset}`);
    const after = JSON.parse(JSON.stringify(decided.call)) as CallRecord;
    if (verdict === 'applied') assert.deepEqual(call, after, `[J4] the call after entry ${offset}`);
    reached.set(callSid, after);
  }
  const statuses = [...reached].map(([callSid, {providerStatus}]) => [callSid, providerStatus] as const);
  assert.deepEqual(new Map(calls), new Map(statuses), '[J4] the calls');
}
