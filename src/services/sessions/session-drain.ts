/**
 * How sessions leave a server that goes away (W15). Where another node takes them over, they go one after the other and
 * are served until their turn; where nobody does, a server that hesitates only makes everybody wait longer.
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
 * Not ready, and everything is still taken: a balancer that asks twice in a row, every two seconds, has noticed by then.
 * Whoever was sent to come back sooner could be sent here again.
 */
export const LEAD_MS = 5000;

/**
 * So many come back to the other nodes in a second. Each costs them a handshake, a token to verify and a page or a
 * snapshot: a fraction of what one core does, beside the work it has.
 */
export const SESSIONS_PER_SECOND = 500;

/** More than 10,000 go faster instead: who stops a server waits for it. */
export const MAX_SPREAD_MS = 20_000;

/** From the beginning until the last session has been asked to go. */
export const HAND_OVER_MS = LEAD_MS + MAX_SPREAD_MS;

/** Clients spread over a second by themselves. */
const OWN_SPREAD_MS = 1000;

const TICK_MS = 50;

/** Sessions spoken to in one turn of the event loop: webhooks are still answered between turns. */
const SLICE = 256;

/** `leading`: sessions are still let in. `leaving`: they are not. */
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
  /** The next to go first. */
  #turns: readonly Turn[] = [];
  #stopTicking: CancelTimer | undefined;

  constructor({clock, sessions, close, send}: SessionDrainOptions) {
    this.#clock = clock;
    this.#sessions = sessions;
    this.#close = close;
    this.#send = send;
  }

  /** Whether sessions are let in. */
  get admits(): boolean {
    return this.#state.phase !== 'leaving';
  }

  /** Asks everybody to go, each in its turn; resolves once nobody is let in any more. Only the first call counts. */
  begin({handOver = false}: SessionDrainPlan = {}): Promise<void> {
    if (this.#state.phase !== 'open') return this.#leaving.promise;
    if (handOver) this.#handOver();
    else this.#sendAway();
    return this.#leaving.promise;
  }

  /** A session has come. During a drain it is told at once how long it may stay: until all before it have gone. */
  opened(session: Session): void {
    const state = this.#state;
    if (state.phase !== 'leading') return;
    const at = Math.max(state.until, this.#turns.at(-1)?.at ?? 0) + 1000 / SESSIONS_PER_SECOND;
    const turn = {session, at: Math.min(at, state.until + MAX_SPREAD_MS)};
    this.#turns = [...this.#turns, turn];
    this.#announce(turn);
  }

  /** Nothing more happens by itself. Idempotent. */
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

  /** Nobody is there to go to: what is known is only that all of them must not come back in the same moment. */
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

/** Each session's turn, from `start` on: one after the other, and none at the same distance. */
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
