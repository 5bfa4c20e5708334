/** The composition root of the SDK: options → tokens, calls, connection → one object. */
import {MAX_SUBSCRIBED_CALLS} from '@hookswitch/protocol';
import type {Acts} from './acts.ts';
import {bound, createCallStore} from './call-store.ts';
import type {CallState, ClientEvents, ClientOptions, HookswitchClient, ReadableStore} from './client-api.ts';
import {createConnection} from './connection.ts';
import {createEmitter} from './emitter.ts';
import {pageEnvironment, systemClock} from './environment.ts';
import {HookswitchError} from './errors.ts';
import {createEventStream, type EventStream} from './event-stream.ts';
import {createResumeStorage, type ResumeRecord} from './resume-storage.ts';
import {createTokenSource} from './token-source.ts';

/** Stores handed out by sid, so that the same sid gives the same store. */
const MAX_CALL_STORES = 1000;
const EVENT_BUFFER = 1000;

/**
 * A client of one gateway.
 * @throws TypeError for options that cannot work
 */
export function createClient(options: ClientOptions): HookswitchClient {
  const {token, getToken, calls: subscription = 'all', clock = systemClock, random = Math.random} = options;
  const {protocol, origin, pathname, hostname} = new URL(options.url);
  if ((token === undefined) === (getToken === undefined)) throw new TypeError('Give token or getToken.');
  if (!/^https?:$/.test(protocol)) throw new TypeError('url must be http(s).');
  if (subscription !== 'all' && subscription.length > MAX_SUBSCRIBED_CALLS)
    throw new TypeError(`At most ${MAX_SUBSCRIBED_CALLS} calls.`);
  const url = origin + pathname.replace(/\/+$/, '');
  const tokens = createTokenSource({token, getToken}, clock);
  const disposal = new AbortController();
  /** `status`, `connection`, `error`; `calls` for the list, and a sid for its call. */
  const emitter = createEmitter<ClientEvents & Readonly<Record<string, unknown>>>();
  const store = createCallStore((what) => emitter.emit(what, undefined));
  const streams = new Set<EventStream>();
  /** Whose calls are held. */
  let user: string | undefined;

  const kept = options.storage === 'session' ? (options.sessionStorage ?? pageStorage()) : undefined;
  const storage =
    kept &&
    createResumeStorage({
      url,
      subscription,
      clock,
      store: kept,
      record: () => {
        const cursor = store.cursor();
        return user === undefined || cursor === undefined ? undefined : {user, cursor, calls: store.list()};
      },
    });
  /** What a page before this one left: shown once the gateway has said that it is still this user's. */
  let left: ResumeRecord | undefined = storage?.load();

  const isWanted = (callSid: string) => subscription === 'all' || subscription.includes(callSid);
  const endStreams = (error?: HookswitchError) => {
    for (const stream of [...streams]) stream.finish(error);
  };
  const reset = () =>
    endStreams(
      new HookswitchError('events_reset', 'Entries were missed for good.', {
        retry: 'now',
        whatToDo: 'Read client.calls, then iterate again.',
      }),
    );

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
          watch: (callSid, listener) => emitter.on(callSid, listener),
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

  const connection = createConnection({
    url: `${url.replace('http', 'ws')}/ws`,
    tokens,
    subscription,
    WebSocket: options.WebSocket ?? WebSocket,
    clock,
    random,
    environment: options.environment ?? pageEnvironment(hostname),
    handler: {
      resumeQuery: () => {
        const cursor = store.cursor() ?? left?.cursor;
        return cursor === undefined
          ? ''
          : `?epoch=${encodeURIComponent(cursor.epoch)}&offset=${cursor.offset}`;
      },
      onReady: (session) => {
        if ((user ?? left?.user ?? session.user) !== session.user) return false;
        if (left !== undefined && session.recovered) store.restore(left.calls, left.cursor);
        left = undefined;
        user = session.user;
        return true;
      },
      onStatus: (message) => {
        if (typeof message.callSid !== 'string') return;
        if (!isWanted(message.callSid)) store.advance(message.offset);
        else if (store.apply(message)) {
          emitter.emit('status', message);
          for (const stream of [...streams]) stream.push(message);
        }
        storage?.touch();
      },
      onSnapshot: ({offset, calls}, epoch, fresh) => {
        const cursor = store.cursor();
        if (!Array.isArray(calls) || (!fresh && cursor !== undefined && offset < cursor.offset)) return;
        const gone = store.replace(
          {epoch, offset},
          calls.filter(({callSid}) => isWanted(callSid)),
        );
        storage?.touch();
        if (fresh && cursor !== undefined && (cursor.epoch !== epoch || cursor.offset !== offset)) reset();
        if (gone.length > 0) void load().then((acts) => acts.lookUpAll(gone), ignore);
      },
      onOffset: (offset) => {
        store.advance(offset);
        storage?.touch();
      },
      onForget: () => {
        user = left = undefined;
        store.clear();
        storage?.clear();
        reset();
      },
      onRefused: ({code, message, context}) =>
        emitter.emit('error', new HookswitchError(code, message, {context})),
      onFault: (error) => emitter.emit('error', error),
      onChange: (state) => {
        if (state.phase === 'stopped') endStreams(stoppedError(state.whatToDo));
        if (state.phase === 'waiting' && state.why === 'suspended') storage?.flush();
        if (state.phase === 'live') void load().catch(ignore);
        emitter.emit('connection', state);
      },
    },
  });

  /** What a lazy client waits for: somebody who wants to know, or to act. */
  const ensure = () => {
    const state = connection.state();
    if (state.phase === 'stopped' && state.why === 'not-started') connection.connect();
  };
  const act = () => {
    ensure();
    return load();
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
  const callStores = new Map<string, ReadableStore<CallState | undefined>>();

  const client: HookswitchClient = {
    calls: readable('calls', store.list),
    connection: readable('connection', connection.state),
    call: (callSid) => {
      const made = callStores.get(callSid) ?? readable(callSid, () => store.get(callSid));
      callStores.set(callSid, made);
      bound(callStores, MAX_CALL_STORES);
      return made;
    },
    on,
    events: ({buffer = EVENT_BUFFER, signal} = {}) => ({
      [Symbol.asyncIterator]: () => {
        const end = () => stream.finish();
        const stream = createEventStream(buffer, () => {
          streams.delete(stream);
          signal?.removeEventListener('abort', end);
        });
        streams.add(stream);
        signal?.addEventListener('abort', end);
        ensure();
        const state = connection.state();
        if (disposal.signal.aborted || signal?.aborted === true) end();
        else if (state.phase === 'stopped') stream.finish(stoppedError(state.whatToDo));
        return stream;
      },
    }),
    place: async (request, how) => (await act()).place(request, how),
    disconnect: async (callSid, how) => (await act()).disconnect(callSid, how),
    request: async (path, how) => (await load()).request(path, how),
    connect: connection.connect,
    dispose: async () => {
      disposal.abort();
      endStreams();
      connection.dispose();
      storage?.flush();
    },
    [Symbol.asyncDispose]: () => client.dispose(),
  };

  if (options.connect === 'now') connection.connect();
  return client;
}

function ignore(): void {}

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
