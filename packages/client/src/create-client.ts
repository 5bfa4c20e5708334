/** The composition root of the SDK: options → tokens, calls, connection → one object. */
import {backoffMs} from './backoff.ts';
import {bound, createCallStore} from './call-store.ts';
import type {
  CallState,
  ClientEvents,
  ClientMethods,
  ClientOptions,
  HookswitchClient,
  ReadableStore,
} from './client-api.ts';
import {checkOptions} from './client-options.ts';
import type {Connection} from './connection.ts';
import type {ConnectionState} from './connection-state.ts';
import {createEmitter} from './emitter.ts';
import {HookswitchError} from './errors.ts';
import type {StreamItem, StreamSource} from './event-stream.ts';
import {createGatewayClock} from './gateway-clock.ts';
import type {CallActions, createEventStream} from './later.ts';
import {stoppedState} from './stop-reason.ts';
import {systemClock} from './system-clock.ts';
import {createTokenSource} from './token-source.ts';

interface Later {
  readonly acts: CallActions;
  readonly createEventStream: typeof createEventStream;
}

/** Stores handed out by sid, so that the same sid gives the same store. */
const MAX_CALL_STORES = 1000;
const EVENT_BUFFER = 1000;

/**
 * A client of one gateway.
 * @throws TypeError for options that cannot work
 */
