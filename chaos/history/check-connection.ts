/** [W2] [W11] [W12] Checks the messages of one connection against the journal. */
import {hasEnded} from '@hookswitch/protocol';
import type {ConnectionRecord, EntryRecord, History, SeenCall, Violation} from './history.ts';

export function checkConnection(connection: ConnectionRecord, history: History): readonly Violation[] {
  const {requested, ready, user, received, position} = connection;
  const name = `${user} from ${ready.offset} of ${ready.epoch.slice(0, 8)}`;
  const complain = (detail: string): readonly Violation[] => [
    {kind: 'session', detail: `${name}: ${detail}`},
  ];
  if (ready.recovered && (requested?.epoch !== ready.epoch || requested.offset !== ready.offset)) {
    return complain(`recovered, but requested ${JSON.stringify(requested)}`);
  }
  const chapter = history.chapters.findLast(({epoch}) => epoch === ready.epoch);
  if (chapter === undefined) return complain('no journal has this epoch');
  const foreign = received.find(({callSid}) => !connection.seesAll && ownerOf(callSid, history) !== user);
  if (foreign !== undefined) return complain(`received ${foreign.callSid}, which belongs to another user`);
  const visible = chapter.entries.filter((entry) => isVisible(entry, connection));
  const expected = visible
    .filter(({offset}) => offset > ready.offset && offset <= position)
    .map(({offset, callSid, providerStatus}) => `${offset} ${callSid} ${providerStatus}`);
  const found = received.map(({offset, callSid, providerStatus}) => `${offset} ${callSid} ${providerStatus}`);
  const at = expected.findIndex((line, index) => line !== found[index]);
  if (at !== -1) return complain(`received ${found[at] ?? 'nothing more'} instead of ${expected[at]}`);
  if (found.length > expected.length) return complain(`also received ${found[expected.length]}`);
  return checkSnapshot(connection, visible, complain);
}

/** [W3] Without recovery, the snapshot has every visible call in progress at its offset. */
function checkSnapshot(
  {ready, snapshot}: ConnectionRecord,
  visible: readonly EntryRecord[],
  complain: (detail: string) => readonly Violation[],
): readonly Violation[] {
  if (ready.recovered) return [];
  // The connection may have ended before the snapshot.
  if (snapshot === undefined) return [];
  const calls = new Map<string, string>();
  for (const {offset, callSid, providerStatus} of visible) {
    if (offset > snapshot.offset || providerStatus === undefined) continue;
    if (hasEnded(providerStatus)) calls.delete(callSid);
    else calls.set(callSid, providerStatus);
  }
  const lines = (seen: readonly SeenCall[]) =>
    seen.map(({callSid, providerStatus}) => `${callSid} ${providerStatus}`).sort();
  const shown = lines(snapshot.calls);
  const expected = [...calls].map(([callSid, status]) => `${callSid} ${status}`).sort();
  const wrong = [...new Set(shown).symmetricDifference(new Set(expected))];
  return wrong.length === 0
    ? []
    : complain(`the snapshot at ${snapshot.offset} is wrong about ${wrong.slice(0, 3).join('; ')}`);
}

/** Whether the entry is delivered to this session. */
function isVisible({verdict, kind, owner}: EntryRecord, {seesAll, user}: ConnectionRecord): boolean {
  return verdict === 'applied' && kind === 'status' && (seesAll || owner === user);
}

/** The owner of the call, found by the dialed number and not by the gateway's records. */
function ownerOf(callSid: string, {providerCalls, dials}: History): string | undefined {
  const to = providerCalls.find((call) => call.callSid === callSid)?.to;
  return dials.find((dial) => dial.to === to)?.user;
}
