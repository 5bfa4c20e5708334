/** `AbortSignal.any` and `AbortSignal.timeout` for browsers that have neither. */

export interface JoinedSignal {
  /** Aborted when one of the signals aborts, or when `abort` is called. */
  readonly signal: AbortSignal;
  readonly abort: () => void;
  /** Removes the listeners, because some of the signals live as long as the page. */
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
