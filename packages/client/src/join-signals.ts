/** `AbortSignal.any` and `AbortSignal.timeout` for browsers that have neither. */

export interface JoinedSignal {
  /** Aborted as soon as one of the signals is, or by `abort`. */
  readonly signal: AbortSignal;
  readonly abort: () => void;
  /** Takes the listeners off again: some of the signals live as long as the page. */
  readonly release: () => void;
}

export function joinSignals(...signals: readonly (AbortSignal | undefined)[]): JoinedSignal {
  const controller = new AbortController();
  const abort = () => controller.abort();
  for (const signal of signals) {
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort);
  }
  return {
    signal: controller.signal,
    abort,
    release: () => {
      for (const signal of signals) signal?.removeEventListener('abort', abort);
    },
  };
}
