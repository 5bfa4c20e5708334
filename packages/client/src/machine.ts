/**
 * The connection's state machine: a pure function of state and event, without sockets, timers or a clock.
 * `connection.ts` executes the effects and reports events. The table is complete: a test checks every phase with
 * every event.
 */
import {retryAfter} from '@hookswitch/protocol';
import {backoffMs} from './backoff.ts';
import type {
  CatchingUpState,
  ConnectionState,
  LiveState,
  SessionDetails,
  StopReason,
  WaitReason,
} from './connection-state.ts';
import {stoppedState} from './stop-reason.ts';
import {TOKEN_FLOOR_MS} from './token-renewal.ts';

export interface MachineState {
  readonly connection: ConnectionState;
  /** Attempts that have failed since the last stable session. */
  readonly attempt: number;
  /** A token was refused, and there has been no stable session since. */
  readonly refused: boolean;
  /** Whether another token can be requested. */
  readonly renewable: boolean;
  /** The start of the current or last session, monotonic ms. */
  readonly since: number;
  readonly online: boolean;
  readonly visible: boolean;
  readonly suspended: boolean;
}

export type MachineEvent =
  /** Connect now. */
  | {readonly type: 'connect'}
  | {readonly type: 'token'}
  | {readonly type: 'token-failed'}
  /** The WebSocket constructor threw. */
  | {readonly type: 'cannot-open'; readonly reason?: string}
  | {readonly type: 'closed'; readonly code: number; readonly reason?: string; readonly afterMs?: number}
  | {readonly type: 'ready'; readonly session: SessionDetails}
  /** The session belongs to another user than the stored calls. */
  | {readonly type: 'other-user'}
  /** A journal entry arrived. */
  | {readonly type: 'progress'}
  /** All messages up to a moment after the session started have arrived. */
  | {readonly type: 'caught-up'}
  /** The server sent nothing for too long. */
  | {readonly type: 'silent'}
  /** The timer of the last `timer` effect fired. */
  | {readonly type: 'timer'}
  | {readonly type: 'online'}
  | {readonly type: 'offline'}
  | {readonly type: 'visible'}
  | {readonly type: 'hidden'}
  /** The page enters the back/forward cache or closes. */
  | {readonly type: 'suspend'}
  | {readonly type: 'resume'}
  | {readonly type: 'dispose'};

export type Effect =
  | {readonly type: 'ask-token'}
  | {readonly type: 'open'}
  /** Close the socket and ignore its further events. */
  | {readonly type: 'close'}
  /** Forget the calls and the cursor, because they belong to another user. */
  | {readonly type: 'forget'}
  /** Replace the timer. Without `ms`, cancel it. */
  | {readonly type: 'timer'; readonly ms?: number};

/** The inputs of a transition that change over time. */
export interface Moment {
  /** Wall clock, milliseconds since 1970. */
  readonly now: number;
  /** Milliseconds since a fixed moment. Unlike `now`, it never jumps. */
  readonly monotonic: number;
  /** From 0 up to 1. */
  readonly random: number;
}

export interface Step {
  readonly state: MachineState;
  readonly effects: readonly Effect[];
}

type EventOf<Type> = Extract<MachineEvent, {type: Type}>;
type Handler<Event = MachineEvent> = (state: MachineState, event: Event, moment: Moment) => Step;
type Row = {readonly [Type in MachineEvent['type']]: Handler<EventOf<Type>>};

/** The time limit from opening the socket to `session.ready`, and from there to the snapshot. */
export const CONNECT_TIMEOUT_MS = 15_000;
/** A replay without new entries for this time is complete, even if the server sends no heartbeat. */
export const QUIET_MS = 1500;
/** A session of this length is stable and resets the failure count. */
export const STABLE_MS = 5000;
/** Spreads the reconnects of clients whose server restarts. */
export const GOING_AWAY_SPREAD_MS = 1000;
/** In a hidden page, attempts after the first failure are this far apart, up to twice as far. */
export const HIDDEN_DELAY_MS = 30_000;
/** A longer delay requested by the server is a mistake and is reduced to this. */
export const MAX_HINT_MS = 600_000;

/** The state of a client that has not connected yet. */
export function initialState(renewable: boolean): MachineState {
  return {
    connection: stoppedState('not-started'),
    attempt: 0,
    refused: false,
    renewable,
    since: 0,
    online: true,
    visible: true,
    suspended: false,
  };
}

