/** What must be true at the end of a world's run: of the calls, of the sockets, and of what each client was told. */
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
  /** `undefined`: time passed while its node still had to read what another one has written. */
  recovered: boolean | undefined;
  /** Its node had to read on first. */
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
  /** Calls were forgotten: less can be said of what must have happened. */
  readonly trimmed: boolean;
}

/** W13, one write beyond it (64 KiB and the entry that goes over), and a snapshot of three long calls. */
const MAX_UNSENT = MAX_UNSENT_BYTES + 65_536 + 4 * 61_000;

/** @throws Violation */
export function checkWorld(history: WorldHistory): void {
  // Between two trims every call ends once.
  if (!history.trimmed) for (const callSid of history.callSids) checkEnd(callSid, history.entries);
  for (const client of history.clients) checkClient(client, history);
}

/** [J4] The first end is the only one that is pushed. */
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
    `was closed with ${last?.closeCode} although it reads and nothing is wrong`,
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
  // After a trim it depends on what the feed still held; then what is said must be kept to, whichever it is.
  const said = ready.type === 'session.ready' && ready.recovered && resume !== undefined;
  const isLast = connection === connections.at(-1);
  checkConnection(connection, {
    name: where,
    subject: name,
    epoch,
    base,
    entries,
    recovered: trimmed ? said : (connection.recovered ?? said),
    maySee: ({owner}) => principal.scopes.has('calls:read:all') || owner === principal.user,
    ...(isLast && socket.isOpen ? {complete: base + entries.length} : {}),
  });
}

/** Nobody is sent away without a reason. */
function checkClose(where: string, {socket}: WorldConnection, {trimmed}: WorldHistory): void {
  const {closeCode, wasReading} = socket;
  const deserved =
    closeCode === undefined ||
    (closeCode === 1001 && trimmed) ||
    ((closeCode === 4413 || closeCode === 4408) && !wasReading);
  must(deserved, where, `${where}: closed with ${closeCode}`);
}
