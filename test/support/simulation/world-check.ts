/** Checks the calls, sockets and messages at the end of a run. */
import {hasEnded, MAX_UNSENT_BYTES} from '@hookswitch/protocol';
import type {Principal} from '../../../src/auth/authenticator.ts';
import type {Session} from '../../../src/services/sessions/session.ts';
import {type FileEntry, isPushed} from '../crash/crash-journal-file.ts';
import type {ConnectionRecord} from './client.ts';
import {checkConnection} from './connection-check.ts';
import type {ModelSocket} from './socket.ts';
import {must} from './trace.ts';

export interface WorldConnection extends ConnectionRecord {
  readonly subscriptions: ('all' | readonly string[])[];
  readonly socket: ModelSocket;
  readonly session: Session;
  /** Expected result; `undefined` if time passed while its node was catching up with another node. */
  recovered: boolean | undefined;
  /** Whether its node had to catch up first. */
  readonly ahead: boolean;
}

export interface WorldClient {
  readonly name: string;
  readonly principal: Principal;
  readonly connections: WorldConnection[];
}

export interface WorldHistory {
  readonly clients: readonly WorldClient[];
  readonly callSids: readonly string[];
  readonly epoch: string;
  /** Offset of the entry before the first of `entries`. */
  readonly base: number;
  readonly entries: readonly FileEntry[];
  /** Whether calls were trimmed, so that fewer results are determined. */
  readonly trimmed: boolean;
}

/** The limit of W13, one write beyond it (64 KiB and the entry that exceeds it), and a snapshot of three long calls. */
const MAX_UNSENT = MAX_UNSENT_BYTES + 65_536 + 4 * 61_000;

/** @throws Violation */
export function checkWorld(history: WorldHistory): void {
  // Without a trim, every call ends once.
  if (!history.trimmed) for (const callSid of history.callSids) checkEnd(callSid, history.entries);
  for (const client of history.clients) checkClient(client, history);
}

/** [J4] Only the first end of a call is delivered. */
function checkEnd(callSid: string, entries: readonly FileEntry[]): void {
  const ends = entries.filter(
    (entry) => entry.callSid === callSid && isPushed(entry) && hasEnded(entry.event.providerStatus),
  );
  must(ends.length === 1, callSid, `[J4] ended ${ends.length} times`);
}

function checkClient(client: WorldClient, history: WorldHistory): void {
  const {name, connections} = client;
  for (const [index, connection] of connections.entries()) {
    const where = `${name}, connection ${index + 1}`;
    const {socket} = connection;
    must(
      socket.peakUnsentBytes <= MAX_UNSENT,
      name,
      `[W13] ${where}: ${socket.peakUnsentBytes} bytes unsent`,
    );
    must(socket.writesWhileFull === 0, name, `[W13] ${where}: written to while full`);
    checkClose(where, connection, history);
    checkMessages(where, connection, client, history);
  }
  const last = connections.at(-1)?.socket;
  must(
    last?.isOpen === true,
    name,
    `was closed with ${last?.closeCode} although it reads and no rule is violated`,
  );
}

function checkMessages(
  where: string,
  connection: WorldConnection,
  {name, principal, connections}: WorldClient,
  {epoch, base, entries, trimmed}: WorldHistory,
): void {
  const {socket, messages, resume} = connection;
  const [ready] = messages;
  if (ready === undefined) return;
  // After a trim, recovery depends on the feed's buffer. The messages must match `ready` either way.
  const returned = ready.type === 'session.ready' && ready.recovered && resume !== undefined;
  const isLast = connection === connections.at(-1);
  checkConnection(connection, {
    name: where,
    subject: name,
    epoch,
    base,
    entries,
    recovered: trimmed ? returned : (connection.recovered ?? returned),
    maySee: ({owner}) => principal.scopes.has('calls:read:all') || owner === principal.user,
    ...(isLast && socket.isOpen ? {complete: base + entries.length} : {}),
  });
}

/** A session is closed only for a valid reason. */
function checkClose(where: string, {socket}: WorldConnection, {trimmed}: WorldHistory): void {
  const {closeCode, wasReading} = socket;
  const deserved =
    closeCode === undefined ||
    (closeCode === 1001 && trimmed) ||
    ((closeCode === 4413 || closeCode === 4408) && !wasReading);
  must(deserved, where, `${where}: closed with ${closeCode}`);
}