const stay: Handler = (state) => ({state, effects: []});

const setFlags =
  (flags: Partial<MachineState>): Handler =>
  (state) => ({state: {...state, ...flags}, effects: []});

const stop =
  (why: StopReason, code?: number, reason?: string): Handler =>
  (state) => ({
    state: {...state, connection: stoppedState(why, code, reason)},
    effects: [{type: 'close'}, {type: 'timer'}],
  });

interface Wait {
  readonly why: WaitReason;
  readonly code?: number;
  readonly afterMs?: number;
}

function delayMs({attempt, visible}: MachineState, {why, code, afterMs}: Wait, random: number): number {
  if (afterMs !== undefined) return Math.min(afterMs, MAX_HINT_MS);
  if (attempt > 0 && !visible) return HIDDEN_DELAY_MS * (1 + random);
  if (attempt === 0 && code === 1001) return GOING_AWAY_SPREAD_MS * random;
  // Not full jitter: a token request costs the user's backend, so at least half of the delay always passes.
  if (why === 'token-failed') return backoffMs(attempt, (1 + random) / 2);
  if (why === 'unauthorized') return Math.max(TOKEN_FLOOR_MS, backoffMs(attempt, (1 + random) / 2));
  return backoffMs(attempt, random);
}

/** Waits for a delay, or for the network or the page to return. */
function wait(before: MachineState, wanted: Wait, {now, monotonic, random}: Moment): Step {
  const state = settle(before, monotonic);
  const {attempt} = state;
  const blockedBy = state.suspended ? 'suspended' : state.online ? undefined : 'offline';
  const ms = blockedBy === undefined ? delayMs(state, wanted, random) : undefined;
  const connection: ConnectionState = {
    phase: 'waiting',
    why: blockedBy ?? wanted.why,
    attempt,
    retryAt: ms === undefined ? undefined : now + ms,
    code: wanted.code,
    hinted: blockedBy === undefined && wanted.afterMs !== undefined,
  };
  return {state: {...state, connection}, effects: [{type: 'close'}, {type: 'timer', ms}]};
}

/** Updates the failure count: a stable session resets it, any other attempt has failed. */
function settle(state: MachineState, monotonic: number): MachineState {
  const {phase} = state.connection;
  if (phase === 'waiting' || phase === 'stopped') return state;
  if (phase !== 'connecting' && monotonic - state.since >= STABLE_MS)
    return {...state, attempt: 0, refused: false};
  return {...state, attempt: state.attempt + 1};
}

/** Starts an attempt, if the browser is online and the page is active. */
function attempt(state: MachineState, moment: Moment): Step {
  if (!state.online || state.suspended) return wait(state, {why: 'offline'}, moment);
  return {
    state: {...state, connection: {phase: 'connecting', step: 'token', attempt: state.attempt + 1}},
    // No timer is needed, because the token source has its own time limit.
    effects: [{type: 'close'}, {type: 'timer'}, {type: 'ask-token'}],
  };
}

const retry: Handler = (state, _event, moment) => attempt(state, moment);

const waitBecause =
  (why: WaitReason): Handler =>
  (state, _event, moment) =>
    wait(state, {why}, moment);

const handleClosed: Handler<EventOf<'closed'>> = (state, event, moment) => {
  const {code, reason, afterMs} = event;
  const retryMode = retryAfter(code);
  if (retryMode === 'never')
    return stop(code === 4403 ? 'forbidden' : 'protocol', code, reason)(state, event, moment);
  if (retryMode !== 'with-new-token')
    return wait(state, {why: code === 1001 ? 'going-away' : 'closed', code, afterMs}, moment);
  if (!state.renewable) return stop('unauthorized', code, reason)(state, event, moment);
  const settled = settle(state, moment.monotonic);
  // The token may only have expired, so a new one is requested at once. After two refusals in a row, the client
  // backs off, because the backend may be down or its clock wrong.
  if (settled.refused) return wait(state, {why: 'unauthorized', code}, moment);
  return attempt({...settled, refused: true, attempt: 0}, moment);
};

const flags = {
  online: setFlags({online: true}),
  offline: setFlags({online: false}),
  visible: setFlags({visible: true}),
  hidden: setFlags({visible: false}),
  suspend: setFlags({suspended: true}),
  resume: setFlags({suspended: false}),
};

