/**
 * The sort orders of the session list, and a bounded list of the first sessions in an order. A page of fifty
 * out of ten thousand sessions needs one pass and no full sort.
 */
import type {Session} from './session.ts';

export const sessionSorts = ['connected', 'activity', 'lag', 'unsent'] as const;

/** Sort key, highest first: time of connection, time of the last activity, lag, unsent bytes. */
export type SessionSort = (typeof sessionSorts)[number];

/** A position in an order: a rank, and the session's id to break ties. */
export interface Position {
  readonly rank: number;
  readonly sessionId: string;
}

/**
 * A whole number; higher comes first. The lag is ranked by the cursor instead of the distance to the head,
 * because the distance changes with the head while the order does not.
 */
export const rankOf: Readonly<Record<SessionSort, (session: Session) => number>> = {
  connected: ({connectedAt}) => connectedAt,
  activity: ({lastActivityAt}) => lastActivityAt,
  lag: ({cursor}) => -cursor,
  unsent: ({socket}) => socket.unsentBytes,
};

export interface Ranked {
  readonly rank: number;
  readonly session: Session;
}

/** The first `max` sessions after a position. */
export class SessionOrder {
  readonly #max: number;
  readonly #after: Position | undefined;
  /** In order. */
  readonly #best: Ranked[] = [];
  /**
   * Position of the last session of a full list. Most sessions come after it and need only two comparisons.
   */
  #lastRank = Number.NEGATIVE_INFINITY;
  #lastId = '';

  constructor(max: number, after?: Position) {
    this.#max = max;
    this.#after = after;
  }

  offer(rank: number, session: Session): void {
    if (rank < this.#lastRank || (rank === this.#lastRank && session.id >= this.#lastId)) return;
    if (this.#after !== undefined && !isBefore(this.#after, {rank, sessionId: session.id})) return;
    this.#best.splice(this.#placeOf({rank, sessionId: session.id}), 0, {rank, session});
    if (this.#best.length > this.#max) this.#best.pop();
    const last = this.#best.at(-1);
    if (this.#best.length < this.#max || last === undefined) return;
    this.#lastRank = last.rank;
    this.#lastId = last.session.id;
  }

  best(): readonly Ranked[] {
    return this.#best;
  }

  /** Index of the first session after the position. */
  #placeOf(position: Position): number {
    let low = 0;
    let high = this.#best.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.#best[middle];
      if (other !== undefined && isBefore(positionOf(other), position)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

export function positionOf({rank, session}: Ranked): Position {
  return {rank, sessionId: session.id};
}

function isBefore(one: Position, other: Position): boolean {
  return one.rank === other.rank ? one.sessionId < other.sessionId : one.rank > other.rank;
}
