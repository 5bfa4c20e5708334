/**
 * What the connection does next, as a pure function of what it is and what happened: no sockets, no timers, no clock.
 * `connection.ts` carries the effects out and reports back. The table is total: a test walks every phase with every event.
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
import {stopped} from './stop-reason.ts';
import {TOKEN_FLOOR_MS} from './token-renewal.ts';

export interface MachineState {
  readonly connection: ConnectionState;
  /** Attempts that have failed since the last session that held. */
  readonly attempt: number;
  /** A token was refused, and no session has held since. */
  readonly refused: boolean;
  /** Another token can be had. */
  readonly renewable: boolean;
  /** Monotonic ms at which the session there is, or was, began. */
  readonly since: number;
  readonly online: boolean;
  readonly visible: boolean;
  readonly suspended: boolean;
}

export type MachineEvent =
  /** Somebody wants a connection now. */
  | {readonly type: 'connect'}
  | {readonly type: 'token'}
  | {readonly type: 'token-failed'}
  /** The WebSocket's constructor threw. */
  | {readonly type: 'cannot-open'; readonly reason?: string}
  | {readonly type: 'closed'; readonly code: number; readonly reason?: string; readonly afterMs?: number}
  | {readonly type: 'ready'; readonly session: SessionDetails}
  /** The session is not of the user whose calls are held. */
  | {readonly type: 'other-user'}
  /** An entry came. */
  | {readonly type: 'progress'}
  /** Everything up to a moment after the session began has come. */
  | {readonly type: 'caught-up'}
  /** Nothing came for too long. */
  | {readonly type: 'silent'}
  /** The one timer fired that the last `timer` effect set. */
  | {readonly type: 'timer'}
  | {readonly type: 'online'}
  | {readonly type: 'offline'}
  | {readonly type: 'visible'}
  | {readonly type: 'hidden'}
  /** Into the back/forward cache, or gone. */
  | {readonly type: 'suspend'}
  | {readonly type: 'resume'}
  | {readonly type: 'dispose'};

export type Effect =
  | {readonly type: 'ask-token'}
  | {readonly type: 'open'}
  /** Let go of the socket; nothing more is heard of it. */
  | {readonly type: 'close'}
  /** Calls and cursor are somebody else's. */
  | {readonly type: 'forget'}
  /** Sets the one timer anew; without `ms` there is none. */
  | {readonly type: 'timer'; readonly ms?: number};

