/**
 * The connection's I/O: carries out what the machine asks for, and reports to it what sockets, timers, tokens and the page
 * do. Decides nothing itself.
 */
import {
  BEARER_SUBPROTOCOL_PREFIX,
  type CallSnapshotMessage,
  type CallStatusMessage,
  type ClientMessage,
  closeCodes,
  type ErrorMessage,
  type ServerMessage,
  type SessionExpiringMessage,
  type SessionReadyMessage,
  SUBPROTOCOL,
} from '@hookswitch/protocol';
import type {
  ClientClock,
  ClientEnvironment,
  Unsubscribe,
  WebSocketConstructor,
  WebSocketLike,
} from './client-api.ts';
import type {ConnectionState, SessionDetails} from './connection-state.ts';
import type {HookswitchError} from './errors.ts';
import {type Effect, initialState, type MachineEvent, transition} from './machine.ts';
import {renewalDelayMs, renewalRetryMs} from './token-renewal.ts';
import type {TokenSource} from './token-source.ts';

/** What the calls make of it. */
export interface ConnectionHandler {
  /** Where to resume, as a query (`?epoch=…`), or nothing. */
  resumeQuery(): string;
  /** @returns `false` when what is held is another user's */
  onReady(session: SessionReadyMessage): boolean;
  onStatus(message: CallStatusMessage): void;
  /** @param fresh it is what the session begins with, instead of what was missed */
  onSnapshot(message: CallSnapshotMessage, epoch: string, fresh: boolean): void;
  /** Everything up to here was sent. */
  onOffset(offset: number): void;
  onForget(): void;
  /** The gateway sent something at this moment by its clock. @param first it opens a session */
  onTime(timestamp: string, first: boolean): void;
  onRefused(message: ErrorMessage): void;
  onFault(error: HookswitchError): void;
  /** The state is another one. */
  onChange(state: ConnectionState): void;
}

export interface ConnectionOptions {
  /** The WebSocket's address, without a query. */
  readonly url: string;
  readonly tokens: TokenSource;
  readonly subscription: 'all' | readonly string[];
  readonly WebSocket: WebSocketConstructor;
  readonly clock: ClientClock;
  readonly random: () => number;
  readonly environment: ClientEnvironment;
  readonly handler: ConnectionHandler;
}

/** Messages whose `timestamp` is the moment of sending. That of `call.status` is when something happened. */
const SENT_NOW = /^(session\.(ready|heartbeat|expiring|draining)|call\.action\.accepted|error)$/;

/** Beyond two periods in which the server must have been heard. */
const SLACK_MS = 2000;

/** The socket there is, and what is known of its session. */
interface Line {
  readonly socket: WebSocketLike;
  /** What it was opened with, or refreshed with since. */
  token: string;
  session?: SessionDetails;
  hasSnapshot?: true;
  /** When the server was last heard, monotonic ms. */
  heardAt: number;
  /** When the server last heard of us. */
  sentAt: number;
  /** When to come back, monotonic ms, where the server said so before it went. */
  backAt?: number;
}

export interface Connection {
  readonly state: () => ConnectionState;
  /** Begins, or tries again at once. */
  readonly connect: () => void;
  readonly dispose: () => void;
}

