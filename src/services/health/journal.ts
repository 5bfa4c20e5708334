/** Checks whether the journal can be written, how long a write takes, and how much space is left. */
import type {Clock} from '../../clock.ts';
import type {FollowableJournal, JournalOpening} from '../../journal/followable-journal.ts';
import type {JournalMaintenance} from '../../journal/journal-maintenance.ts';
import {maskText} from '../../mask.ts';
import {type Check, type Evidence, type Finding, ms, shown} from './check.ts';

/** Bytes. */
export interface DiskSpace {
  readonly free: number;
  readonly total: number;
}

export interface JournalCheckOptions {
  readonly journal: Pick<FollowableJournal, 'head'> & Pick<JournalMaintenance, 'probe'>;
  /** The state of the journal at start; `undefined` before it is open. */
  readonly opening: () => Omit<JournalOpening, 'head'> | undefined;
  /** The space on the journal's disk. */
  readonly diskSpace: () => Promise<DiskSpace>;
  readonly clock: Clock;
}

/** A write that takes this long indicates a disk problem. Twilio waits 15 s for an answer. */
const SLOW_MS = 500;
/** Our own error messages with place and next step are longer than foreign texts. */
const MAX_REASON = 800;
const MEBIBYTE = 1024 * 1024;
const LOW_BYTES = 1024 * MEBIBYTE;
const EMPTY_BYTES = 64 * MEBIBYTE;

export function journalCheck(options: JournalCheckOptions): Check {
  return {id: 'journal', title: 'Journal', run: () => check(options)};
}

async function check({journal, opening, diskSpace, clock}: JournalCheckOptions): Promise<Finding> {
  // If the disk space cannot be read, the result of the journal is still shown.
  const space = await diskSpace().catch(() => undefined);
  const {epoch, lost} = opening() ?? {};
  const startedAt = clock.monotonic();
  const fault = await journal.probe().then(
    () => undefined,
    (error: unknown) => reasonOf(error),
  );
  const tookMs = clock.monotonic() - startedAt;
  const evidence: readonly Evidence[] = [
    {label: 'Test write', value: fault === undefined ? ms(tookMs) : shown(fault, MAX_REASON)},
    {label: 'Entries so far', value: String(journal.head())},
    {label: 'Epoch', value: epoch ?? 'unknown'},
    {
      label: 'Disk space',
      value: space === undefined ? 'unknown' : `${size(space.free)} of ${size(space.total)} left`,
    },
  ];
  const free = space?.free ?? Number.POSITIVE_INFINITY;
  const makeRoom = 'Free space on that disk, or lower RETENTION_DAYS.';
  if (fault !== undefined)
    return {
      status: 'failed',
      summary: 'The journal is not writable. Until it is, webhooks are answered with 503.',
      evidence,
      remedy:
        free < EMPTY_BYTES ? makeRoom : 'Follow the instruction in "Test write". The log has more details.',
    };
  if (free < EMPTY_BYTES)
    return {status: 'failed', summary: 'The disk is almost full.', evidence, remedy: makeRoom};
  if (lost !== undefined)
    return {
      status: 'warning',
      summary: `At start, ${lost.expected - lost.found} acknowledged entries were missing, so a new epoch began.`,
      evidence: [...evidence, {label: 'Lost', value: `${lost.found + 1} to ${lost.expected}`}],
      remedy:
        'A backup was restored, or the file was damaged. This warning stays until the next start. Clients have got a snapshot.',
    };
  if (free < LOW_BYTES)
    return {status: 'warning', summary: 'Less than 1 GiB of disk space is left.', evidence, remedy: makeRoom};
  if (tookMs > SLOW_MS)
    return {
      status: 'warning',
      summary: 'The disk is slow: every webhook waits for it.',
      evidence,
      remedy: 'Put the journal on a local SSD, not on a network file system.',
    };
  return {status: 'ok', summary: 'The journal is writable.', evidence};
}

/** Adds the cause if it says more: the message of the operating system or the database service. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const {message, cause} = error;
  const isNew = cause instanceof Error && !message.includes(cause.message);
  return maskText(isNew ? `${message} (${cause.message})` : message);
}

function size(bytes: number): string {
  const gibibytes = bytes / (1024 * MEBIBYTE);
  return gibibytes >= 1 ? `${gibibytes.toFixed(1)} GiB` : `${Math.round(bytes / MEBIBYTE)} MiB`;
}
