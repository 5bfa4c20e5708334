/** Groups the time of a V8 CPU profile (`--cpu-prof`) by the code that did the work. */

/** The fields of V8's profile that are read here. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  /** Node IDs. */
  readonly samples: readonly number[];
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[];
}

export interface ProfileNode {
  readonly id: number;
  readonly callFrame: {readonly functionName: string; readonly url: string};
  readonly children?: readonly number[];
}

export interface Share {
  readonly group: string;
  /** Share of the time in which the thread was not idle, 0 to 1. */
  readonly share: number;
}

/** Functions without a source. These are groups of their own, independent of the caller. */
const natives: readonly (readonly [RegExp, string])[] = [
  [/^\(garbage collector\)$/, 'garbage collection'],
  [/^(?:writev|write(?:Buffer|Latin1String|Utf8String|AsciiString))$/, 'kernel: write'],
  [/^postMessage$/, 'between threads'],
  [/^(?:fdatasync|fsync)$/, 'kernel: fsync'],
  [/^\(program\)$/, 'V8 and native code'],
];

/** Groups by source URL. The first match counts. */
const sources: readonly (readonly [RegExp, string])[] = [
  [/^node:(?:_http|internal\/http)/, 'Node: HTTP'],
  [
    /^node:(?:internal\/streams|net$|stream|internal\/stream_base|events$|internal\/process|internal\/timers|timers|diagnostics_channel|internal\/async_hooks|async_hooks)/,
    'Node: sockets, streams, timers',
  ],
  [/^node:(?:internal\/crypto|crypto)/, 'cryptography'],
  [/^node:internal\/(?:worker|per_context\/messageport|event_target)/, 'between threads'],
  [/^node:/, 'Node: other'],
  [/\/node_modules\/ws\//, 'ws'],
  [/\/node_modules\/prom-client\//, 'metrics'],
  [/\/node_modules\//, 'other libraries'],
  [/\/src\/twilio\//, 'gateway: webhook verification and parsing'],
  [/\/src\/(?:handlers|http-listener|request-queue)/, 'gateway: HTTP'],
  [/\/src\/journal\/sqlite\/writer-transaction/, 'SQLite: commit'],
  [/\/src\/journal\//, 'gateway: journal'],
  [/\/src\/(?:services|websocket)\//, 'gateway: feed and sessions'],
  [/\/(?:src|packages)\//, 'gateway: other'],
];

/**
 * Shares of the groups from `afterMs` on, largest first. The time of a function without a source counts for its
 * caller.
 */
export function sharesOf({nodes, samples, timeDeltas}: CpuProfile, afterMs = 0): readonly Share[] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parents = new Map(
    nodes.flatMap(({id, children = []}) => children.map((child) => [child, id] as const)),
  );
  const times = new Map<string, number>();
  let busy = 0;
  let at = 0;
  for (const [index, id] of samples.entries()) {
    const us = timeDeltas[index] ?? 0;
    at += us;
    const group = at < afterMs * 1000 ? undefined : groupOf(id, byId, parents);
    if (group === undefined) continue;
    times.set(group, (times.get(group) ?? 0) + us);
    busy += us;
  }
  return [...times].map(([group, us]) => ({group, share: us / busy})).sort((a, b) => b.share - a.share);
}

/** `undefined` if the thread was idle. */
function groupOf(
  id: number,
  byId: ReadonlyMap<number, ProfileNode>,
  parents: ReadonlyMap<number, number>,
): string | undefined {
  for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
    const frame = byId.get(at)?.callFrame;
    if (frame === undefined) break;
    if (frame.functionName === '(idle)' && frame.url === '') return undefined;
    const known = (frame.url === '' ? natives : sources).find(([pattern]) =>
      pattern.test(frame.url === '' ? frame.functionName : frame.url),
    );
    if (known !== undefined) return known[1];
  }
  return 'V8 and native code';
}