/** What a transition may know of the world. */
export interface Moment {
  /** Wall clock, milliseconds since 1970. */
  readonly now: number;
  /** Milliseconds since some fixed moment; unlike `now` it never jumps. */
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

/** From opening the socket to `session.ready`, and from there to its snapshot. */
export const CONNECT_TIMEOUT_MS = 15_000;
/** After so long without an entry a replay counts as over, should the server not say so with a heartbeat. */
export const QUIET_MS = 1500;
/** A session that held for so long makes earlier failures forgotten. */
export const STABLE_MS = 5000;
/** Spread of those that are told to come back now. */
export const GOING_AWAY_SPREAD_MS = 1000;
/** Nobody is looking: after a first attempt that failed, others are at least this apart, and at most twice. */
export const HIDDEN_DELAY_MS = 30_000;
/** A hint beyond this is a mistake. */
export const MAX_HINT_MS = 600_000;

/** Where everything begins. */
export function initialState(renewable: boolean): MachineState {
  return {
    connection: stopped('not-started'),
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

const mark =
  (flags: Partial<MachineState>): Handler =>
  (state) => ({state: {...state, ...flags}, effects: []});

const stop =
  (why: StopReason, code?: number, reason?: string): Handler =>
  (state) => ({
    state: {...state, connection: stopped(why, code, reason)},
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
  // Not full jitter: asking for a token costs somebody else's backend, so that a part of the delay always passes.
  if (why === 'token-failed') return backoffMs(attempt, (1 + random) / 2);
  if (why === 'unauthorized') return Math.max(TOKEN_FLOOR_MS, backoffMs(attempt, (1 + random) / 2));
  return backoffMs(attempt, random);
}

/** Waits for the time to come, or for the network or the page to come back. */
function wait(before: MachineState, wanted: Wait, {now, monotonic, random}: Moment): Step {
  const state = settle(before, monotonic);
  const {attempt} = state;
  const absent = state.suspended ? 'suspended' : state.online ? undefined : 'offline';
  const ms = absent === undefined ? delayMs(state, wanted, random) : undefined;
  const connection: ConnectionState = {
    phase: 'waiting',
    why: absent ?? wanted.why,
    attempt,
    retryAt: ms === undefined ? undefined : now + ms,
    code: wanted.code,
    hinted: absent === undefined && wanted.afterMs !== undefined,
  };
  return {state: {...state, connection}, effects: [{type: 'close'}, {type: 'timer', ms}]};
}

/** A session that held forgives what was before; any other attempt has failed. */
function settle(state: MachineState, monotonic: number): MachineState {
  const {phase} = state.connection;
  if (phase === 'waiting' || phase === 'stopped') return state;
  if (phase === 'connecting') return {...state, attempt: state.attempt + 1};
  if (monotonic - state.since >= STABLE_MS) return {...state, attempt: 0, refused: false};
  return state.attempt > 0 ? {...state, attempt: state.attempt + 1} : {...state, attempt: 1};
}

/** Begins an attempt, where there is any sense in it. */
function attempt(state: MachineState, moment: Moment): Step {
  if (!state.online || state.suspended) return wait(state, {why: 'offline'}, moment);
  return {
    state: {...state, connection: {phase: 'connecting', step: 'token', attempt: state.attempt + 1}},
    // The token source has a limit of its own.
    effects: [{type: 'close'}, {type: 'timer'}, {type: 'ask-token'}],
  };
}

const retry: Handler = (state, _event, moment) => attempt(state, moment);

const lose =
  (why: WaitReason): Handler =>
  (state, _event, moment) =>
    wait(state, {why}, moment);

const closed: Handler<EventOf<'closed'>> = (state, event, moment) => {
  const {code, reason, afterMs} = event;
  const what = retryAfter(code);
  if (what === 'never')
    return stop(code === 4403 ? 'forbidden' : 'protocol', code, reason)(state, event, moment);
  if (what !== 'with-new-token')
    return wait(state, {why: code === 1001 ? 'going-away' : 'closed', code, afterMs}, moment);
  if (!state.renewable) return stop('unauthorized', code, reason)(state, event, moment);
  const settled = settle(state, moment.monotonic);
  // The token may only have expired, so that a new one is asked for at once. Refused twice in a row, with back-off: the backend may be
  // down, or its clock wrong, and recover.
  if (settled.refused) return wait(state, {why: 'unauthorized', code}, moment);
  return attempt({...settled, refused: true, attempt: 0}, moment);
};

const flags = {
  online: mark({online: true}),
  offline: mark({online: false}),
  visible: mark({visible: true}),
  hidden: mark({visible: false}),
  suspend: mark({suspended: true}),
  resume: mark({suspended: false}),
};

const nothing: Row = {
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

/** The flag first, then what follows from it. */
const then =
  (flag: Handler, next: Handler): Handler =>
  (state, event, moment) =>
    next(flag(state, event, moment).state, event, moment);

/** Whatever there is of a connection is given up without network, and in the back/forward cache. */
const connected: Row = {
  ...nothing,
  offline: then(flags.offline, lose('offline')),
  suspend: then(flags.suspend, lose('suspended')),
  closed,
};

const open: Row = {
  ...connected,
  silent: lose('silent'),
};

/** Somebody looks, or the network is back: no reason to wait, unless the server asked for it. */
const sooner: Handler = (state, event, moment) =>
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

function patience({recovered}: SessionDetails): Effect {
  return {type: 'timer', ms: recovered ? QUIET_MS : CONNECT_TIMEOUT_MS};
}

const ready: Handler<EventOf<'ready'>> = (state, {session}, {monotonic}) => ({
  state: {...state, since: monotonic, connection: {...session, phase: 'catching-up'}},
  effects: [patience(session)],
});

/** `undefined` in a phase without a session, which the table has no such transition for. */
function sessionOf({connection}: MachineState): CatchingUpState | LiveState | undefined {
  return connection.phase === 'catching-up' || connection.phase === 'live' ? connection : undefined;
}

const goLive: Handler = (state, event, moment) => {
  const session = sessionOf(state);
  if (session === undefined) return stay(state, event, moment);
  return {state: {...state, connection: {...session, phase: 'live'}}, effects: [{type: 'timer'}]};
};

/** Phase × event. */
export const transitions: Readonly<Record<ConnectionState['phase'], Row>> = {
  stopped: {
    ...nothing,
    connect: (state, event, moment) => {
      const {connection} = state;
      if (connection.phase !== 'stopped' || connection.why === 'disposed') return stay(state, event, moment);
      return attempt({...state, attempt: 0, refused: false}, moment);
    },
  },
  waiting: {
    ...nothing,
    connect: retry,
    timer: retry,
    online: then(flags.online, sooner),
    visible: then(flags.visible, sooner),
    resume: then(flags.resume, sooner),
    offline: then(flags.offline, lose('offline')),
    suspend: then(flags.suspend, lose('suspended')),
  },
  connecting: {
    ...connected,
    token: openSocket,
    'token-failed': lose('token-failed'),
    'cannot-open': (state, event, moment) =>
      stop('cannot-open', undefined, event.reason)(state, event, moment),
    ready,
    'other-user': (state) => ({
      state,
      effects: [{type: 'forget'}, {type: 'close'}, {type: 'open'}, {type: 'timer', ms: CONNECT_TIMEOUT_MS}],
    }),
    timer: lose('timeout'),
  },
  'catching-up': {
    ...open,
    progress: (state, event, moment) => {
      const session = sessionOf(state);
      return session === undefined ? stay(state, event, moment) : {state, effects: [patience(session)]};
    },
    'caught-up': goLive,
    timer: (state, event, moment) =>
      // Without its snapshot a session has nothing to show.
      (sessionOf(state)?.recovered === true ? goLive : lose('timeout'))(state, event, moment),
  },
  live: open,
};

/** One step. Never throws; what an event does not concern, it leaves as it is. */
export function transition(state: MachineState, event: MachineEvent, moment: Moment): Step {
  const row = transitions[state.connection.phase];
  // The table's type ties each handler to its event; an index by a union cannot say so.
  return (row[event.type] as Handler)(state, event, moment);
}
