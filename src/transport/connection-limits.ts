/**
 * How many connections the files allow that this process may open. Sessions come first and stay; were they to take all there
 * is, Twilio could not connect any more, and what happens to calls would be lost. So they are given less than that.
 */

export interface ConnectionLimits {
  readonly maxSessions: number;
  /** Sessions and everything else together. */
  readonly maxConnections: number;
}

export interface ConnectionLimitsOptions {
  /** Files and sockets this process may have open. */
  readonly openFiles: number;
  /** What is asked for: MAX_SESSIONS. */
  readonly maxSessions: number;
}

/** The database and its threads, the log, what Twilio and PUBLIC_URL are asked. Some 40 are open when nothing happens. */
export const OWN_FILES = 80;

/** Connections that no session gets: an eighth, within these bounds. */
const SMALLEST_RESERVE = 16;
const LARGEST_RESERVE = 512;

export function connectionLimits({openFiles, maxSessions}: ConnectionLimitsOptions): ConnectionLimits {
  const maxConnections = Math.max(2 * SMALLEST_RESERVE, openFiles - OWN_FILES);
  const reserve = Math.min(LARGEST_RESERVE, Math.max(SMALLEST_RESERVE, Math.floor(maxConnections / 8)));
  return {maxConnections, maxSessions: Math.min(maxSessions, maxConnections - reserve)};
}

let known: number | undefined;

/** What `ulimit -n` says, which node has raised as far as it may; infinite where there is no such limit. */
export function openFileLimit(): number {
  known ??= askOpenFileLimit();
  return known;
}

function askOpenFileLimit(): number {
  // Looking up names of the peers of open sockets would take its time.
  Object.assign(process.report, {excludeNetwork: true});
  const {userLimits} = process.report.getReport() as {
    userLimits?: {open_files?: {soft?: number | 'unlimited'}};
  };
  const soft = userLimits?.open_files?.soft;
  return typeof soft === 'number' ? soft : Number.POSITIVE_INFINITY;
}
