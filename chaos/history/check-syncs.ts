/**
 * Reads what `strace -f -y` wrote down of a gateway that was sent one webhook after the other: before each 204 the WAL
 * and the mark were written, and synced after their last write. Pure.
 */

export interface SyncReport {
  /** 204s in the trace. */
  readonly answers: number;
  readonly violations: readonly string[];
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
        else if (state.dirty) violations.push(`answer ${answers}: the ${target} was not synced before it`);
        // What was not synced now is not this answer's fault any more; the next one has its own.
        Object.assign(state, {written: false, dirty: false});
      }
    }
  }
  return {answers, violations};
}

function targetOf(text: string): Target | undefined {
  if (/^\d+<[^>]*-wal>/.test(text)) return 'WAL';
  if (/^\d+<[^>]*\.mark>/.test(text)) return 'mark';
  return undefined;
}
