/** The composition root of the SDK: connects the options, token source, call store and connection. */
import {bound, createCallStore} from './call-store.ts';
import type {
  CallState,
  ClientMethods,
  ClientOptions,
  EventsOptions,
  HookswitchClient,
  ReadableStore,
} from './client-api.ts';
import {checkOptions} from './client-options.ts';
import {createEmitter} from './emitter.ts';
import {createFeedLoader} from './feed-loader.ts';
import {createGatewayClock} from './gateway-clock.ts';
import {createLazyPartLoader, type LazyPart} from './load-lazy-part.ts';
import {createStreamSource, type InternalEvents, resetError, stoppedError} from './stream-source.ts';
import {systemClock} from './system-clock.ts';
import {createTokenSource} from './token-source.ts';

/** How many stores of single calls to keep, so that the same sid returns the same store. */
const MAX_CALL_STORES = 1000;
const EVENT_BUFFER = 1000;

/**
 * Creates a client for one gateway.
 * @throws TypeError for invalid options
 */
export function createClient(options: ClientOptions): HookswitchClient {
  const {disposal, emitter, store, gatewayClock, connection, loadLazyPart} = createParts(options);

  /** A lazy client connects on the first subscription, iteration or action. */
  const connectIfNew = () => {
    const state = connection.state();
    if (state.phase === 'stopped' && state.why === 'not-started') connection.connect();
  };
  const loadActions = async () => {
    connectIfNew();
    return (await loadLazyPart()).actions;
  };
  const on: HookswitchClient['on'] = (name, listener) => {
    const unsubscribe = emitter.on(name, listener);
    connectIfNew();
    return unsubscribe;
  };
  const readable = <T>(name: string, getSnapshot: () => T): ReadableStore<T> => ({
    getSnapshot,
    subscribe: (listener) => on(name as 'status', () => listener()),
  });
  const iterate = ({buffer = EVENT_BUFFER, signal}: EventsOptions) => {
    connectIfNew();
    // Messages count from now on, although the code of the iteration may have to be loaded first.
    const source = createStreamSource({
      emitter,
      state: connection.state(),
      disposed: disposal.signal,
      signal,
    });
    return createIterator(
      loadLazyPart().then(({createEventStream}) => createEventStream(buffer, source)),
      () => source.close(),
    );
  };

  const client: ClientMethods = {
    calls: readable('calls', store.list),
    connection: readable('connection', connection.state),
    call: createCallStores((callSid) => readable(callSid, () => store.get(callSid))),
    now: gatewayClock.now,
    clockOffset: readable('clock', gatewayClock.offset),
    on,
    events: (eventsOptions = {}) => ({[Symbol.asyncIterator]: () => iterate(eventsOptions)}),
    place: async (request, how) => (await loadActions()).place(request, how),
    disconnect: async (callSid, how) => (await loadActions()).disconnect(callSid, how),
    request: async (path, how) => (await loadLazyPart()).actions.request(path, how),
    connect: connection.connect,
    dispose: async () => {
      disposal.abort();
      emitter.emit('end', undefined);
      connection.dispose();
    },
  };
  const {asyncDispose} = Symbol as {readonly asyncDispose?: symbol};
  if (asyncDispose !== undefined) Object.assign(client, {[asyncDispose]: () => client.dispose()});

  if (options.connect === 'now') connection.connect();
  return client as HookswitchClient;
}

/** Creates the parts of a client and connects them. */
function createParts(options: ClientOptions) {
  const {clock = systemClock, random = Math.random} = options;
  const checked = checkOptions(options);
  const {url, subscription} = checked;
  const tokens = createTokenSource(checked, clock);
  const disposal = new AbortController();
  const disposed = disposal.signal;
  const emitter = createEmitter<InternalEvents>();
  const store = createCallStore((name) => emitter.emit(name, undefined));
  const gatewayClock = createGatewayClock(clock, () => emitter.emit('clock', undefined));
  const loadLazyPart = createLazyPartLoader({
    url,
    tokens,
    clock,
    random,
    fetch: options.fetch,
    disposed,
    store,
    watch: (callSid, listener) => emitter.on(callSid, listener),
  });
  const connection = createFeedLoader({
    ...options,
    url,
    subscription,
    tokens,
    WebSocket: options.WebSocket,
    clock,
    gatewayClock,
    random,
    store,
    disposed,
    onStatus: (message) => emitter.emit('status', message),
    onError: (error) => emitter.emit('error', error),
    onChange: (state) => {
      if (state.phase === 'stopped') emitter.emit('end', stoppedError(state.whatToDo));
      if (state.phase === 'live') void loadLazyPart().catch(ignore);
      emitter.emit('connection', state);
    },
    onOutcomeUnknown: (calls) =>
      void loadLazyPart().then(({actions}) => actions.lookUpOutcomes(calls), ignore),
    onReset: () => emitter.emit('end', resetError()),
  });
  return {disposal, emitter, store, gatewayClock, connection, loadLazyPart};
}

/** Returns a function that creates one store per sid and keeps the latest ones. */
function createCallStores(create: (callSid: string) => ReadableStore<CallState | undefined>) {
  const stores = new Map<string, ReadableStore<CallState | undefined>>();
  return (callSid: string) => {
    const store = stores.get(callSid) ?? create(callSid);
    stores.set(callSid, store);
    bound(stores, MAX_CALL_STORES);
    return store;
  };
}

/** An iterator over a stream that is still being loaded. */
function createIterator(
  stream: Promise<ReturnType<LazyPart['createEventStream']>>,
  onLoadFailed: () => void,
) {
  stream.catch(onLoadFailed);
  return {
    next: async () => (await stream).next(),
    return: async () => (await stream).return(),
  };
}

function ignore(): void {}
