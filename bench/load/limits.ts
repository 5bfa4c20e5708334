/** What this machine lets one process have, and keeping the generator out of its own measurement. */
import {setFlagsFromString} from 'node:v8';
import {runInNewContext} from 'node:vm';

/** Descriptors for everything but sessions. */
const RESERVED_DESCRIPTORS = 256;

/** As many sessions as wanted, or as `ulimit -n` allows both the server and the generator. */
export function allowedSessions(wanted: number): number {
  // Without it the report looks up the names of all peers, which takes long.
  // The published types do not know it yet.
  Object.assign(process.report, {excludeNetwork: true});
  const report = process.report.getReport() as {userLimits?: {open_files?: {soft?: number | string}}};
  const limit = Number(report.userLimits?.open_files?.soft);
  if (!Number.isFinite(limit)) return wanted;
  return Math.max(1, Math.min(wanted, limit - RESERVED_DESCRIPTORS));
}

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

/** Collects the generator's garbage now, and not in the middle of a round. */
export function collectGarbage(): void {
  gc();
}