export function createClient(options: ClientOptions): HookswitchClient {
  const {clock = systemClock, random = Math.random} = options;
  const checked = checkOptions(options);
  const {url, subscription} = checked;
  const tokens = createTokenSource(checked, clock);
  const disposal = new AbortController();
  /** `status`, `connection`, `error`; `calls` for the list, and a sid for its call. */
  const emitter = createEmitter<ClientEvents & Readonly<Record<string, unknown>>>();
  const store = createCallStore((what) => emitter.emit(what, undefined));
  const gatewayClock = createGatewayClock(clock, () => emitter.emit('clock', undefined));
  /** For iterations: it is over, and why. */
  const end = (error?: HookswitchError) => emitter.emit('end', error);
  const reset = () =>
    end(
      new HookswitchError('events_reset', 'Entries were missed for good.', {
        retry: 'now',
        whatToDo: 'Read client.calls, then iterate again.',
      }),
    );

  let loading: Promise<Later> | undefined;
  /** What is not needed to show calls, loaded when they are there, or when it is wanted. */
  const load = () => {
    loading ??= import('./later.ts').then(
      (later) => ({
        createEventStream: later.createEventStream,
        acts: new later.CallActions({
          url,
          tokens,
          clock,
          random,
          fetch: options.fetch,
          disposed: disposal.signal,
          store,
          watch: (callSid, listener) => emitter.on(callSid, listener),
        }),
      }),
      (cause: unknown) => {
        loading = undefined;
        throw new HookswitchError('network', 'A part of the client was not loaded.', {
          cause,
          retry: 'backoff',
          whatToDo: 'Try again, or reload the page.',
        });
      },
    );
    return loading;
  };

  let feed: Connection | undefined;
  let state: ConnectionState = stoppedState('not-started');
  const onChange = (next: ConnectionState) => {
    // The first thing a feed does is what was shown while it was being loaded.
    const known = state.phase === 'connecting' && next.phase === 'connecting' && state.step === next.step;
    state = next;
    if (known) return;
    if (next.phase === 'stopped') end(stoppedError(next.whatToDo));
    if (next.phase === 'live') void load().catch(ignore);
    emitter.emit('connection', next);
  };

  /** Once there is a feed, it alone says how things stand; until then, whether it is being loaded. */
  const connect = () => {
    if (feed !== undefined) return feed.connect();
    if (disposal.signal.aborted || state.phase === 'connecting') return;
    const {WebSocket = globalThis.WebSocket} = options;
    // Placing and ending calls works without.
    if (typeof WebSocket !== 'function') return onChange(stoppedState('unsupported'));
    const attempt = state.phase === 'waiting' ? state.attempt + 1 : 1;
    onChange({phase: 'connecting', step: 'token', attempt});
    import('./feed.ts').then(
      ({createFeed}) => {
        if (disposal.signal.aborted) return;
        feed = createFeed({
          ...options,
          url,
          subscription,
          tokens,
          WebSocket,
          clock,
          gatewayClock,
          random,
          store,
          onStatus: (message) => emitter.emit('status', message),
          onError: (error) => emitter.emit('error', error),
          onChange,
          onOutcomeUnknown: (calls) => void load().then(({acts}) => acts.lookUpOutcomes(calls), ignore),
          onReset: reset,
        });
        feed.connect();
      },
      () => {
        if (disposal.signal.aborted) return;
        const delayMs = backoffMs(attempt, random());
        const retryAt = clock.now() + delayMs;
        onChange({phase: 'waiting', why: 'closed', attempt, retryAt, hinted: false});
        clock.after(delayMs, () => feed ?? connect());
      },
    );
  };

  /** What a lazy client waits for: somebody who wants to know, or to act. */
  const ensure = () => {
    if (state.phase === 'stopped' && state.why === 'not-started') connect();
  };
  const act = async () => {
    ensure();
    return (await load()).acts;
  };
  const on: HookswitchClient['on'] = (name, listener) => {
    const unsubscribe = emitter.on(name, listener);
    ensure();
    return unsubscribe;
  };
  const readable = <T>(name: string, getSnapshot: () => T): ReadableStore<T> => ({
    getSnapshot,
    subscribe: (listener) => on(name as 'status', () => listener()),
  });
  const notice = (signal?: AbortSignal): StreamSource => {
    const early: StreamItem[] = [];
    let taker = (item: StreamItem): void => {
      early.push(item);
    };
    const quiet = () => taker({});
    const stops = [
      emitter.on('status', (message) => taker({message})),
      emitter.on('end', (error) => taker({error: error as HookswitchError | undefined})),
    ];
    signal?.addEventListener('abort', quiet);
    if (disposal.signal.aborted || signal?.aborted === true) quiet();
    else if (state.phase === 'stopped') taker({error: stoppedError(state.whatToDo)});
    return {
      listen: (next) => {
        taker = next;
        early.forEach(next);
      },
      close: () => {
        for (const stop of stops) stop();
        signal?.removeEventListener('abort', quiet);
      },
    };
  };
  const callStores = new Map<string, ReadableStore<CallState | undefined>>();

  const client: ClientMethods = {
    calls: readable('calls', store.list),
    connection: readable('connection', () => state),
    call: (callSid) => {
      const made = callStores.get(callSid) ?? readable(callSid, () => store.get(callSid));
      callStores.set(callSid, made);
      bound(callStores, MAX_CALL_STORES);
      return made;
    },
    now: gatewayClock.now,
    clockOffset: readable('clock', gatewayClock.offset),
    on,
    events: ({buffer = EVENT_BUFFER, signal} = {}) => ({
      [Symbol.asyncIterator]: () => {
        ensure();
        // From now on, though what iterates may have to be loaded first.
        const notices = notice(signal);
        const stream = load().then(({createEventStream: create}) => create(buffer, notices));
        stream.catch(() => notices.close());
        return {
          next: async () => (await stream).next(),
          return: async () => (await stream).return(),
        };
      },
    }),
    place: async (request, how) => (await act()).place(request, how),
    disconnect: async (callSid, how) => (await act()).disconnect(callSid, how),
    request: async (path, how) => (await load()).acts.request(path, how),
    connect,
    dispose: async () => {
      disposal.abort();
      end();
      feed?.dispose();
      if (state.phase !== 'stopped' || state.why !== 'disposed') onChange(stoppedState('disposed'));
    },
  };
  const {asyncDispose} = Symbol as {readonly asyncDispose?: symbol};
  if (asyncDispose !== undefined) Object.assign(client, {[asyncDispose]: () => client.dispose()});

  if (options.connect === 'now') connect();
  return client as HookswitchClient;
}

function ignore(): void {}

function stoppedError(whatToDo: string): HookswitchError {
  return new HookswitchError('stopped', 'The client has stopped.', {whatToDo});
}
