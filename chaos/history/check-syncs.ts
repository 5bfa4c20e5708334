/**
 * Reads what `strace -f -y` wrote down of a gateway that was sent one webhook after the other: before each 204 the WAL was
 * written and then synced, and the mark was written. The mark is synced later, for many answers at once (see
 * `high-water-mark.ts`). Pure.
 */

export interface SyncReport {
  /** 204s in the trace. */
  readonly answers: number;
  readonly violations: readonly string[];
  /** The last write of the mark has been synced. */
  readonly isMarkSynced: boolean;
}

type Target = 'WAL' | 'mark';

interface FileState {
  /** Since the last answer. */
  written: boolean;
  /** Written after the last sync that has returned. */
  dirty: boolean;
}

/** `1234 fdatasync(36</data/hookswitch.db.mark>) = 0`, or its two halves where another thread came between. */
const CALL = /^(\d+) +(?:<\.\.\. )?(\w+)(?:\(| resumed>)(.*)$/;

export function checkSyncs(trace: string): SyncReport {
  const files = new Map<Target, FileState>();
  /** Syncs that have begun, by thread: a write that comes before their end is not covered for certain. */
  const underWay = new Map<string, Target>();
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
      const target = targetOf(rest) ?? underWay.get(thread);
      if (target === undefined) continue;
      if (rest.includes('<unfinished')) underWay.set(thread, target);
      else if (/= 0$/.test(rest)) stateOf(target).dirty = false;
    } else if (rest.includes('"HTTP/1.1 204')) {
      answers += 1;
      for (const target of ['WAL', 'mark'] as const) {
        const state = stateOf(target);
        if (!state.written) violations.push(`answer ${answers}: the ${target} was not written before it`);
        else if (target === 'WAL' && state.dirty)
          violations.push(`answer ${answers}: the WAL was not synced before it`);
        state.written = false;
        // A WAL that was not synced now is not this answer's fault any more; the next one has its own.
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
