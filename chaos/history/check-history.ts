/** Checks the invariants that must hold in every history. Pure function. */
import {hasEnded, statusRank} from '@hookswitch/protocol';
import {checkConnection} from './check-connection.ts';
import type {Chapter, EntryRecord, History, Violation, ViolationKind} from './history.ts';

/** Number of examples per kind, because a broken invariant is often broken everywhere. */
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

/** [J3] [J4] Checks one journal: no gap, no call that goes back, and a calls table that matches the entries. */
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
    if (is !== providerStatus) found.push(`${callSid} is ${is}, but its entries say ${providerStatus}`);
  }
  for (const callSid of calls.keys()) {
    if (!reached.has(callSid)) found.push(`${callSid} is in the calls table without entries`);
  }
  return violations('corrupt', found);
}

/**
 * A journal with an unchanged epoch still holds every entry that was acknowledged or delivered, unchanged. An entry that a
 * killed process wrote without answering may be lost, and another entry may take its offset.
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
      if (now === undefined) found.push(`entry ${offset} is gone, but the epoch is the same`);
      else if (now !== text)
        found.push(`entry ${offset} changed, but the epoch is the same: ${diff(text, now)}`);
    }
  }
  return violations('corrupt', found);
}

/** The last offset of a chapter that was acknowledged or delivered by its end. Entries are promised in order (J3). */
function promisedUpTo({webhooks, connections, chapters}: History, index: number): number {
  const chapter = chapters[index];
  const answered = new Set(
    webhooks.filter(({answeredIn = index + 1}) => answeredIn <= index).map(({key}) => key),
  );
  const last = chapter?.entries.findLast(({webhook}) => webhook !== undefined && answered.has(webhook));
  const delivered = connections
    .filter((connection) => connection.chapter <= index && connection.ready.epoch === chapter?.epoch)
    .map(({ready, position}) => Math.max(ready.offset, position));
  return Math.max(last?.offset ?? 0, ...delivered);
}

/** [H5] [J1] [J2] [J7] A webhook with a 2xx is in the journal of that chapter once. */
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

/** Every entry was signed, requested or looked up at Twilio. */
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

/** [H1] A key dials at most once, and the outcome that the client got is true. */
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
      untrue.push(`${key}: reported as failed, but Twilio has ${[...calls].join()}`);
  }
  return [...violations('dialed-twice', found), ...violations('invented', untrue)];
}

/** A call whose last callback was acknowledged has ended. */
function checkEnds({providerCalls, chapters}: History): readonly Violation[] {
  const calls = chapters.at(-1)?.calls;
  // After an announced loss (a new epoch), earlier acknowledged entries may be gone.
  if (calls === undefined || new Set(chapters.map(({epoch}) => epoch)).size > 1) return [];
  const found = providerCalls
    .filter(({endAcknowledged}) => endAcknowledged)
    .filter(({callSid}) => {
      const status = calls.get(callSid);
      return status === undefined || !hasEnded(status);
    })
    .map(({callSid, status}) => `${callSid} is ${calls.get(callSid)}, but ended as ${status}`);
  return violations('lost', found);
}

function violations(kind: ViolationKind, details: readonly string[]): readonly Violation[] {
  const shown = details.slice(0, MAX_EXAMPLES).map((detail) => ({kind, detail}));
  const more = details.length - shown.length;
  return more > 0 ? [...shown, {kind, detail: `and ${more} more`}] : shown;
}

/** The first difference of two texts, shortened. */
function diff(before: string, now: string): string {
  let at = 0;
  while (at < before.length && before[at] === now[at]) at += 1;
  return `${JSON.stringify(before.slice(at, at + 12))} became ${JSON.stringify(now.slice(at, at + 12))}`;
}
