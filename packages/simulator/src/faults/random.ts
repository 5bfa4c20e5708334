/** A stream of numbers in [0, 1) that only depends on its key. */
export type Random = () => number;

/**
 * A seeded stream for one decision. Keying by what is decided (which call, which callback) instead of drawing from
 * one shared stream keeps a run repeatable although requests overlap differently each time.
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
