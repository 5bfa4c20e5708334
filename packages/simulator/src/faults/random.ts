/** A stream of numbers in [0, 1) that depends only on its key. */
export type Random = () => number;

/**
 * Creates a seeded stream for one decision. The key identifies the decision, such as the call and callback.
 * One shared stream would not be repeatable, because requests overlap differently in each run.
 */
export function randomFor(seed: number, ...key: readonly (string | number)[]): Random {
  let state = hash(`${seed}:${key.join(':')}`);
  return () => {
    // mulberry32
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

// FNV-1a
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  return value;
}
