/** The machine's limits, and control of the generator's garbage collection. */
import {setFlagsFromString} from 'node:v8';
import {runInNewContext} from 'node:vm';

/** Descriptors reserved for everything except sessions. */
const RESERVED_DESCRIPTORS = 256;

/** The wanted number of sessions, limited by `ulimit -n` of the server and of the generator. */
export function allowedSessions(wanted: number): number {
  // Without this, the report resolves the names of all peers, which is slow. The published types lack it.
  Object.assign(process.report, {excludeNetwork: true});
  const report = process.report.getReport() as {userLimits?: {open_files?: {soft?: number | string}}};
  const limit = Number(report.userLimits?.open_files?.soft);
  if (!Number.isFinite(limit)) return wanted;
  return Math.max(1, Math.min(wanted, limit - RESERVED_DESCRIPTORS));
}

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

/** Collects the generator's garbage now, so that it does not run in the middle of a round. */
export function collectGarbage(): void {
  gc();
}