export function createConnection(options: ConnectionOptions): Connection {
  const {url, tokens, subscription, WebSocket, clock, random, environment, handler} = options;
  const queue: MachineEvent[] = [];
  let running = false;
  // What the page says is looked at when something is wanted; before that nothing of it is touched.
  let machine = initialState(tokens.renewable);
  let line: Line | undefined;
  let token: string;
  /** Answers of `getToken` to an attempt that is over are ignored. */
  let asked = 0;
  let cancelRenewal: Unsubscribe | undefined;
  let cancelTimer: Unsubscribe | undefined;
  let cancelWatch: Unsubscribe | undefined;
  let unwatch: Unsubscribe | undefined;

  /** One event after the other, also those that an effect or a listener brings about. */
  const dispatch = (event: MachineEvent) => {
    queue.push(event);
    if (running) return;
    running = true;
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const before = machine.connection;
      const step = transition(machine, next, {
        now: clock.now(),
        monotonic: clock.monotonic(),
        random: random(),
      });
      machine = step.state;
      step.effects.forEach(carryOut);
      if (machine.connection !== before) handler.onChange(machine.connection);
    }
    running = false;
  };

  const carryOut = (effect: Effect) => {
    switch (effect.type) {
      case 'ask-token':
        return void askToken();
      case 'open':
        return open();
      case 'close':
        return close();
      case 'forget':
        return handler.onForget();
      case 'timer':
        cancelTimer?.();
        if (effect.ms !== undefined) cancelTimer = clock.after(effect.ms, () => dispatch({type: 'timer'}));
    }
  };

  const askToken = async () => {
    asked += 1;
    const mine = asked;
    try {
      const next = await tokens.get();
      if (mine !== asked) return;
      token = next;
      dispatch({type: 'token'});
    } catch (error) {
      if (mine !== asked) return;
      const fault = error as HookswitchError;
      // A fixed token that cannot be one stays so.
      if (!tokens.renewable) return dispatch({type: 'cannot-open', reason: fault.message});
      handler.onFault(fault);
      dispatch({type: 'token-failed'});
    }
  };

  const open = () => {
    try {
      const socket = new WebSocket(url + handler.resumeQuery(), [
        SUBPROTOCOL,
        BEARER_SUBPROTOCOL_PREFIX + token,
      ]);
      const heardAt = clock.monotonic();
      const mine: Line = {socket, token, heardAt, sentAt: heardAt};
      line = mine;
      // What went wrong comes with the close. Without a listener the ws package throws.
      socket.onerror = () => {};
      socket.onmessage = ({data}: {readonly data: unknown}) => {
        mine.heardAt = clock.monotonic();
        if (typeof data === 'string') hear(mine, data);
      };
      socket.onclose = ({code, reason}: {readonly code: number; readonly reason: string}) => {
        if (code === closeCodes.unauthorized.code) tokens.refuse(mine.token);
        dispatch({type: 'closed', code, reason, afterMs: afterMsOf(parse(reason)) ?? restMs(mine)});
      };
    } catch (error) {
      dispatch({type: 'cannot-open', reason: error instanceof Error ? error.message : undefined});
    }
  };

  /** The server's spread holds, also where the connection ends ahead of it. */
  const restMs = ({backAt}: Line) =>
    backAt === undefined ? undefined : Math.max(0, backAt - clock.monotonic());

  /** Lets go: nothing that this socket still does is heard. */
  const close = () => {
    asked += 1;
    cancelWatch?.();
    cancelRenewal?.();
    const socket = line?.socket;
    line = undefined;
    if (socket === undefined) return;
    socket.onmessage = socket.onclose = null;
    socket.close(1000);
  };

  const send = (message: ClientMessage) => {
    if (line === undefined) return;
    line.sentAt = clock.monotonic();
    line.socket.send(JSON.stringify(message));
  };

  /** What is no message, and messages of a newer server, are passed over. */
  const hear = (mine: Line, data: string) => {
    const message = parse(data) as ServerMessage | null | undefined;
    if (typeof message?.type !== 'string') return;
    const {session} = mine;
    if ('timestamp' in message && SENT_NOW.test(message.type)) {
      handler.onTime(message.timestamp, message.type === 'session.ready');
    }
    switch (message.type) {
      case 'session.ready':
        begin(mine, message);
        break;
      case 'call.status':
        handler.onStatus(message);
        dispatch({type: 'progress'});
        break;
      case 'call.snapshot':
        if (session === undefined) break;
        handler.onSnapshot(message, session.epoch, !session.recovered && !mine.hasSnapshot);
        mine.hasSnapshot = true;
        dispatch({type: 'caught-up'});
        break;
      case 'session.heartbeat':
        handler.onOffset(message.offset);
        dispatch({type: 'caught-up'});
        // In answer, not on a timer: a hidden page's timers are too slow to be judged by.
        send({type: 'session.heartbeat'});
        break;
      case 'session.expiring':
        planRenewal(mine, message);
        break;
      case 'error':
        handler.onRefused(message);
        break;
      case 'call.action.accepted':
        break;
      case 'session.draining':
        mine.backAt = clock.monotonic() + (afterMsOf(message) ?? 0);
    }
  };

  const begin = (mine: Line, message: SessionReadyMessage) => {
    if (!handler.onReady(message)) return dispatch({type: 'other-user'});
    const {type: _type, timestamp: _timestamp, ...session} = message;
    mine.session = session;
    dispatch({type: 'ready', session});
    if (subscription !== 'all') send({type: 'call.subscribe', calls: [...subscription]});
    watch();
  };

  /** Looks twice a period whether the line is alive, and sees to it that the server can tell the same. */
  const watch = () => {
    cancelWatch?.();
    const session = line?.session;
    if (session === undefined) return;
    cancelWatch = clock.after(session.heartbeatMs / 2, () => {
      look();
      watch();
    });
  };

  const look = () => {
    if (line?.session === undefined) return;
    const {heartbeatMs} = line.session;
    const now = clock.monotonic();
    if (now - line.heardAt > 2 * heartbeatMs + SLACK_MS) dispatch({type: 'silent'});
    else if (now - line.sentAt >= heartbeatMs) send({type: 'session.heartbeat'});
  };

  /** A fixed token ends with 4401. So does one that cannot be renewed in time, and then another is asked for. */
  const planRenewal = (mine: Line, {expiresAt, timestamp}: SessionExpiringMessage) => {
    const delayMs = renewalDelayMs(expiresAt, timestamp, tokens.ageMs());
    if (tokens.renewable && delayMs !== undefined) renewAfter(delayMs, mine, 1);
  };

  const renewAfter = (delayMs: number, mine: Line, tries: number) => {
    cancelRenewal?.();
    cancelRenewal = clock.after(delayMs, () => void renew(mine, tries));
  };

  const renew = async (mine: Line, tries: number) => {
    try {
      const next = await tokens.renew();
      if (mine !== line) return;
      mine.token = next;
      send({type: 'session.refresh', token: next});
    } catch (error) {
      handler.onFault(error as HookswitchError);
      if (mine === line) renewAfter(renewalRetryMs(tries, random()), mine, tries + 1);
    }
  };

  return {
    state: () => machine.connection,
    connect: () => {
      const {phase} = machine.connection;
      if (unwatch === undefined && phase === 'stopped') {
        unwatch = environment.watch((type) => {
          dispatch({type});
          // Timers of a hidden page are late: what they would have found is found now.
          if (type === 'visible') look();
        });
        if (!environment.online) dispatch({type: 'offline'});
        if (!environment.visible) dispatch({type: 'hidden'});
      }
      dispatch({type: 'connect'});
    },
    dispose: () => {
      dispatch({type: 'dispose'});
      unwatch?.();
    },
  };
}

/** JSON, or nothing. */
function parse(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return undefined;
  }
}

/** Milliseconds after which to come back, where the server says so: in the reason of a close, or in `session.draining`. */
function afterMsOf(said: unknown): number | undefined {
  const {afterMs} = Object(said) as {readonly afterMs?: unknown};
  return typeof afterMs === 'number' && afterMs >= 0 ? afterMs : undefined;
}
