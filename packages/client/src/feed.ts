/**
 * The live feed: the connection, the resume position and the previous page's record. It is loaded when the client
 * first connects, so that a page that only creates a client does not load it.
 */
import type {CallStatusMessage} from '@hookswitch/protocol';
import type {CallStore} from './call-store.ts';
import type {CallState, ClientClock, ClientSettings, WebSocketConstructor} from './client-api.ts';
import {type Connection, createConnection} from './connection.ts';
import type {ConnectionState} from './connection-state.ts';
import {HookswitchError} from './errors.ts';
import type {GatewayClock} from './gateway-clock.ts';
import {pageEnvironment} from './page-environment.ts';
import {createResumeStorage, type ResumeRecord} from './resume-storage.ts';
import type {TokenSource} from './token-source.ts';

export interface FeedOptions extends Pick<ClientSettings, 'environment' | 'storage' | 'sessionStorage'> {
  /** The gateway's address without a trailing slash. */
  readonly url: string;
  readonly subscription: 'all' | readonly string[];
  readonly tokens: TokenSource;
  readonly WebSocket: WebSocketConstructor;
  readonly clock: ClientClock;
  readonly gatewayClock: GatewayClock;
  readonly random: () => number;
  readonly store: CallStore;
  readonly onStatus: (message: CallStatusMessage) => void;
  readonly onError: (error: HookswitchError) => void;
  readonly onChange: (state: ConnectionState) => void;
  /** Calls that ended between two connections, with an unknown outcome. */
  readonly onOutcomeUnknown: (calls: readonly CallState[]) => void;
  /** Journal entries were lost. */
  readonly onReset: () => void;
}

export function createFeed(options: FeedOptions): Connection {
  const {url, subscription, clock, store} = options;
  /** The user who may see the stored calls. */
  let user: string | undefined;

  const sessionStore = options.storage === 'session' ? (options.sessionStorage ?? pageStorage()) : undefined;
  const storage =
    sessionStore &&
    createResumeStorage({
      url,
      subscription,
      clock,
      store: sessionStore,
      record: () => {
        const cursor = store.cursor();
        return user === undefined || cursor === undefined ? undefined : {user, cursor, calls: store.list()};
      },
    });
  /** The previous page's record. It is shown after the gateway has confirmed that the user is the same. */
  let previous: ResumeRecord | undefined = storage?.load();

  const isSubscribed = (callSid: string) => subscription === 'all' || subscription.includes(callSid);

  return createConnection({
    ...options,
    url: `${url.replace('http', 'ws')}/ws`,
    environment: options.environment ?? pageEnvironment(new URL(url).hostname),
    handler: {
      resumeQuery: () => {
        const cursor = store.cursor() ?? previous?.cursor;
        return cursor === undefined
          ? ''
          : `?epoch=${encodeURIComponent(cursor.epoch)}&offset=${cursor.offset}`;
      },
      onReady: (session) => {
        if ((user ?? previous?.user ?? session.user) !== session.user) return false;
        if (previous !== undefined && session.recovered) store.restore(previous.calls, previous.cursor);
        previous = undefined;
        user = session.user;
        return true;
      },
      onStatus: (message) => {
        if (typeof message.callSid !== 'string') return;
        if (!isSubscribed(message.callSid)) store.advance(message.offset);
        else if (store.apply(message)) options.onStatus(message);
        storage?.save();
      },
      onSnapshot: ({offset, calls}, epoch, fresh) => {
        const cursor = store.cursor();
        if (!Array.isArray(calls) || (!fresh && cursor !== undefined && offset < cursor.offset)) return;
        const endedUnseen = store.replace(
          {epoch, offset},
          calls.filter(({callSid}) => isSubscribed(callSid)),
        );
        storage?.save();
        if (fresh && cursor !== undefined && (cursor.epoch !== epoch || cursor.offset !== offset))
          options.onReset();
        if (endedUnseen.length > 0) options.onOutcomeUnknown(endedUnseen);
      },
      onOffset: (offset) => {
        store.advance(offset);
        storage?.save();
      },
      onForget: () => {
        user = previous = undefined;
        store.clear();
        storage?.clear();
        options.onReset();
      },
      onTime: options.gatewayClock.observe,
      onRefused: ({code, message, context}) => options.onError(new HookswitchError(code, message, {context})),
      onFault: options.onError,
      onChange: (state) => {
        // The page may be closing.
        if (state.phase === 'stopped' || (state.phase === 'waiting' && state.why === 'suspended'))
          storage?.flush();
        options.onChange(state);
      },
    },
  });
}

/** Returns `undefined` outside of a page, and in a page that may not use storage. */
function pageStorage(): Storage | undefined {
  try {
    return sessionStorage;
  } catch {
    return undefined;
  }
}
