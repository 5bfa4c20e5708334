/**
 * What moves the calls: the connection, where it resumes, and what an earlier page left. Loaded when somebody first wants to know
 * about calls, so that a page which only prepares a client does not carry it.
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
  /** The gateway's address without a slash at the end. */
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
  /** These ended, and nobody here saw how. */
  readonly onGone: (calls: readonly CallState[]) => void;
  /** Entries were missed for good. */
  readonly onReset: () => void;
}

export function createFeed(options: FeedOptions): Connection {
  const {url, subscription, tokens, clock, random, store} = options;
  const {onStatus, onError, onChange, onGone, onReset} = options;
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

  return createConnection({
    url: `${url.replace('http', 'ws')}/ws`,
    tokens,
    subscription,
    WebSocket: options.WebSocket,
    clock,
    random,
    environment: options.environment ?? pageEnvironment(new URL(url).hostname),
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
        else if (store.apply(message)) onStatus(message);
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
        if (fresh && cursor !== undefined && (cursor.epoch !== epoch || cursor.offset !== offset)) onReset();
        if (gone.length > 0) onGone(gone);
      },
      onOffset: (offset) => {
        store.advance(offset);
        storage?.touch();
      },
      onForget: () => {
        user = left = undefined;
        store.clear();
        storage?.clear();
        onReset();
      },
      onTime: options.gatewayClock.observe,
      onRefused: ({code, message, context}) => onError(new HookswitchError(code, message, {context})),
      onFault: onError,
      onChange: (state) => {
        // The page may be going.
        if (state.phase === 'stopped' || (state.phase === 'waiting' && state.why === 'suspended'))
          storage?.flush();
        onChange(state);
      },
    },
  });
}

/** `undefined` outside of a page, and in one that may not store anything. */
function pageStorage(): Storage | undefined {
  try {
    return sessionStorage;
  } catch {
    return undefined;
  }
}
