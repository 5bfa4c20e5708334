/** Waits for a condition, instead of a fixed time. */
export interface UntilOptions {
  /** Description for the error message. */
  readonly what?: string;
  /** @default 10000 */
  readonly timeoutMs?: number;
}

const LOOK_EVERY_MS = 5;

/** Resolves with the first value of `look` that is neither undefined nor false. */
export async function until<T>(
  look: () => T | undefined | false | Promise<T | undefined | false>,
  {what = look.toString(), timeoutMs = 10_000}: UntilOptions = {},
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}
