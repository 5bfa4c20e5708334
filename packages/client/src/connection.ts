/**
 * The connection's I/O: executes the effects of the state machine and reports the events of sockets, timers, tokens and
 * the page. It makes no decisions.
 */
import {closeCodes} from '@hookswitch/protocol';
import type {Unsubscribe} from './client-api.ts';
import type {ConnectionOptions} from './connection-options.ts';
import type {ConnectionState} from './connection-state.ts';
import type {HookswitchError} from './errors.ts';
import {type ConnectionContext, closeLink, type Link, openLink} from './link.ts';
import {checkLiveness} from './liveness.ts';
import {type Effect, initialState, type MachineEvent, transition} from './machine.ts';
import {afterMsOf, handleMessage, parseJson} from './server-messages.ts';

export interface Connection {
  readonly state: () => ConnectionState;
  /** Connects, or retries at once. */
  readonly connect: () => void;
  readonly dispose: () => void;
}

export function createConnection(options: ConnectionOptions): Connection {
  const {clock} = options;
  let machine = initialState(options.tokens.renewable);

  const dispatch = createEventQueue<MachineEvent>((event) => {
    const before = machine.connection;
    const moment = {now: clock.now(), monotonic: clock.monotonic(), random: options.random()};
    const {state, effects} = transition(machine, event, moment);
    machine = state;
    effects.forEach(execute);
    if (machine.connection !== before) options.handler.onChange(machine.connection);
  });
  const context: ConnectionContext = {...options, dispatch};
  const execute = createEffects(context);
  let unwatch: Unsubscribe | undefined;

  return {
    state: () => machine.connection,
    connect: () => {
      if (machine.connection.phase === 'stopped') unwatch ??= watchPage(context);
      dispatch({type: 'connect'});
    },
    dispose: () => {
      dispatch({type: 'dispose'});
      unwatch?.();
    },
  };
}

/** Handles one event at a time, including the events that a handler causes. */
function createEventQueue<Event>(handle: (event: Event) => void): (event: Event) => void {
  const queue: Event[] = [];
  let running = false;
  return (event) => {
    queue.push(event);
    if (running) return;
    running = true;
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) handle(next);
    running = false;
  };
}

/** Executes the machine's effects with one socket, one timer and one token request at a time. */
function createEffects(context: ConnectionContext): (effect: Effect) => void {
  const {tokens, clock, handler, dispatch} = context;
  let token: string;
  /** The number of the latest token request. The results of earlier requests are ignored. */
  let tokenRequest = 0;
  let cancelTimer: Unsubscribe | undefined;

  const handleClose = (link: Link, code: number, reason: string) => {
    if (code === closeCodes.unauthorized.code) tokens.refuse(link.token);
    dispatch({type: 'closed', code, reason, afterMs: afterMsOf(parseJson(reason)) ?? remainingMs(link)});
  };
  /** The delay of `session.draining` also applies if the connection ends earlier. */
  const remainingMs = ({reconnectAt}: Link) =>
    reconnectAt === undefined ? undefined : Math.max(0, reconnectAt - clock.monotonic());

  const requestToken = async () => {
    tokenRequest += 1;
    const request = tokenRequest;
    try {
      const result = await tokens.get();
      if (request !== tokenRequest) return;
      token = result;
      dispatch({type: 'token'});
    } catch (error) {
      if (request !== tokenRequest) return;
      const fault = error as HookswitchError;
      // A fixed token that is invalid stays invalid.
      if (!tokens.renewable) return dispatch({type: 'cannot-open', reason: fault.message});
      handler.onFault(fault);
      dispatch({type: 'token-failed'});
    }
  };

  const open = () => {
    try {
      context.link = openLink(context, token, handleMessage, handleClose);
    } catch (error) {
      dispatch({type: 'cannot-open', reason: error instanceof Error ? error.message : undefined});
    }
  };

  return (effect) => {
    switch (effect.type) {
      case 'ask-token':
        return void requestToken();
      case 'open':
        return open();
      case 'close':
        tokenRequest += 1;
        return closeLink(context);
      case 'forget':
        return handler.onForget();
      case 'timer':
        cancelTimer?.();
        if (effect.ms !== undefined) cancelTimer = clock.after(effect.ms, () => dispatch({type: 'timer'}));
    }
  };
}

/** Reports the page's network and visibility. It reads nothing from the page before the first connect. */
function watchPage(context: ConnectionContext): Unsubscribe {
  const {environment, dispatch} = context;
  const unwatch = environment.watch((type) => {
    dispatch({type});
    // The timers of a hidden page are late, so check now.
    if (type === 'visible') checkLiveness(context);
  });
  if (!environment.online) dispatch({type: 'offline'});
  if (!environment.visible) dispatch({type: 'hidden'});
  return unwatch;
}
