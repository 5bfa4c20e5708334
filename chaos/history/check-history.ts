/** What must hold of every history, whatever broke. Pure: the same history has the same violations. */
import {hasEnded, statusRank} from '@hookswitch/protocol';
import {checkConnection} from './check-connection.ts';
import type {Chapter, EntryRecord, History, Violation, ViolationKind} from './history.ts';

/** How many examples one kind of violation is worth; a broken invariant is broken for everybody. */
const MAX_EXAMPLES = 5;

export function checkHistory(history: History): readonly Violation[] {
  return [
    ...history.chapters.flatMap(checkChapter),
    ...checkSuccession(history),
    ...checkAcknowledged(history),
    ...checkOrigins(history),
    ...checkDials(history),
    ...checkEnds(history),
    ...history.connections.flatMap((connection) => checkConnection(connection, history)),
  ];
}

/** [J3] [J4] A journal by itself: no gap, no call that goes back, calls as their entries left them. */
function checkChapter({epoch, entries, calls}: Chapter): readonly Violation[] {
  const gap = entries.findIndex(({offset}, index) => offset !== index + 1);
  const found: string[] = gap === -1 ? [] : [`epoch ${epoch}: entry ${gap + 1} is missing`];
  const reached = new Map<string, EntryRecord>();
  for (const entry of entries) {
    const {providerStatus, callSid} = entry;
    if (entry.verdict !== 'applied' || providerStatus === undefined) continue;
    const before = reached.get(callSid)?.providerStatus;
    if (before !== undefined && statusRank(providerStatus) <= statusRank(before)) {
      found.push(`${callSid} went from ${before} to ${providerStatus} at ${entry.offset}`);
    }
    reached.set(callSid, entry);
  }
  for (const [callSid, {providerStatus}] of reached) {
    const is = calls.get(callSid);
    if (is !== providerStatus) found.push(`${callSid} is ${is}, and its entries say ${providerStatus}`);
  }
  for (const callSid of calls.keys()) {
    if (!reached.has(callSid)) found.push(`${callSid} is a call without entries`);
  }
  return violations('corrupt', found);
}

/**
 * A journal that goes by the same name as before holds everything it promised, unchanged. What a killed process wrote
 * and answered to nobody may be lost, and another entry take its offset.
 */
function checkSuccession(history: History): readonly Violation[] {
  const {chapters} = history;
  const found: string[] = [];
  for (const [index, before] of chapters.entries()) {
    const after = chapters[index + 1];
    if (after === undefined || after.epoch !== before.epoch) continue;
    const promised = promisedUpTo(history, index);
    for (const [place, {offset, text}] of before.entries.entries()) {
      if (offset > promised) break;
      const now = after.entries[place]?.text;
      if (now === undefined) found.push(`entry ${offset} is gone, and the epoch is the same`);
      else if (now !== text)
        found.push(`entry ${offset} is another one, and the epoch is the same: ${diff(text, now)}`);
    }
  }
  return violations('corrupt', found);
}

/** The last offset of a chapter that somebody was told of by its end; entries are promised in order (J3). */
function promisedUpTo({webhooks, connections, chapters}: History, index: number): number {
  const chapter = chapters[index];
  const answered = new Set(
    webhooks.filter(({answeredIn = index + 1}) => answeredIn <= index).map(({key}) => key),
  );
  const last = chapter?.entries.findLast(({webhook}) => webhook !== undefined && answered.has(webhook));
  const told = connections
    .filter((connection) => connection.chapter <= index && connection.ready.epoch === chapter?.epoch)
    .map(({ready, position}) => Math.max(ready.offset, position));
  return Math.max(last?.offset ?? 0, ...told);
}

