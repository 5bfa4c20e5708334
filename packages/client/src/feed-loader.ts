/** The client's connection state before and after `feed.ts` is loaded. */
import {backoffMs} from './backoff.ts';
import type {WebSocketConstructor} from './client-api.ts';
import type {Connection} from './connection.ts';
import type {ConnectionState} from './connection-state.ts';
import type {FeedOptions} from './feed.ts';
import {stoppedState} from './stop-reason.ts';

export interface FeedLoaderOptions extends Omit<FeedOptions, 'WebSocket'> {
  /** Defaults to the global one. */
  readonly WebSocket: WebSocketConstructor | undefined;
  readonly disposed: AbortSignal;
}

/** Loads the feed on the first `connect`. Until then, the state shows whether it is being loaded. */
export function createFeedLoader(options: FeedLoaderOptions): Connection {
  const {clock, random, disposed} = options;
  let feed: Connection | undefined;
  let state: ConnectionState = stoppedState('not-started');

  const handleChange = (next: ConnectionState) => {
    // The first state of a feed equals the state shown while the feed was being loaded.
    const isSame = state.phase === 'connecting' && next.phase === 'connecting' && state.step === next.step;
    state = next;
    if (!isSame) options.onChange(next);
  };

  const connect = () => {
    if (feed !== undefined) return feed.connect();
    if (disposed.aborted || state.phase === 'connecting') return;
    const {WebSocket = globalThis.WebSocket} = options;
    // Placing and ending calls works without a WebSocket.
    if (typeof WebSocket !== 'function') return handleChange(stoppedState('unsupported'));
    const attempt = state.phase === 'waiting' ? state.attempt + 1 : 1;
    handleChange({phase: 'connecting', step: 'token', attempt});
    import('./feed.ts').then(
      ({createFeed}) => {
        if (disposed.aborted) return;
        feed = createFeed({...options, WebSocket, onChange: handleChange});
        feed.connect();
      },
      () => {
        if (disposed.aborted) return;
        const delayMs = backoffMs(attempt, random());
        const retryAt = clock.now() + delayMs;
        handleChange({phase: 'waiting', why: 'closed', attempt, retryAt, hinted: false});
        clock.after(delayMs, () => feed ?? connect());
      },
    );
  };

  return {
    state: () => state,
    connect,
    dispose: () => {
      feed?.dispose();
      if (state.phase !== 'stopped' || state.why !== 'disposed') handleChange(stoppedState('disposed'));
    },
  };
}
