/**
 * The connection's I/O: carries out what the machine asks for, and reports to it what sockets, timers, tokens and the page
 * do. Decides nothing itself.
 */
import {
  BEARER_SUBPROTOCOL_PREFIX,
  type CallSnapshotMessage,
  type CallStatusMessage,
  type ClientMessage,
  type ErrorMessage,
  type ServerMessage,
  type SessionReadyMessage,
  SUBPROTOCOL,
} from '@hookswitch/protocol';
import type {ClientClock, ClientEnvironment, TokenReason, Unsubscribe, WebSocketLike} from './client-api.ts';
import type {SessionDetails} from './connection-state.ts';
import type {HookswitchError} from './errors.ts';
import {type Effect, initialState, type MachineEvent, type MachineState, transition} from './machine.ts';
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
  onRefused(message: ErrorMessage): void;
  onFault(error: HookswitchError): void;
  /** The state is another one. */
  onChange(): void;
}

export interface ConnectionOptions {
  /** The WebSocket's address, without a query. */
  readonly url: string;
  readonly tokens: TokenSource;
  readonly subscription: 'all' | readonly string[];
  readonly WebSocket: new (url: string, protocols: string[]) => WebSocketLike;
  readonly clock: ClientClock;
  readonly random: () => number;
  readonly environment: ClientEnvironment;
  readonly handler: ConnectionHandler;
}

/** Beyond two periods in which the server must have been heard. */
const SLACK_MS = 2000;
/** The server announces a token's end 60 s before (A4); this is for one that does not. */
const EXPIRY_NOTICE_MS = 45_000;
/** Longer timers fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The socket there is, and what is known of its session. */
interface Line {
  readonly socket: WebSocketLike;
  session?: SessionDetails;
  hasSnapshot?: true;
  /** When the server was last heard, monotonic ms. */
  heardAt: number;
  /** When the server last heard of us. */
  sentAt: number;
  /** What the server said before it went: when to come back. */
  afterMs?: number;
}

