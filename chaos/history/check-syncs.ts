/**
 * Checks a trace (`strace -f -y`) of a gateway that received one webhook after the other. Before each 204, the WAL must
 * be written and synced, and the mark written. The mark is synced later, for many responses at once (see
 * `high-water-mark.ts`). Pure function.
 */

export interface SyncReport {
  /** 204s in the trace. */
  readonly answers: number;
  readonly violations: readonly string[];
  /** Whether the last write of the mark was synced. */
  readonly isMarkSynced: boolean;
}

type Target = 'WAL' | 'mark';

interface FileState {
  /** Written since the last response. */
  written: boolean;
  /** Written after the last completed sync. */
  dirty: boolean;
}

/** `1234 fdatasync(36</data/hookswitch.db.mark>) = 0`, or one of two halves if another thread interrupted the line. */
const CALL = /^(\d+) +(?:<\.\.\. )?(\w+)(?:\(| resumed>)(.*)$/;

export function checkSyncs(trace: string): SyncReport {
  const files = new Map<Target, FileState>();
  /** Syncs in progress, by thread. A write before the end of a sync may not be covered by it. */
  const inProgress = new Map<string, Target>();
  const violations: string[] = [];
  let answers = 0;
  const stateOf = (target: Target): FileState => {
    const known = files.get(target) ?? {written: false, dirty: false};
    files.set(target, known);
    return known;
  };
  for (const line of trace.split('\n')) {
    const [, thread = '', name = '', rest = ''] = CALL.exec(line) ?? [];
    if (name === 'pwrite64') {
      const target = targetOf(rest);
      if (target !== undefined) Object.assign(stateOf(target), {written: true, dirty: true});
    } else if (name === 'fsync' || name === 'fdatasync') {
      const target = targetOf(rest) ?? inProgress.get(thread);
      if (target === undefined) continue;
      if (rest.includes('<unfinished')) inProgress.set(thread, target);
      else if (/= 0$/.test(rest)) stateOf(target).dirty = false;
    } else if (rest.includes('"HTTP/1.1 204')) {
      answers += 1;
      for (const target of ['WAL', 'mark'] as const) {
        const state = stateOf(target);
        if (!state.written) violations.push(`response ${answers}: the ${target} was not written before it`);
        else if (target === 'WAL' && state.dirty)
          violations.push(`response ${answers}: the WAL was not synced before it`);
        state.written = false;
        // Report a missing sync once. The next response needs its own.
        if (target === 'WAL') state.dirty = false;
      }
    }
  }
  return {answers, violations, isMarkSynced: !stateOf('mark').dirty};
}

function targetOf(text: string): Target | undefined {
  if (/^\d+<[^>]*-wal>/.test(text)) return 'WAL';
  if (/^\d+<[^>]*\.mark>/.test(text)) return 'mark';
  return undefined;
}
