/**
 * Closes the sessions of a server that shuts down (W15). If another node takes them over, they close one
 * after the other and are served until their turn. Without another node they close at once, because a delay
 * would only make clients wait.
 */
import type {CloseReason, ServerMessage} from '@hookswitch/protocol';
import type {CancelTimer, Clock} from '../../clock.ts';
import {toIso} from '../feed/call-messages.ts';
import type {Session} from './session.ts';

export interface SessionDrainOptions {
  readonly clock: Clock;
  readonly sessions: ReadonlyMap<string, Session>;
  readonly close: (session: Session, reason: CloseReason) => void;
  readonly send: (session: Session, message: ServerMessage) => void;
}

export interface SessionDrainPlan {
  /** Another node takes the sessions over. @default false */
  readonly handOver?: boolean;
}

/**
 * The time between "not ready" and the first close. A load balancer that needs two failed checks, two seconds
 * apart, has noticed by then. Clients that reconnect earlier could be sent to this node again.
 */
export const LEAD_MS = 5000;

/**
 * Reconnections to the other nodes per second. Each costs a handshake, a token verification, and a page or a
 * snapshot. At this rate that is a fraction of one core, next to the node's normal work.
 */
export const SESSIONS_PER_SECOND = 500;

/** More than 10,000 sessions close at a higher rate, so that the shutdown does not take longer. */
export const MAX_SPREAD_MS = 20_000;

/** Time from the start of the drain to the last close. */
export const HAND_OVER_MS = LEAD_MS + MAX_SPREAD_MS;

/** Clients spread their reconnections over a second by themselves. */
const OWN_SPREAD_MS = 1000;

const TICK_MS = 50;

/** Sessions handled in one turn of the event loop, so that webhooks are answered between turns. */
const SLICE = 256;

/** `leading`: sessions are still admitted. `leaving`: they are not. */
type DrainState =
  | {readonly phase: 'open'}
  | {readonly phase: 'leading'; readonly until: number}
  | {readonly phase: 'leaving'};

interface Turn {
  readonly session: Session;
  /** Monotonic ms. */
  readonly at: number;
}

export class SessionDrain {
  readonly #clock: Clock;
  readonly #sessions: ReadonlyMap<string, Session>;
  readonly #close: (session: Session, reason: CloseReason) => void;
  readonly #send: (session: Session, message: ServerMessage) => void;
  readonly #leaving = Promise.withResolvers<void>();
  #state: DrainState = {phase: 'open'};
  /** The next session to close comes first. */
  #turns: readonly Turn[] = [];
  #stopTicking: CancelTimer | undefined;

  constructor({clock, sessions, close, send}: SessionDrainOptions) {
    this.#clock = clock;
    this.#sessions = sessions;
    this.#close = close;
    this.#send = send;
  }

  /** Whether new sessions are admitted. */
  get admits(): boolean {
    return this.#state.phase !== 'leaving';
  }

  /**
   * Closes all sessions, each in its turn. Resolves once no session is admitted. Only the first call has an
   * effect.
   */
  begin({handOver = false}: SessionDrainPlan = {}): Promise<void> {
    if (this.#state.phase !== 'open') return this.#leaving.promise;
    if (handOver) this.#handOver();
    else this.#sendAway();
    return this.#leaving.promise;
  }

  /**
   * Registers a new session. During a drain it gets its closing time at once: after all earlier sessions have
   * closed.
   */
  handleOpen(session: Session): void {
    const state = this.#state;
    if (state.phase !== 'leading') return;
    const at = Math.max(state.until, this.#turns.at(-1)?.at ?? 0) + 1000 / SESSIONS_PER_SECOND;
    const turn = {session, at: Math.min(at, state.until + MAX_SPREAD_MS)};
    this.#turns = [...this.#turns, turn];
    this.#announce(turn);
  }

  /** Stops the drain's timer. Idempotent. */
  stop(): void {
    this.#stopTicking?.();
    this.#turns = [];
    this.#leave();
  }

  #handOver(): void {
    const until = this.#clock.monotonic() + LEAD_MS;
    this.#state = {phase: 'leading', until};
    this.#turns = turnsOf(this.#sessions, until);
    this.#stopTicking = this.#clock.every(TICK_MS, () => this.#tick());
    inSlices(this.#turns, (turn) => this.#announce(turn));
  }

  /**
   * Closes all sessions at once. There is no other node, but a crowd must still not reconnect in the same
   * moment.
   */
  #sendAway(): void {
    this.#leave();
    const isCrowd = spreadOf(this.#sessions.size) > OWN_SPREAD_MS;
    inSlices(turnsOf(this.#sessions, this.#clock.monotonic()), (turn) => {
      if (isCrowd) this.#announce(turn);
      this.#close(turn.session, 'going-away');
    });
  }

  #leave(): void {
    this.#state = {phase: 'leaving'};
    this.#leaving.resolve();
  }

  #tick(): void {
    const now = this.#clock.monotonic();
    if (this.#state.phase === 'leading' && now >= this.#state.until) this.#leave();
    const next = this.#turns.findIndex(({at}) => at > now);
    const due = next === -1 ? this.#turns : this.#turns.slice(0, next);
    if (due.length > 0) this.#turns = this.#turns.slice(due.length);
    for (const {session} of due) this.#close(session, 'going-away');
  }

  #announce({session, at}: Turn): void {
    const afterMs = Math.max(0, Math.round(at - this.#clock.monotonic()));
    this.#send(session, {type: 'session.draining', afterMs, timestamp: toIso(this.#clock.now())});
  }
}

/** The time at which each session closes, from `start` on, with random distances. */
function turnsOf(sessions: ReadonlyMap<string, Session>, start: number): readonly Turn[] {
  const stepMs = spreadOf(sessions.size) / sessions.size;
  return [...sessions.values()].map((session, place) => ({
    session,
    at: start + (place + Math.random()) * stepMs,
  }));
}

function spreadOf(sessions: number): number {
  return Math.min(MAX_SPREAD_MS, (sessions / SESSIONS_PER_SECOND) * 1000);
}

function inSlices(turns: readonly Turn[], visit: (turn: Turn) => void): void {
  for (const turn of turns.slice(0, SLICE)) visit(turn);
  if (turns.length > SLICE) setImmediate(() => inSlices(turns.slice(SLICE), visit));
}