/** [H5] [J1] [J2] [J7] Answered 2xx: in the journal of that time, once. */
function checkAcknowledged({webhooks, chapters}: History): readonly Violation[] {
  const lost: string[] = [];
  const doubled: string[] = [];
  for (const [index, {entries}] of chapters.entries()) {
    const keys = entries.flatMap(({webhook}) => (webhook === undefined ? [] : [webhook]));
    const present = new Set(keys);
    if (present.size !== keys.length) {
      const seen = new Set<string>();
      for (const key of keys) {
        if (seen.has(key)) doubled.push(key);
        seen.add(key);
      }
    }
    for (const {key, answeredIn} of webhooks) if (answeredIn === index && !present.has(key)) lost.push(key);
  }
  return [...violations('lost', lost), ...violations('doubled', doubled)];
}

/** Nothing is in a journal that was not signed, asked for, or looked up at Twilio. */
function checkOrigins({webhooks, hangUps, providerCalls, chapters}: History): readonly Violation[] {
  const signed = new Set(webhooks.map(({key, status}) => `${key}/${status}`));
  const signedCalls = new Set(webhooks.map(({callSid}) => callSid));
  const commanded = new Set(hangUps.map(({callSid}) => callSid));
  const atProvider = new Set(providerCalls.map(({callSid}) => callSid));
  const found: string[] = [];
  for (const {offset, source, kind, callSid, webhook, providerStatus} of chapters.flatMap(
    ({entries}) => entries,
  )) {
    const known =
      kind === 'command'
        ? commanded.has(callSid)
        : source === 'callback'
          ? signed.has(`${webhook}/${providerStatus}`)
          : atProvider.has(callSid) || (source === 'reconcile' && signedCalls.has(callSid));
    if (!known) found.push(`entry ${offset}: ${source} ${kind} ${callSid} ${providerStatus ?? ''}`);
  }
  return violations('invented', found);
}

/** [H1] One key, at most one call; what the client was told of it is true. */
function checkDials({dials, providerCalls}: History): readonly Violation[] {
  const found: string[] = [];
  for (const [key, attempts] of Map.groupBy(dials, (dial) => dial.key)) {
    const to = attempts[0]?.to;
    const dialed = providerCalls.filter((call) => call.to === to).map(({callSid}) => callSid);
    if (dialed.length > 1) found.push(`${key}: ${dialed.join(', ')}`);
  }
  const untrue: string[] = [];
  for (const [key, attempts] of Map.groupBy(dials, (dial) => dial.key)) {
    const calls = new Set(providerCalls.filter(({to}) => to === attempts[0]?.to).map(({callSid}) => callSid));
    for (const {outcome, callSid} of attempts) {
      if (outcome === 'ok' && !calls.has(callSid ?? '')) untrue.push(`${key}: Twilio has no call ${callSid}`);
    }
    if (calls.size > 0 && attempts.every(({outcome}) => outcome === 'fail'))
      untrue.push(`${key}: said to have failed, and Twilio has ${[...calls].join()}`);
  }
  return [...violations('dialled-twice', found), ...violations('invented', untrue)];
}

/** A call whose end was acknowledged has ended. */
function checkEnds({providerCalls, chapters}: History): readonly Violation[] {
  const calls = chapters.at(-1)?.calls;
  // After a loss that was announced, what was acknowledged before it is gone rightly.
  if (calls === undefined || new Set(chapters.map(({epoch}) => epoch)).size > 1) return [];
  const found = providerCalls
    .filter(({endAcknowledged}) => endAcknowledged)
    .filter(({callSid}) => {
      const status = calls.get(callSid);
      return status === undefined || !hasEnded(status);
    })
    .map(({callSid, status}) => `${callSid} is ${calls.get(callSid)}, and ended ${status}`);
  return violations('lost', found);
}

function violations(kind: ViolationKind, details: readonly string[]): readonly Violation[] {
  const shown = details.slice(0, MAX_EXAMPLES).map((detail) => ({kind, detail}));
  const more = details.length - shown.length;
  return more > 0 ? [...shown, {kind, detail: `and ${more} more`}] : shown;
}

/** From where two texts differ on, shortened. */
function diff(before: string, now: string): string {
  let at = 0;
  while (at < before.length && before[at] === now[at]) at += 1;
  return `${JSON.stringify(before.slice(at, at + 12))} became ${JSON.stringify(now.slice(at, at + 12))}`;
}
