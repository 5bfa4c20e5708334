/** Bytes per chunk. */
const CHUNK_BYTES = 64 * 1024;

/** A generated file: a head, followed by a repeated pattern. */
export interface Media {
  readonly contentType: string;
  readonly head: Buffer;
  /** Not empty. */
  readonly pattern: Buffer;
  /** Size of the whole file. Bytes. */
  readonly size: number;
}

/**
 * Yields the bytes from `start` up to and including `end` in chunks, so that an hour of audio needs no
 * memory.
 */
export function* readMedia({head, pattern}: Media, start: number, end: number): Generator<Buffer> {
  let at = start;
  while (at <= end) {
    const size = Math.min(CHUNK_BYTES, end - at + 1);
    const chunk = Buffer.alloc(size);
    for (let filled = 0; filled < size; ) {
      const position = at + filled;
      const isHead = position < head.length;
      const source = isHead ? head : pattern;
      const offset = isHead ? position : (position - head.length) % pattern.length;
      filled += source.copy(chunk, filled, offset, Math.min(source.length, offset + size - filled));
    }
    yield chunk;
    at += size;
  }
}
