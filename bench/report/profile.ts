/** What a CPU profile of V8 (`--cpu-prof`) says a thread was at, by whose work it is. */

/** As V8 writes it, as far as it is read here. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  /** Ids of nodes. */
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
  /** Of the time in which the thread was not idle, 0 to 1. */
  readonly share: number;
}

/** Functions without a source: calls into the platform that are work of their own, whoever makes them. */
const natives: readonly (readonly [RegExp, string])[] = [
  [/^\(garbage collector\)$/, 'garbage collection'],
  [/^(?:writev|write(?:Buffer|Latin1String|Utf8String|AsciiString))$/, 'kernel: writing'],
  [/^postMessage$/, 'between threads'],
  [/^(?:fdatasync|fsync)$/, 'kernel: fsync'],
  [/^\(program\)$/, 'the engine itself'],
];

/** Sources, the first that fits. */
const sources: readonly (readonly [RegExp, string])[] = [
  [/^node:(?:_http|internal\/http)/, "Node's HTTP"],
  [
    /^node:(?:internal\/streams|net$|stream|internal\/stream_base|events$|internal\/process|internal\/timers|timers|diagnostics_channel|internal\/async_hooks|async_hooks)/,
    "Node's sockets, streams, timers",
  ],
  [/^node:(?:internal\/crypto|crypto)/, 'cryptography'],
  [/^node:internal\/(?:worker|per_context\/messageport|event_target)/, 'between threads'],
  [/^node:/, 'the rest of Node'],
  [/\/node_modules\/ws\//, 'ws'],
  [/\/node_modules\/prom-client\//, 'metrics'],
  [/\/node_modules\//, 'other libraries'],
  [/\/src\/twilio\//, 'ours: verifying and reading webhooks'],
  [/\/src\/(?:handlers|http-listener|request-queue)/, 'ours: HTTP'],
  [/\/src\/journal\/sqlite\/writer-transaction/, 'SQLite: commit'],
  [/\/src\/journal\//, 'ours: journal'],
  [/\/src\/(?:services|websocket)\//, 'ours: feed and sessions'],
  [/\/(?:src|packages)\//, 'ours: the rest'],
];

/**
 * Shares of the groups, the largest first, of the time from `afterMs` on. Whatever has no source counts for the function that
 * called it.
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

/** `undefined`: the thread did nothing. */
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
  return 'the engine itself';
}
