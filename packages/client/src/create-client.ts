/** The composition root of the SDK: options → tokens, requests, calls, connection → one object. */
import type {CallSnapshotMessage, CallStatusMessage, SessionReadyMessage} from '@hookswitch/protocol';
import {MAX_SUBSCRIBED_CALLS} from '@hookswitch/protocol';
import type {Acts} from './acts.ts';
import {CallStore} from './call-store.ts';
import type {CallState, ClientEvents, ClientOptions, HookswitchClient, ReadableStore} from './client-api.ts';
import {Connection, type ConnectionHandler} from './connection.ts';
import {pageEnvironment, systemClock} from './environment.ts';
import {HookswitchError} from './errors.ts';
import {EventStream} from './event-stream.ts';
import {type ResumeRecord, ResumeStorage} from './resume-storage.ts';
import {TokenSource} from './token-source.ts';
import {Listeners, readableStore} from './value-store.ts';

const EVENT_BUFFER = 1000;
/** Stores handed out by sid, so that the same sid gives the same store. */
const MAX_CALL_STORES = 1000;

/**
 * A client of one gateway.
 * @throws TypeError for options that cannot work
 */
export function createClient(options: ClientOptions): HookswitchClient {
  const {calls: subscription = 'all', clock = systemClock, random = Math.random} = options;
  const address = new URL(options.url);
  if ((options.token === undefined) === (options.getToken === undefined))
    throw new TypeError('Give either token or getToken.');
  if (!/^https?:$/.test(address.protocol)) throw new TypeError('url must be http(s).');
  if (subscription !== 'all' && subscription.length > MAX_SUBSCRIBED_CALLS)
    throw new TypeError(`At most ${MAX_SUBSCRIBED_CALLS} calls.`);
  const url = address.origin + address.pathname.replace(/\/+$/, '');
  const environment = options.environment ?? pageEnvironment(address.hostname);
  const tokens = new TokenSource({...options, clock});
  const disposal = new AbortController();
  const store = new CallStore();
  const listeners: {readonly [Name in keyof ClientEvents]: Listeners<ClientEvents[Name]>} = {
    status: new Listeners(),
    connection: new Listeners(),
    error: new Listeners(),
  };
  const connectionChanged = new Listeners();
  const streams = new Set<EventStream>();
  /** Whose calls are held. */
  let user: string | undefined;
  /** What a page before this one left: shown once the gateway has said that it is still this user's. */
  let left: ResumeRecord | undefined;

  const storage = new ResumeStorage({
    url,
    subscription,
    clock,
    store: options.storage === 'session' ? (options.sessionStorage ?? pageStorage()) : undefined,
    record: () =>
      user === undefined || store.cursor === undefined
        ? undefined
        : {user, cursor: store.cursor, calls: store.list()},
  });

  const isWanted = (callSid: string) => subscription === 'all' || subscription.includes(callSid);
  const fault = (error: HookswitchError) => listeners.error.emit(error);
  const endStreams = (error?: HookswitchError) => {
    for (const stream of [...streams]) stream.finish(error);
  };

  let loading: Promise<Acts> | undefined;
  /** What acts over HTTP, loaded when the calls are there, or when it is wanted. */
  const load = () => {
    loading ??= import('./acts.ts').then(
      ({Acts}) =>
        new Acts({
          url,
          tokens,
          clock,
          random,
          fetch: options.fetch ?? ((...request) => fetch(...request)),
          disposed: disposal.signal,
          store,
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
  const preload = () => void load().catch(() => {});

  const handler: ConnectionHandler = {
    resumeQuery: () => {
      const {epoch, offset} = store.cursor ?? left?.cursor ?? {};
      return epoch === undefined ? '' : `?epoch=${encodeURIComponent(epoch)}&offset=${offset}`;
    },
    onReady: (session: SessionReadyMessage) => {
      const mine = (user ?? left?.user ?? session.user) === session.user;
      if (mine) {
        if (left !== undefined && session.recovered) store.restore(left.calls, left.cursor);
        left = undefined;
        user = session.user;
      }
      return mine;
    },
    onStatus: (message: CallStatusMessage) => {
      if (typeof message.callSid !== 'string') return;
      if (!isWanted(message.callSid)) store.advance(message.offset);
      else if (store.apply(message)) {
        listeners.status.emit(message);
        for (const stream of [...streams]) stream.push(message);
      }
      storage.touch();
    },
    onSnapshot: ({offset, calls}: CallSnapshotMessage, epoch: string, fresh: boolean) => {
      const {cursor} = store;
      if (!Array.isArray(calls) || (!fresh && cursor !== undefined && offset < cursor.offset)) return;
      const missed = fresh && cursor !== undefined && (cursor.epoch !== epoch || cursor.offset !== offset);
      const gone = store.replace({offset, calls: calls.filter(({callSid}) => isWanted(callSid))}, epoch);
      storage.touch();
      if (missed) endStreams(resetError());
      if (gone.length > 0)
        void load().then(
          (acts) => acts.lookUpAll(gone),
          () => {},
        );
    },
    onOffset: (offset) => {
      store.advance(offset);
      storage.touch();
    },
    onForget: () => {
      user = left = undefined;
      store.clear();
      storage.clear();
      endStreams(resetError());
    },
    onRefused: ({code, message, context}) => fault(new HookswitchError(code, message, {context})),
    onFault: fault,
    onChange: () => {
      const {state} = connection;
      if (state.phase === 'stopped')
        endStreams(state.why === 'disposed' ? undefined : stoppedError(state.whatToDo));
      if (state.phase === 'waiting' && state.why === 'suspended') storage.flush();
      if (state.phase === 'live') preload();
      listeners.connection.emit(state);
      connectionChanged.emit();
    },
  };

  const connection = new Connection({
    url: `${url.replace(/^http/, 'ws')}/ws`,
    tokens,
    subscription,
    WebSocket: options.WebSocket ?? WebSocket,
    clock,
    random,
    environment,
    handler,
  });

  /** What a lazy client waits for: somebody who wants to know, or to act. */
  const ensure = () => {
    const {state} = connection;
    if (state.phase === 'stopped' && state.why === 'not-started') connection.connect();
  };

  const act = () => {
    ensure();
    return load();
  };

  const callStores = new Map<string, ReadableStore<CallState | undefined>>();

  const client: HookswitchClient = {
    calls: readableStore(store.list, (listener) => store.changed.add(listener), ensure),
    connection: readableStore(
      () => connection.state,
      (listener) => connectionChanged.add(listener),
      ensure,
    ),
    call: (callSid) => {
      const known = callStores.get(callSid);
      if (known !== undefined) return known;
      const made = readableStore(
        () => store.get(callSid),
        (listener) => store.watch(callSid, listener),
        ensure,
      );
      callStores.set(callSid, made);
      for (const oldest of callStores.keys()) {
        if (callStores.size <= MAX_CALL_STORES) break;
        callStores.delete(oldest);
      }
      return made;
    },
    on: (name, listener) => {
      const unsubscribe = listeners[name].add(listener);
      ensure();
      return unsubscribe;
    },
    events: ({buffer = EVENT_BUFFER, signal} = {}) => ({
      [Symbol.asyncIterator]: () => {
        const end = () => stream.finish();
        const stream = new EventStream(buffer, () => {
          streams.delete(stream);
          signal?.removeEventListener('abort', end);
        });
        streams.add(stream);
        signal?.addEventListener('abort', end);
        ensure();
        const {state} = connection;
        if (disposal.signal.aborted || signal?.aborted === true) end();
        else if (state.phase === 'stopped') stream.finish(stoppedError(state.whatToDo));
        return stream;
      },
    }),
    place: async (request, options) => (await act()).place(request, options),
    disconnect: async (callSid, options) => (await act()).disconnect(callSid, options),
    request: async (path, request) => (await load()).request(path, request),
    connect: () => connection.connect(),
    dispose: async () => {
      disposal.abort();
      connection.dispose();
      storage.flush();
    },
    [Symbol.asyncDispose]: () => client.dispose(),
  };

  left = storage.load();
  if (options.connect === 'now') connection.connect();
  return client;
}

function resetError(): HookswitchError {
  return new HookswitchError('events_reset', 'Entries were missed for good.', {
    retry: 'now',
    whatToDo: 'Read client.calls, then iterate again.',
  });
}

function stoppedError(whatToDo: string): HookswitchError {
  return new HookswitchError('stopped', 'The client has stopped.', {whatToDo});
}

/** `undefined` outside of a page, and in one that may not store anything. */
function pageStorage(): Storage | undefined {
  try {
    return sessionStorage;
  } catch {
    return undefined;
  }
}