export class Connection {
  readonly #options: ConnectionOptions;
  readonly #queue: MachineEvent[] = [];
  #running = false;
  #machine: MachineState;
  #line: Line | undefined;
  #token = '';
  /** Answers of `getToken` to an attempt that is over are ignored. */
  #asked = 0;
  #refreshing = false;
  #cancelTimer: Unsubscribe = () => {};
  #cancelWatch: Unsubscribe = () => {};
  #cancelExpiry: Unsubscribe = () => {};
  #unwatch: Unsubscribe | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    const {renewable} = options.tokens;
    // What the page says is looked at when something is wanted; before that nothing of it is touched.
    this.#machine = initialState({online: true, visible: true, renewable});
  }

  get state() {
    return this.#machine.connection;
  }

  /** Begins, or tries again at once. */
  connect(): void {
    const {environment} = this.#options;
    if (this.#unwatch === undefined && this.state.phase === 'stopped') {
      this.#unwatch = environment.watch((type) => {
        this.#dispatch({type});
        // Timers of a hidden page are late: what they would have found is found now.
        if (type === 'visible') this.#look();
      });
      if (!environment.online) this.#dispatch({type: 'offline'});
      if (!environment.visible) this.#dispatch({type: 'hidden'});
    }
    this.#dispatch({type: 'connect'});
  }

  dispose(): void {
    this.#dispatch({type: 'dispose'});
    this.#unwatch?.();
  }

  /** One event after the other, also those that an effect or a listener brings about. */
  #dispatch(event: MachineEvent): void {
    this.#queue.push(event);
    if (this.#running) return;
    this.#running = true;
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) this.#step(next);
    } finally {
      this.#running = false;
    }
  }

  #step(event: MachineEvent): void {
    const {clock, random, handler} = this.#options;
    const before = this.state;
    const {state, effects} = transition(this.#machine, event, {now: clock.now(), random: random()});
    this.#machine = state;
    for (const effect of effects) this.#carryOut(effect);
    if (this.state !== before) handler.onChange();
  }

  #carryOut(effect: Effect): void {
    switch (effect.type) {
      case 'ask-token':
        void this.#askToken(effect.reason);
        return;
      case 'open':
        this.#open();
        return;
      case 'close':
        this.#close();
        return;
      case 'refresh':
        void this.#refresh();
        return;
      case 'forget':
        this.#options.handler.onForget();
        return;
      case 'timer':
        this.#cancelTimer();
        this.#cancelTimer =
          effect.ms === undefined
            ? () => {}
            : this.#options.clock.after(effect.ms, () => this.#dispatch({type: 'timer'}));
        return;
    }
  }

  async #askToken(reason: TokenReason): Promise<void> {
    this.#asked += 1;
    const mine = this.#asked;
    try {
      const token = await this.#options.tokens.get(reason);
      if (mine !== this.#asked) return;
      this.#token = token;
      this.#dispatch({type: 'token'});
    } catch (error) {
      if (mine !== this.#asked) return;
      this.#options.handler.onFault(error as HookswitchError);
      this.#dispatch({type: 'token-failed'});
    }
  }

  #open(): void {
    const {url, handler, WebSocket, clock} = this.#options;
    try {
      const socket = new WebSocket(url + handler.resumeQuery(), [
        SUBPROTOCOL,
        BEARER_SUBPROTOCOL_PREFIX + this.#token,
      ]);
      const now = clock.monotonic();
      const line: Line = {socket, heardAt: now, sentAt: now};
      this.#line = line;
      socket.onmessage = ({data}: {readonly data: unknown}) => {
        line.heardAt = clock.monotonic();
        if (typeof data === 'string') this.#hear(line, data);
      };
      socket.onclose = ({code, reason}: {readonly code: number; readonly reason: string}) =>
        this.#dispatch({type: 'closed', code, afterMs: afterMsOf(reason) ?? line.afterMs});
    } catch {
      this.#dispatch({type: 'cannot-open'});
    }
  }

  /** Lets go: nothing that this socket still does is heard. */
  #close(): void {
    this.#asked += 1;
    this.#cancelWatch();
    this.#cancelExpiry();
    const {socket} = this.#line ?? {};
    this.#line = undefined;
    if (socket === undefined) return;
    socket.onmessage = socket.onclose = null;
    socket.close(1000);
  }

  #send(message: ClientMessage): void {
    if (this.#line === undefined) return;
    this.#line.sentAt = this.#options.clock.monotonic();
    this.#line.socket.send(JSON.stringify(message));
  }

  /** What is no message, and messages of a newer server, are passed over. */
  #hear(line: Line, data: string): void {
    const message = parse(data);
    if (message === undefined || this.#line !== line) return;
    const {handler} = this.#options;
    switch (message.type) {
      case 'session.ready':
        this.#begin(line, message);
        return;
      case 'call.status':
        handler.onStatus(message);
        this.#dispatch({type: 'progress'});
        return;
      case 'call.snapshot':
        this.#takeSnapshot(line, message);
        return;
      case 'session.heartbeat':
        handler.onOffset(message.offset);
        this.#dispatch({type: 'caught-up'});
        // In answer, not on a timer: a hidden page's timers are too slow to be judged by.
        this.#send({type: 'session.heartbeat'});
        return;
      case 'session.expiring':
        this.#dispatch({type: 'expiring'});
        return;
      case 'error':
        handler.onRefused(message);
        return;
      case 'call.action.accepted':
        return;
      default: {
        const {afterMs}: {afterMs?: unknown} = message;
        if (typeof afterMs === 'number') line.afterMs = afterMs;
      }
    }
  }

  #begin(line: Line, message: SessionReadyMessage): void {
    const {handler, subscription} = this.#options;
    if (!handler.onReady(message)) {
      this.#dispatch({type: 'other-user'});
      return;
    }
    const {type: _type, timestamp: _timestamp, ...session} = message;
    line.session = session;
    this.#dispatch({type: 'ready', session});
    if (subscription !== 'all') this.#send({type: 'call.subscribe', calls: [...subscription]});
    this.#watch();
    this.#planRefresh();
  }

  #takeSnapshot(line: Line, message: CallSnapshotMessage): void {
    if (line.session === undefined) return;
    const {epoch, recovered} = line.session;
    this.#options.handler.onSnapshot(message, epoch, !recovered && !line.hasSnapshot);
    line.hasSnapshot = true;
    this.#dispatch({type: 'caught-up'});
  }

  /** Looks twice a period whether the line is alive, and sees to it that the server can tell the same. */
  #watch(): void {
    const period = this.#line?.session?.heartbeatMs;
    this.#cancelWatch();
    if (period === undefined) return;
    this.#cancelWatch = this.#options.clock.after(period / 2, () => {
      this.#look();
      this.#watch();
    });
  }

  #look(): void {
    const line = this.#line;
    if (line?.session === undefined) return;
    const now = this.#options.clock.monotonic();
    const {heartbeatMs} = line.session;
    if (now - line.heardAt > 2 * heartbeatMs + SLACK_MS) this.#dispatch({type: 'silent'});
    else if (now - line.sentAt >= heartbeatMs) this.#send({type: 'session.heartbeat'});
  }

  #planRefresh(): void {
    const {tokens, clock} = this.#options;
    this.#cancelExpiry();
    const inMs = (tokens.expiresInMs ?? 0) - EXPIRY_NOTICE_MS;
    if (inMs <= 0 || inMs > MAX_TIMER_MS) return;
    this.#cancelExpiry = clock.after(inMs, () => this.#dispatch({type: 'expiring'}));
  }

  /** Without a fresh token the server closes with 4401, and then one is asked for again. */
  async #refresh(): Promise<void> {
    const {tokens, handler} = this.#options;
    const line = this.#line;
    if (this.#refreshing || !tokens.renewable) return;
    this.#refreshing = true;
    try {
      const token = await tokens.get('expiring');
      if (line !== this.#line) return;
      this.#send({type: 'session.refresh', token});
      this.#planRefresh();
    } catch (error) {
      handler.onFault(error as HookswitchError);
    } finally {
      this.#refreshing = false;
    }
  }
}

/** A message the client can read: `type` is text, and where it knows the type, so is what it goes by. */
function parse(data: string): ServerMessage | undefined {
  try {
    const message: ServerMessage | null = JSON.parse(data);
    return typeof message?.type === 'string' ? message : undefined;
  } catch {
    return undefined;
  }
}

/** When to come back, where the reason of a close says so in JSON. */
function afterMsOf(reason: string): number | undefined {
  try {
    const {afterMs}: {afterMs?: unknown} = JSON.parse(reason);
    return typeof afterMs === 'number' && afterMs >= 0 ? afterMs : undefined;
  } catch {
    return undefined;
  }
}