const ignoreAll: Row = {
  ...flags,
  connect: stay,
  token: stay,
  'token-failed': stay,
  'cannot-open': stay,
  closed: stay,
  ready: stay,
  'other-user': stay,
  progress: stay,
  'caught-up': stay,
  silent: stay,
  timer: stay,
  dispose: stop('disposed'),
};

/** Sets the flag, then runs the next handler. */
const then =
  (flag: Handler, next: Handler): Handler =>
  (state, event, moment) =>
    next(flag(state, event, moment).state, event, moment);

/** The client waits while the network is lost or the page is in the back/forward cache. */
const interruptions = {
  offline: then(flags.offline, waitBecause('offline')),
  suspend: then(flags.suspend, waitBecause('suspended')),
};

const connecting: Row = {
  ...ignoreAll,
  ...interruptions,
  closed: handleClosed,
};

const open: Row = {
  ...connecting,
  silent: waitBecause('silent'),
};

/** The page is visible or the network is back: retry at once, unless the server asked the client to wait. */
const retryUnlessHinted: Handler = (state, event, moment) =>
  state.connection.phase === 'waiting' && state.connection.hinted
    ? stay(state, event, moment)
    : retry(state, event, moment);

const openSocket: Handler = (state, event, moment) =>
  state.connection.phase === 'connecting' && state.connection.step === 'token'
    ? {
        state: {...state, connection: {...state.connection, step: 'socket'}},
        effects: [{type: 'open'}, {type: 'timer', ms: CONNECT_TIMEOUT_MS}],
      }
    : stay(state, event, moment);

function replayTimer({recovered}: SessionDetails): Effect {
  return {type: 'timer', ms: recovered ? QUIET_MS : CONNECT_TIMEOUT_MS};
}

const ready: Handler<EventOf<'ready'>> = (state, {session}, {monotonic}) => ({
  state: {...state, since: monotonic, connection: {...session, phase: 'catching-up'}},
  effects: [replayTimer(session)],
});

/** Returns `undefined` in a phase without a session. The table never calls it in such a phase. */
function sessionOf({connection}: MachineState): CatchingUpState | LiveState | undefined {
  return connection.phase === 'catching-up' || connection.phase === 'live' ? connection : undefined;
}

const goLive: Handler = (state, event, moment) => {
  const session = sessionOf(state);
  if (session === undefined) return stay(state, event, moment);
  return {state: {...state, connection: {...session, phase: 'live'}}, effects: [{type: 'timer'}]};
};

/** The transition table: phase × event. */
export const transitions: Readonly<Record<ConnectionState['phase'], Row>> = {
  stopped: {
    ...ignoreAll,
    connect: (state, event, moment) => {
      const {connection} = state;
      if (connection.phase !== 'stopped' || connection.why === 'disposed') return stay(state, event, moment);
      return attempt({...state, attempt: 0, refused: false}, moment);
    },
  },
  waiting: {
    ...ignoreAll,
    connect: retry,
    timer: retry,
    online: then(flags.online, retryUnlessHinted),
    visible: then(flags.visible, retryUnlessHinted),
    resume: then(flags.resume, retryUnlessHinted),
    ...interruptions,
  },
  connecting: {
    ...connecting,
    token: openSocket,
    'token-failed': waitBecause('token-failed'),
    'cannot-open': (state, event, moment) =>
      stop('cannot-open', undefined, event.reason)(state, event, moment),
    ready,
    'other-user': (state) => ({
      state,
      effects: [{type: 'forget'}, {type: 'close'}, {type: 'open'}, {type: 'timer', ms: CONNECT_TIMEOUT_MS}],
    }),
    timer: waitBecause('timeout'),
  },
  'catching-up': {
    ...open,
    progress: (state, event, moment) => {
      const session = sessionOf(state);
      return session === undefined ? stay(state, event, moment) : {state, effects: [replayTimer(session)]};
    },
    'caught-up': goLive,
    timer: (state, event, moment) =>
      // A session that did not recover has nothing to show without its snapshot.
      (sessionOf(state)?.recovered === true ? goLive : waitBecause('timeout'))(state, event, moment),
  },
  live: open,
};

/** Executes one transition. Never throws. An event that does not apply leaves the state unchanged. */
export function transition(state: MachineState, event: MachineEvent, moment: Moment): Step {
  const row = transitions[state.connection.phase];
  // The table's type pairs each handler with its event, but indexing by a union loses this.
  return (row[event.type] as Handler)(state, event, moment);
}
