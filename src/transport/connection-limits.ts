/**
 * The number of connections that the open file limit allows. Sessions stay open for long. If they could use
 * every file, Twilio could no longer connect, and call events would be lost. So sessions get less than the
 * total.
 */

export interface ConnectionLimits {
  readonly maxSessions: number;
  /** Sessions and everything else together. */
  readonly maxConnections: number;
}

export interface ConnectionLimitsOptions {
  /** Files and sockets this process may have open. */
  readonly openFiles: number;
  /** The configured limit, MAX_SESSIONS. */
  readonly maxSessions: number;
}

/**
 * Files for the database and its threads, the log, and requests to Twilio and PUBLIC_URL. An idle process has
 * about 40.
 */
export const OWN_FILES = 80;

/** Connections reserved for everything except sessions: an eighth of the total, within these bounds. */
const SMALLEST_RESERVE = 16;
const LARGEST_RESERVE = 512;

export function connectionLimits({openFiles, maxSessions}: ConnectionLimitsOptions): ConnectionLimits {
  const maxConnections = Math.max(2 * SMALLEST_RESERVE, openFiles - OWN_FILES);
  const reserve = Math.min(LARGEST_RESERVE, Math.max(SMALLEST_RESERVE, Math.floor(maxConnections / 8)));
  return {maxConnections, maxSessions: Math.min(maxSessions, maxConnections - reserve)};
}

let known: number | undefined;

/** The soft limit (`ulimit -n`), which Node has raised to the hard limit. Infinite if there is no limit. */
export function openFileLimit(): number {
  known ??= askOpenFileLimit();
  return known;
}

function askOpenFileLimit(): number {
  // Without this, the report looks up the host names of all peers, which is slow.
  Object.assign(process.report, {excludeNetwork: true});
  const {userLimits} = process.report.getReport() as {
    userLimits?: {open_files?: {soft?: number | 'unlimited'}};
  };
  const soft = userLimits?.open_files?.soft;
  return typeof soft === 'number' ? soft : Number.POSITIVE_INFINITY;
}
